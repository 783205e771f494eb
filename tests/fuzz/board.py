"""One station and its backend, both saying whatever the octets say, over every pair of versions."""

import json
from itertools import count, product
from typing import Any

from gateway.switchboard import Switchboard
from tests.fuzz.choices import Choices, payload, written
from translators import schemas
from translators.effects import Close, Effect, Note, Remember, ToCsms, ToStation
from translators.frames import CALL, BadFrame, Call, Error, Result, decode
from translators.links import between
from translators.options import Options

PAIRS = list(product(schemas.VERSIONS, schemas.VERSIONS))
_RUBBISH = [
    "",
    "[]",
    "[2]",
    '[2,"r","Heartbeat",',
    '[3,"r",',
    "[" * 2000,
    '[2,"a",["x"],{}]',
    '[9,"n",{}]',
    "\ufeff[3,1,{}]",
]
_FAULTS = frozenset({"invalid_output", "mapping_failed"})
"""Notes that say the gateway itself is wrong."""


class Side:
    """What is known of one side: its version, its calls without an answer, the call made to it."""

    def __init__(self, name: str, version: str) -> None:
        self.name, self.version = name, version
        self.asked: dict[str, str] = {}
        self.asked_of_it: tuple[str, str] | None = None
        self.last = "[]"
        ours, theirs = schemas.STATION_ACTIONS[version] | schemas.BOTH_WAYS, schemas.csms_actions(version)
        self.actions = sorted(ours if name == "station" else theirs)
        self.ids = count(1)


class Play:
    """A session driven by octets. Raises AssertionError when the gateway does what it must never do."""

    def __init__(self, octets: bytes) -> None:
        self.choices = Choices(octets)
        station, csms = PAIRS[self.choices.number(len(PAIRS))]
        self.translated = station != csms
        self.station, self.csms = Side("station", station), Side("csms", csms)
        self.now = 1_000_000.0
        ids = count(1)
        stage = between(
            station,
            csms,
            options=Options(identity="CP-1"),
            memory={},
            new_id=lambda: f"g{next(ids)}",
            connected_at=self.now,
            epoch=0.0,
            validation=self.choices.pick(["count", "reject", "off"]),  # type: ignore[arg-type]
        )
        self.board = Switchboard(stage, station_version=station, csms_version=csms)
        self.closed = self.held = False
        self.check(self.board.open(self.now))

    def run(self) -> None:
        for _ in range(80):
            if self.closed or not self.choices.left:
                return
            self.step()

    def step(self) -> None:
        choices = self.choices
        side = choices.pick([self.station, self.csms])
        what = choices.number(16)
        if what < 6:
            action = choices.pick(side.actions)
            message_id = f"{side.name[0]}{next(side.ids)}"
            made = payload(choices, side.version, action, answer=False, odd=choices.one_in(3))
            self.say(side, written(json.dumps([2, message_id, action, made])))
        elif what < 11 and side.asked_of_it is not None:
            message_id, action = side.asked_of_it
            if choices.one_in(6):
                self.say(side, json.dumps([4, message_id, "InternalError", "", {}]))
            else:
                made = payload(choices, side.version, action, answer=True, odd=choices.one_in(3))
                self.say(side, written(json.dumps([3, message_id, made])))
        elif what == 11:
            self.say(side, side.last)
        elif what == 12:
            self.say(side, choices.pick(_RUBBISH))
        elif what == 13:
            self.say(side, choices.octets().decode("utf-8", "replace"))
        elif what == 14:
            self.now += choices.pick([0.1, 5.0, 26.0, 3600.0])
            self.check(self.board.tick(self.now))
        elif self.held:
            self.held = False
            self.check(self.board.resume_csms(self.now))
        elif choices.one_in(2):
            self.held = True
            self.csms.asked.clear()
            self.csms.asked_of_it = None
            self.board.hold_csms()

    def say(self, side: Side, text: str) -> None:
        if side is self.csms and self.held:
            return
        side.last = text
        board, is_station = self.board, side is self.station
        try:
            frame = decode(text)
        except BadFrame as bad:
            if bad.message_type in (3, 4) and side.asked_of_it and side.asked_of_it[0] == str(bad.message_id):
                side.asked_of_it = None
            refuse = board.bad_from_station if is_station else board.bad_from_csms
            return self.check(refuse(bad, self.now), malformed=True)
        if isinstance(frame, Call) and frame.type == CALL:
            side.asked.setdefault(frame.key, frame.action)
        elif side.asked_of_it is not None and side.asked_of_it[0] == frame.key:
            side.asked_of_it = None
        self.check((board.from_station if is_station else board.from_csms)(frame, self.now))

    def check(self, effects: list[Effect], *, malformed: bool = False) -> None:
        for effect in effects:
            if isinstance(effect, Note):
                assert effect.kind not in _FAULTS, effect
                if effect.kind == "call_timeout":
                    (self.station if effect.facts["peer"] == "station" else self.csms).asked_of_it = None
            elif isinstance(effect, Close):
                self.closed = True
            elif isinstance(effect, Remember):
                json.dumps(effect.value, allow_nan=False)
            elif isinstance(effect, ToStation | ToCsms):
                self.written(self.station if isinstance(effect, ToStation) else self.csms, effect.frame, malformed)

    def written(self, side: Side, frame: Any, malformed: bool) -> None:
        text = frame.text
        text.encode("utf-8")
        again = decode(text)
        assert again.key == frame.key, text
        if isinstance(frame, Call):
            if frame.type == CALL:
                assert side.asked_of_it is None, f"two calls at once to the {side.name}: {text}"
                side.asked_of_it = (frame.key, frame.action)
            if self.translated:
                assert schemas.valid(side.version, frame.action, again.payload, answer=False), text  # type: ignore[union-attr]
            return
        action = side.asked.pop(frame.key, None)
        if malformed and isinstance(frame, Error):
            return
        assert action is not None, f"an answer to nothing, to the {side.name}: {text}"
        if self.translated and isinstance(frame, Result) and action in schemas.actions(side.version):
            assert schemas.valid(side.version, action, frame.payload, answer=True), text


def play(octets: bytes) -> None:
    Play(octets).run()
