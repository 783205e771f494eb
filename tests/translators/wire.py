"""A stage between a station and a CSMS that answer anything that fits the schema, a CALLERROR, or nothing."""

from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.translators.generate import answers
from tests.translators.losses import assert_declared
from translators import schemas
from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import Call, Error, NoAnswer, Result
from translators.links import between
from translators.options import Options

EPOCH = 1_795_000_000.0
SLOW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
_HOW = ["result"] * 6 + ["unsupported", "error", "silence"]


class Wire:
    """One session. Every frame that comes out must fit its schema, and every call must be answered once or, where the
    connection is closed, not at all."""

    fits_schema = True
    """What the peers say. What one loses by breaking the schema of its own version is not known beforehand."""

    def __init__(self, data: st.DataObject, station: str, csms: str, options: Options | None = None) -> None:
        self.data = data
        self.versions = {"station": station, "csms": csms}
        self.now = 100.0
        ids = count(1)
        self.stage = between(
            station,
            csms,
            options=options or Options(),
            memory={},
            new_id=lambda: f"g{next(ids)}",
            connected_at=100.0 + EPOCH,
            epoch=EPOCH,
        )
        self.asked: list[tuple[str, Call]] = []
        self.answers: list[tuple[str, Result | Error]] = []
        self.closed = False
        self.take(self.stage.open(self.now))

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Note):
                assert effect.kind not in ("invalid_output", "mapping_failed", "unmatched"), effect
                if self.fits_schema:
                    assert_declared(effect)
            elif isinstance(effect, Close):
                self.closed = True
            elif isinstance(effect, ToStation | ToCsms):
                side = "station" if isinstance(effect, ToStation) else "csms"
                frame = effect.frame
                if isinstance(frame, Call):
                    wrong = schemas.offences(self.versions[side], frame.action, frame.payload, answer=False)
                    assert not wrong, (frame.text, wrong)
                    self.asked.append((side, frame))
                else:
                    self.answers.append((side, frame))

    def call(self, side: str, action: str, payload: dict[str, Any], message_id: str) -> Result | Error | None:
        """Make this call and keep everything going until nothing is at work; the answer, None where it was withheld."""
        self.now += 1.0
        self.feed(side, Call(message_id, action, payload))
        for _ in range(200):
            if self.asked:
                self.reply(*self.asked.pop(0))
            elif (due := self.stage.deadline()) is not None:
                self.now = max(self.now, due)
                self.take(self.stage.tick(self.now))
            else:
                break
        assert self.closed or self.stage.idle()
        mine = [reply for at, reply in self.answers if at == side and reply.key == message_id]
        assert len(mine) == 1 or (self.closed and not mine), (action, payload, mine)
        if mine and isinstance(mine[0], Result):
            wrong = schemas.offences(self.versions[side], action, mine[0].payload, answer=True)
            assert not wrong, (mine[0].text, wrong)
        return mine[0] if mine else None

    def reply(self, side: str, call: Call) -> None:
        how = self.data.draw(st.sampled_from(_HOW), label="how")
        frame: Result | Error | NoAnswer
        if how == "result":
            drawn = self.data.draw(answers(self.versions[side], call.action), label=call.action)
            frame = Result(call.message_id, drawn)
        elif how == "silence":
            frame = NoAnswer(call.message_id, 25.0)
        else:
            code = "NotSupported" if how == "unsupported" else "InternalError"
            frame = Error(call.message_id, code, "said so", {})
        self.now += 0.5
        self.feed(side, frame)

    def feed(self, side: str, frame: Call | Result | Error | NoAnswer) -> None:
        self.take((self.stage.from_station if side == "station" else self.stage.from_csms)(frame, self.now))
