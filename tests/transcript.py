"""Plays transcripts: a conversation on the wire as one readable file.

    # a sentence that says what it shows
    station> [2,"a1","Heartbeat",{}]          what the station sends
    >csms    [2,"g1","Heartbeat",{}]          what the CSMS must get
    csms>    [3,"g1",{...}]                   what the CSMS sends
    >station [3,"a1",{...}]                   what the station must get
    ! lost field=...                          what an operator is told (notes, closes)
    +30s                                      time passes
    @ options {"id_token_type": "Central"}    how the station is configured; before the first frame
    @ at 2026-11-21T10:00:00Z                 the clock; the default is this very time
    @ reconnect                               the station's connection goes and comes back; memory stays
    @ other backend                           the same, and it comes back on a backend that has not seen it yet
    @ memory lost                             the same, and the store has been emptied meanwhile
    @ csms lost                               the upstream connection goes
    @ buffer                                  `when_down: buffer`; before the first frame
    @ csms away                               the upstream connection goes or is not there, and the session goes on
    @ csms back                               there is a new one
    @ broken                                  frames fed from here on may break their schema
    @ pending                                 the session may end with something still at work

The folder names the versions: `v16_to_v201` is a 1.6 station on a 2.0.1 CSMS, `v16` the same version on both sides.
Playing a file gives the same text again when everything that came out is what the file says; `make golden` rewrites.
"""

import json
import sys
from itertools import count
from pathlib import Path
from typing import Any

from gateway.switchboard import Switchboard
from tests.translators.losses import assert_declared
from translators import schemas
from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import BadFrame, Call, Result, decode
from translators.links import between, is_shared
from translators.options import Options
from translators.quirked import text_mend
from translators.times import epoch as unix_time

TRANSCRIPTS = Path(__file__).parent / "transcripts"
_VERSIONS = {"v16": "ocpp1.6", "v201": "ocpp2.0.1", "v21": "ocpp2.1"}
_UNTOLD = {"translated", "call_error", "call_timeout"}
"""Notes that only repeat what the frames show."""


def versions(folder: str) -> tuple[str, str]:
    station, _, csms = folder.partition("_to_")
    return _VERSIONS[station], _VERSIONS[csms or station]


class Player:
    """One transcript at play; `lines` is what happened, in the transcript's own notation."""

    def __init__(self, station_version: str, csms_version: str) -> None:
        self.station_version, self.csms_version = station_version, csms_version
        self.lines: list[str] = []
        self.memory: dict[str, Any] = {}
        self.options = Options(identity="CP-1")
        self.now = unix_time("2026-11-21T10:00:00Z") or 0.0
        self.pending_allowed = False
        self.broken = False
        self.buffers = self.away = False
        self._ids = count(1)
        self._asked: dict[tuple[str, bool, str], str] = {}
        self._board: Switchboard | None = None

    @property
    def board(self) -> Switchboard:
        if self._board is None:
            # Memory goes through JSON, as it does in the store.
            self.memory = json.loads(json.dumps(self.memory))
            stage = between(
                self.station_version,
                self.csms_version,
                options=self.options,
                memory=self.memory,
                new_id=lambda: f"g{next(self._ids)}",
                connected_at=self.now,
                epoch=0.0,
                validation="count",
                outbox=self.buffers,
            )
            self._board = Switchboard(
                stage,
                station_version=self.station_version,
                csms_version=self.csms_version,
                call_timeout=25.0,
                mend_text=text_mend(self.station_version, self.options.quirks),
            )
            self.told(self._board.open(self.now, away=self.away))
        return self._board

    def play(self, text: str) -> str:
        for line in text.splitlines():
            if line.startswith((">", "! ")):
                continue
            if line.startswith("@ "):
                # What follows from it (an opened session speaks) stands below the line.
                self.lines.append(line)
                self.directive(line[2:].strip())
            elif line.startswith("+"):
                self.lines.append(line)
                self.pass_time(float(line[1:].rstrip("s")))
            elif line.startswith(("station>", "csms>")):
                board = self.board
                self.lines.append(line)
                side, _, frame = line.partition(">")
                self.fed(board, side, frame.strip())
            else:
                self.lines.append(line)
        if not self.pending_allowed and self._board is not None:
            assert self._board.stage.idle(), "the session is not empty at the transcript's end:\n" + "\n".join(
                self.lines
            )
        return "\n".join(self.lines) + "\n"

    def directive(self, words: str) -> None:
        verb, _, rest = words.partition(" ")
        if verb == "options":
            given = json.loads(rest)
            if "connectors" in given:
                given["connectors"] = {int(key): tuple(value) for key, value in given["connectors"].items()}
            if "answer_locally" in given:
                given["answer_locally"] = frozenset(given["answer_locally"])
            self.options = Options(**{"identity": "CP-1", **given})
        elif verb == "at":
            at = unix_time(rest)
            assert at is not None, rest
            self.now = at
        elif words in ("reconnect", "other backend", "memory lost"):
            if words == "other backend":
                self.memory = {key: value for key, value in self.memory.items() if is_shared(key)}
            elif words == "memory lost":
                self.memory = {}
            if self._board is not None:
                self._board.close()
            self._board = None
            assert self.board
        elif words == "csms lost":
            self.told(self.board.lost_csms(self.now))
        elif words == "buffer":
            self.buffers = True
        elif words == "csms away":
            self.away = True
            if self._board is not None:
                self.told(self._board.away_csms(self.now))
        elif words == "csms back":
            self.away = False
            if self._board is not None:
                self.told(self._board.resume_csms(self.now))
        elif words == "broken":
            self.broken = True
        elif words == "pending":
            self.pending_allowed = True
        else:
            raise ValueError(f"unknown directive: {words}")

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.board.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.told(self.board.tick(self.now))
        self.now = end

    def fed(self, board: Switchboard, side: str, text: str) -> None:
        # Real frames never come at the very same time.
        self.now += 0.001
        try:
            frame = decode(text)
        except BadFrame as bad:
            if not self.broken:
                raise ValueError(f"not a frame ({bad.why}): {text}") from None
            self.told((board.bad_from_station if side == "station" else board.bad_from_csms)(bad, self.now))
            return
        if not self.broken:
            self.check(side, False, frame)
        self.told((board.from_station if side == "station" else board.from_csms)(frame, self.now))

    def told(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, ToStation | ToCsms):
                side = "station" if isinstance(effect, ToStation) else "csms"
                if self.station_version != self.csms_version:
                    self.check(side, True, effect.frame)
                self.lines.append(f">{side:<7} {effect.frame.text}")
            elif isinstance(effect, Close):
                self.lines.append(f"! close {effect.code} {effect.reason}")
            elif isinstance(effect, Note) and effect.kind not in _UNTOLD:
                assert_declared(effect)
                told = {key: value for key, value in effect.facts.items() if key not in ("from", "to", "action")}
                facts = " ".join(f"{key}={value}" for key, value in told.items())
                self.lines.append(f"! {effect.kind} {facts}".rstrip())

    def check(self, link: str, sent: bool, frame: Any) -> None:
        """Every frame on a connection fits the official schema of that connection's version."""
        version = self.station_version if link == "station" else self.csms_version
        if isinstance(frame, Call):
            self._asked[link, sent, frame.key] = frame.action
            wrong = schemas.offences(version, frame.action, frame.payload, answer=False)
        elif isinstance(frame, Result):
            action = self._asked.pop((link, not sent, frame.key), None)
            if action is None:
                return
            wrong = schemas.offences(version, action, frame.payload, answer=True)
        else:
            return
        assert not wrong, f"{frame.text} breaks its schema: {', '.join(map(str, wrong))}"


def play(path: Path) -> tuple[str, str]:
    """The file's text and what playing it gives."""
    text = path.read_text()
    folder = path.relative_to(TRANSCRIPTS).parts[0]
    return text, Player(*versions(folder)).play(text)


def main() -> None:
    """`python -m tests.transcript --rewrite tests/transcripts`, or files to play and print."""
    rewrite = sys.argv[1:2] == ["--rewrite"]
    for name in sys.argv[2:] if rewrite else sys.argv[1:]:
        root = Path(name).resolve()
        for path in sorted(root.rglob("*.txt")) if root.is_dir() else [root]:
            text, played = play(path)
            if not rewrite:
                sys.stdout.write(played)
            elif text != played:
                path.write_text(played)
                print(path.relative_to(TRANSCRIPTS))


if __name__ == "__main__":
    main()
