"""1.6 connector numbers: from 1, without a gap, never changed."""

import json
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from translators.frames import Call, NoAnswer
from translators.options import Options
from translators.session import Session
from translators.v201_to_v16 import LINK
from translators.v201_to_v16.connectors import numbers

PLACES = st.tuples(st.integers(1, 4), st.integers(1, 3))


class Station:
    """A station that reports connectors to a CSMS that answers nothing."""

    def __init__(self, configured: dict[int, tuple[int, int]]) -> None:
        self.now = 0.0
        self.memory: dict[str, Any] = {}
        self.options = Options(connectors=configured)
        self.ids = count(1)
        self.reconnect()

    def reconnect(self) -> None:
        self.memory = json.loads(json.dumps(self.memory))
        self.session = Session(LINK, self.options, self.memory, self.new_id, connected_at=self.now)
        self.session.open(self.now)

    def new_id(self) -> str:
        return f"g{next(self.ids)}"

    def report(self, evse: int, connector: int) -> None:
        self.now += 0.1
        payload = {
            "timestamp": "2026-11-21T10:00:00Z",
            "connectorStatus": "Available",
            "evseId": evse,
            "connectorId": connector,
        }
        self.session.from_station(Call(self.new_id(), "StatusNotification", payload), self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.session.tick(self.now)


@given(st.lists(st.one_of(PLACES, st.sampled_from(["wait", "reconnect"])), max_size=20))
def test_numbers_are_given_once_and_without_gaps(steps: list[Any]) -> None:
    station = Station({})
    given_so_far: dict[tuple[int, int], int] = {}
    for step in steps:
        if step == "wait":
            station.wait(61.0)
        elif step == "reconnect":
            station.reconnect()
        else:
            station.report(*step)
        now = numbers(station.session)
        assert given_so_far.items() <= now.items()
        assert sorted(now.values()) == list(range(1, len(now) + 1))
        given_so_far = now
    station.wait(61.0)
    station.wait(61.0)
    # Every connector that has reported has its number, and nothing that has not reported has one.
    assert set(numbers(station.session)) == {step for step in steps if isinstance(step, tuple)}


@given(st.permutations([(1, 1), (1, 2), (2, 1), (3, 1)]))
def test_out_of_order_reports_are_numbered_in_order_when_heard_out(order: list[tuple[int, int]]) -> None:
    station = Station({})
    for place in order:
        station.report(*place)
    found = numbers(station.session)
    assert len(found) == 4
    first_gapless = order.index((1, 1)) == 3
    if first_gapless:  # all were waiting for it
        assert sorted(found, key=lambda place: found[place]) == sorted(order)


def test_configured_numbers_stand_and_others_are_appended() -> None:
    station = Station({1: (2, 1), 2: (1, 1)})
    station.report(1, 2)
    assert numbers(station.session) == {(2, 1): 1, (1, 1): 2, (1, 2): 3}


def test_a_lost_csms_does_not_lose_the_number() -> None:
    station = Station({})
    station.report(1, 1)
    station.session.from_csms(NoAnswer("g2", 25.0), station.now)
    assert numbers(station.session) == {(1, 1): 1}
