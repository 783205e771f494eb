"""A session between a station and a CSMS that answer anything that fits the schema, a CALLERROR, or nothing."""

from itertools import count
from typing import Any

from hypothesis import strategies as st

from tests.translators.generate import answers
from tests.translators.losses import assert_declared
from translators import schemas
from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import Call, Error, NoAnswer, Result
from translators.options import Options
from translators.session import Session
from translators.v16_to_v201 import LINK

EPOCH = 1_795_000_000.0
VERSIONS = {"station": LINK.station_version, "csms": LINK.csms_version}


class Wire:
    """`sent`: calls the session made, in order; `taken`: those that were answered with a CALLRESULT."""

    def __init__(self, data: st.DataObject, memory: dict[str, Any], options: Options, now: float = 100.0) -> None:
        self.data = data
        self.now = now
        ids = count(1)
        self.session = Session(LINK, options, memory, lambda: f"g{next(ids)}", connected_at=now + EPOCH, epoch=EPOCH)
        self.open: list[tuple[str, Call]] = []
        self.replies: list[tuple[str, Result | Error]] = []
        self.sent: list[Call] = []
        self.taken: list[Call] = []
        self.closed = False
        self.take(self.session.open(self.now))
        self.settle()

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Note):
                assert effect.kind not in ("invalid_output", "mapping_failed"), effect
                assert_declared(effect)
            elif isinstance(effect, Close):
                self.closed = True
            elif isinstance(effect, ToStation | ToCsms):
                side = "station" if isinstance(effect, ToStation) else "csms"
                if isinstance(effect.frame, Call):
                    assert schemas.valid(VERSIONS[side], effect.frame.action, effect.frame.payload, answer=False)
                    self.open.append((side, effect.frame))
                    self.sent.append(effect.frame)
                else:
                    assert not isinstance(effect.frame, NoAnswer)
                    self.replies.append((side, effect.frame))

    def call(
        self, side: str, action: str, payload: dict[str, Any], message_id: str, *, goes_on: bool = False
    ) -> Result | Error | None:
        """Make this call, let everything that follows from it happen; its answer, None when it was withheld. `goes_on`:
        the session may still be at work."""
        self.now += 1.0
        self.feed(side, Call(message_id, action, payload))
        self.settle()
        assert goes_on or self.session.idle()
        mine = [reply for at, reply in self.replies if at == side and reply.key == message_id]
        assert len(mine) == (0 if self.closed else 1), (action, payload, mine)
        if mine and isinstance(mine[0], Result):
            assert schemas.valid(VERSIONS[side], action, mine[0].payload, answer=True)
        return mine[0] if mine else None

    def settle(self) -> None:
        for _ in range(300):
            if self.open:
                self.reply(*self.open.pop(0))
            elif (due := self.session.deadline()) is not None:
                self.now = max(self.now, due)
                self.take(self.session.tick(self.now))
            else:
                return

    def reply(self, side: str, call: Call) -> None:
        how = self.data.draw(
            st.sampled_from(["result"] * 7 + ["unsupported", "error", "never", "silence"]), label="how"
        )
        codes = {"unsupported": "NotSupported", "error": "InternalError", "never": "PropertyConstraintViolation"}
        frame: Result | Error | NoAnswer
        if how == "result":
            frame = Result(call.message_id, self.data.draw(answers(VERSIONS[side], call.action), label=call.action))
            self.taken.append(call)
        elif how in codes:
            frame = Error(call.message_id, codes[how], "said so", {})
        else:
            frame = NoAnswer(call.message_id, 25.0)
        self.now += 0.5
        self.feed(side, frame)

    def feed(self, side: str, frame: Call | Result | Error | NoAnswer) -> None:
        self.take((self.session.from_station if side == "station" else self.session.from_csms)(frame, self.now))
