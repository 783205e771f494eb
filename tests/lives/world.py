"""A gateway between two wires, and the weather: no sockets, a clock that is told the time.

Everything a gateway instance knows beyond one connection is `store`, written by the Remember and Forget effects that
were carried out; a crash drops those that were not. The laws of the wire are checked here, frame by frame.
"""

import json
from collections import Counter, deque
from itertools import count
from typing import Any, Literal, Protocol

from gateway.switchboard import Switchboard
from tests.translators.losses import assert_declared
from translators import schemas
from translators.effects import Answered, Close, Effect, Forget, Note, Remember, ToCsms, ToStation
from translators.frames import Call, Error, Frame, Result, decode
from translators.links import between
from translators.options import Options
from translators.times import iso

Side = Literal["station", "csms"]
EPOCH = 1_795_255_200.0
CALL_TIMEOUT = 25.0
NEVER = ("mapping_failed", "invalid_output")


class Peer(Protocol):
    """A station or a CSMS."""

    def arrived(self, frame: Frame, way: int) -> None: ...
    def lost(self) -> None: ...
    def due(self) -> float | None: ...
    def tick(self) -> None: ...


class World:
    """`station` and `csms` are set by whoever makes them. `journal` is what happened, as a transcript tells it."""

    station: Peer
    csms: Peer

    def __init__(self, station_version: str, csms_version: str, options: Options) -> None:
        self.versions: dict[Side, str] = {"station": station_version, "csms": csms_version}
        self.options = options
        self.now = 0.0
        self.store: dict[str, Any] = {}
        self.backend_up = True
        self.buffers = False
        """The gateway stands in for a backend that is away."""
        self.holding = False
        """The station is connected, the backend is being dialled again."""
        self.doom: int | None = None
        """How many effects the gateway still carries out before it dies."""
        self.journal: list[str] = []
        self.notes: Counter[str] = Counter()
        self.ids = count(1)
        self.board: Switchboard | None = None
        self.inbox: dict[Side, deque[Frame]] = {"station": deque(), "csms": deque()}
        self._disconnected()

    # -- time -------------------------------------------------------------------------------------------------------

    @property
    def time(self) -> str:
        return iso(self.now + EPOCH)

    def say(self, line: str) -> None:
        self.journal.append(line)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; everybody's alarms ring when they are due."""
        end = self.now + seconds
        self.say(f"+{seconds:g}s")
        for _ in range(10_000):
            dues = {
                "board": self.board.deadline() if self.board is not None else None,
                "station": self.station.due(),
                "csms": self.csms.due(),
            }
            name, due = min(dues.items(), key=lambda entry: float("inf") if entry[1] is None else entry[1])
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            if name == "station":
                self.station.tick()
            elif name == "csms":
                self.csms.tick()
            elif self.board is not None:
                self.carry_out(self.board.tick(self.now))
        else:
            raise AssertionError("an alarm rings for ever")
        self.now = end

    # -- connections ------------------------------------------------------------------------------------------------

    def dial(self) -> bool:
        """The station dials; a gateway without a backend refuses it."""
        assert self.board is None
        if not self.backend_up:
            return False
        self.say("@ reconnect")
        stage = between(
            self.versions["station"],
            self.versions["csms"],
            options=self.options,
            memory=json.loads(json.dumps(self.store)),
            new_id=lambda: f"g{next(self.ids)}",
            connected_at=self.now + EPOCH,
            epoch=EPOCH,
            outbox=self.buffers,
        )
        self.board = Switchboard(
            stage,
            station_version=self.versions["station"],
            csms_version=self.versions["csms"],
            call_timeout=CALL_TIMEOUT,
        )
        self._disconnected()
        self.carry_out(self.board.open(self.now))
        return self.board is not None

    def hang_up(self, why: str) -> None:
        """Both connections end, whoever ended them: what was on its way is lost."""
        if self.board is None:
            return
        self.say(f"! connections end: {why}")
        self.board.close()
        self.board = None
        self.doom = None
        self._disconnected()
        self.csms.lost()
        self.station.lost()

    def lose_backend(self, *, hold: bool) -> None:
        """The upstream connection goes without the station noticing: what waits for it is given up (and the next
        connection is there at once), or held until `resume`; where the gateway buffers, it is away until then."""
        if self.board is None or self.holding:
            return
        self.say("@ csms lost")
        self.inbox["csms"].clear()
        self.open["csms"].clear()
        self.flying.pop("csms", None)
        self.csms.lost()
        if hold or self.buffers:
            self.holding = True
            if self.buffers:
                self.carry_out(self.board.away_csms(self.now))
            else:
                self.board.hold_csms()
        else:
            self.carry_out(self.board.lost_csms(self.now))

    def resume_backend(self) -> None:
        if self.board is not None and self.holding:
            self.say("@ csms back")
            self.holding = False
            self.carry_out(self.board.resume_csms(self.now))

    def _disconnected(self) -> None:
        self.holding = False
        for frames in self.inbox.values():
            frames.clear()
        self.open: dict[Side, Counter[str]] = {"station": Counter(), "csms": Counter()}
        self.asked: dict[tuple[Side, bool, str], str] = {}
        self.flying: dict[Side, tuple[str, float]] = {}

    # -- frames -----------------------------------------------------------------------------------------------------

    def sends(self, side: Side, frame: Call | Result | Error) -> None:
        """A peer writes this frame; the gateway reads it at once."""
        if self.board is None or (side == "csms" and self.holding):
            return
        self.now += 0.001
        self.say(f"{side}> {frame.text}")
        self._fits(side, False, frame)
        if isinstance(frame, Call):
            self.open[side][frame.key] = 1  # sent again before it was answered, one answer serves
        elif self.flying.get(side, ("", 0.0))[0] == frame.key:
            self.flying.pop(side)
        # As it comes off a wire: text.
        read = decode(frame.text)
        feed = self.board.from_station if side == "station" else self.board.from_csms
        self.carry_out(feed(read, self.now))

    def deliver(self, side: Side, way: int) -> bool:
        """The peer reads the oldest frame that is on its way to it; `way` says what it makes of it."""
        if not self.inbox[side]:
            return False
        frame = self.inbox[side].popleft()
        (self.station if side == "station" else self.csms).arrived(frame, way)
        return True

    def carry_out(self, effects: list[Effect]) -> None:
        board = self.board
        for effect in effects:
            if self.board is not board:
                return  # what a peer did meanwhile ended the connection
            if isinstance(effect, Answered):
                continue
            if isinstance(effect, Note):
                self.notes[effect.kind] += 1
                assert effect.kind not in NEVER, effect
                assert_declared(effect)
                self.say(f"! {effect.kind} {effect.facts}")
                continue
            if isinstance(effect, Close):
                return self.hang_up(effect.reason)
            if self.doom is not None:
                if self.doom <= 0:
                    return self.hang_up("the gateway dies")
                self.doom -= 1
            if isinstance(effect, Remember):
                self.store[effect.key] = json.loads(json.dumps(effect.value))
            elif isinstance(effect, Forget):
                self.store.pop(effect.key, None)
            elif self.holding and isinstance(effect, ToCsms):
                assert not isinstance(effect.frame, Call)
            else:
                self._written("station" if isinstance(effect, ToStation) else "csms", effect)

    def _written(self, side: Side, effect: ToStation | ToCsms) -> None:
        frame = decode(effect.frame.text)
        self.say(f">{side} {frame.text}")
        self._fits(side, True, frame)
        if isinstance(frame, Call):
            # 1.6-J section 4.1.1, 2.0.1 part 4 section 4.1.1.
            _, sent_at = self.flying.get(side, ("", float("-inf")))
            assert self.now >= sent_at + CALL_TIMEOUT, f"two calls in flight to the {side}: {frame.text}"
            self.flying[side] = (frame.key, self.now)
        else:
            assert self.open[side][frame.key] > 0, f"an answer nobody waits for: {frame.text}"
            self.open[side][frame.key] -= 1
        self.inbox[side].append(frame)

    def _fits(self, wire: Side, sent: bool, frame: Frame) -> None:
        """Every frame fits the official schema of its wire's version. `sent`: the gateway wrote it."""
        version = self.versions[wire]
        if isinstance(frame, Call):
            self.asked[wire, sent, frame.key] = frame.action
            wrong = schemas.offences(version, frame.action, frame.payload, answer=False)
        elif isinstance(frame, Result) and (wire, not sent, frame.key) in self.asked:
            action = self.asked[wire, not sent, frame.key]
            wrong = schemas.offences(version, action, frame.payload, answer=True)
        else:
            return
        assert not wrong, f"{frame.text} breaks its schema: {', '.join(map(str, wrong))}"

    # -- the end ----------------------------------------------------------------------------------------------------

    def settled(self) -> None:
        """What holds when all is quiet."""
        assert self.board is not None
        assert self.board.stage.idle(), "the stage is at work though nothing happens"
        for side in ("station", "csms"):
            unanswered = [key for key, times in self.open[side].items() if times > 0]
            assert not unanswered, f"calls of the {side} were never answered: {unanswered}"
