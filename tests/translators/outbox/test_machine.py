"""Whatever the weather: every message that the station has an answer to is delivered, once, in order, under the number
that the CSMS knows."""

from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.translators.outbox.world import World
from translators.times import iso

_LONGEST_WAIT = 400.0


class Weather(RuleBasedStateMachine):
    """1.6, where the CSMS numbers the transactions. In 2.0.1 the station does: the same without numbers."""

    version = "ocpp1.6"

    @initialize(away=st.booleans())
    def begin(self, away: bool) -> None:
        self.moments = count(1_800_000_000)
        self.running: list[str] = []
        self.world = World(self.version)
        if away:
            self.world.lose_csms()

    def moment(self) -> str:
        return iso(float(next(self.moments)))

    def add(self, action: str, payload: dict[str, Any]) -> None:
        self.world.sent.append((action, payload))
        self.world.send_next()

    def event(self, kind: str, transaction: str, **more: Any) -> dict[str, Any]:
        moment = self.moment()
        return {
            "eventType": kind,
            "timestamp": moment,
            "triggerReason": "Trigger",
            "seqNo": 1,
            "transactionInfo": {"transactionId": transaction},
            **more,
        }

    @rule()
    def start(self) -> None:
        moment = self.moment()
        self.running.append(moment)
        if self.version == "ocpp1.6":
            self.add("StartTransaction", {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": moment})
        else:
            token = {"idToken": "A", "type": "Central"}
            self.add("TransactionEvent", self.event("Started", moment, idToken=token))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def measure(self, data: st.DataObject) -> None:
        transaction = data.draw(st.sampled_from(self.running))
        if self.version == "ocpp1.6":
            values = [{"timestamp": self.moment(), "sampledValue": [{"value": "1"}]}]
            self.add("MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": values})
        else:
            self.add("TransactionEvent", self.event("Updated", transaction))

    @precondition(lambda self: self.running)
    @rule()
    def stop(self) -> None:
        transaction = self.running.pop()
        if self.version == "ocpp1.6":
            payload = {"transactionId": transaction, "meterStop": 1, "timestamp": self.moment()}
            self.add("StopTransaction", payload)
        else:
            self.add("TransactionEvent", self.event("Ended", transaction))

    @rule()
    def send(self) -> None:
        self.world.send_next()

    @precondition(lambda self: self.world.asked)
    @rule()
    def answer(self) -> None:
        self.world.answer()

    @precondition(lambda self: self.world.asked)
    @rule()
    def fail(self) -> None:
        self.world.fail()

    @precondition(lambda self: self.world.asked)
    @rule(effects=st.integers(0, 4))
    def crash_at_an_answer(self, effects: int) -> None:
        self.world.crash_during(effects)
        self.world.answer()

    @precondition(lambda self: self.world.may_send and self.world.answered < len(self.world.sent))
    @rule(effects=st.integers(0, 4))
    def crash_at_a_message(self, effects: int) -> None:
        self.world.crash_during(effects)
        self.world.send_next()

    @rule()
    def reconnect(self) -> None:
        self.world.reconnect()

    @precondition(lambda self: not self.world.away)
    @rule()
    def lose(self) -> None:
        self.world.lose_csms()

    @precondition(lambda self: self.world.away)
    @rule()
    def find(self) -> None:
        self.world.find_csms()

    @rule(seconds=st.sampled_from([1.0, 10.0, 30.0, _LONGEST_WAIT]))
    def wait(self, seconds: float) -> None:
        self.world.wait(seconds)

    @precondition(lambda self: self.version == "ocpp1.6" and not self.world.away)
    @rule()
    def ask_to_stop(self) -> None:
        self.world.ask_to_stop()

    def teardown(self) -> None:
        """The weather clears."""
        world = getattr(self, "world", None)
        if world is None:
            return
        world.write()
        if world.away:
            world.find_csms()
        for _ in range(6 * len(world.sent) + 10):
            world.send_next()
            if world.asked:
                world.answer()
            else:
                world.wait(_LONGEST_WAIT)
        assert world.answered == len(world.sent)
        first = list(dict.fromkeys(world.taken))
        assert first == list(range(len(world.sent)))
        assert all(world.taken.count(place) == 1 for place in first if place not in world.doubtful)
        assert not [key for key in world.stored if key.startswith(("outbox/message/", "outbox/dead/"))]
        numbers = [number for _, number in sorted(world.numbers.items())]
        assert all(one != other for one, other in pairwise(sorted(numbers)))


class Weather201(Weather):
    version = "ocpp2.0.1"


@pytest.mark.parametrize("machine", [Weather, Weather201])
def test_every_message_is_delivered_once_and_in_order(machine: type[Weather]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
