"""Waves, guards and rollback, without a clock."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from gateway.migration import RETRY_SECONDS, STATES, Migration, begun

SETTINGS: dict[str, Any] = {
    "to": "cloud",
    "when": "idle",
    "wave_size": 3,
    "wave_interval_seconds": 60,
    "idle_timeout_seconds": None,
    "abort_failed_ratio": 0.5,
}


def made(count: int = 7, **settings: Any) -> Migration:
    stations = [
        {
            "key": f"cp-{n}",
            "identity": f"CP-{n}",
            "home": "legacy",
            "override": None,
            "connected": True,
            "refused": None,
        }
        for n in range(count)
    ]
    return Migration(*begun({**SETTINGS, **settings}, stations, 0.0))


def keys(migration: Migration, now: float, **more: Any) -> list[str]:
    return [step.key for step in migration.due(now, healthy=more.get("healthy", True), room=more.get("room", 100))]


def settle(migration: Migration, names: list[str], outcome: str, now: float, why: str = "") -> None:
    for key in names:
        migration.settled(key, outcome, why, now)


def test_a_canary_goes_first_and_waves_follow_each_after_its_interval() -> None:
    migration = made()
    assert keys(migration, 0.0) == ["cp-0"]
    assert keys(migration, 100.0) == []
    settle(migration, ["cp-0"], "done", 10.0)
    assert keys(migration, 59.9) == []
    assert keys(migration, 60.0) == ["cp-1", "cp-2", "cp-3"]
    settle(migration, ["cp-1", "cp-2", "cp-3"], "done", 61.0)
    assert keys(migration, 119.0) == []
    assert keys(migration, 125.0) == ["cp-4", "cp-5", "cp-6"]
    settle(migration, ["cp-4", "cp-5", "cp-6"], "done", 126.0)
    assert (migration.state, migration.counts["done"]) == ("done", 7)


def test_a_wave_waits_for_the_one_before_but_not_for_transactions() -> None:
    migration = made()
    settle(migration, keys(migration, 0.0), "done", 1.0)
    assert len(keys(migration, 60.0)) == 3
    settle(migration, ["cp-1", "cp-2"], "waiting", 61.0, "a transaction goes on")
    assert keys(migration, 500.0, room=0) == []
    settle(migration, ["cp-3"], "done", 62.0)
    assert keys(migration, 500.0) == ["cp-1", "cp-2", "cp-4", "cp-5", "cp-6"]


def test_a_station_that_waits_is_tried_again_and_given_up_after_its_time() -> None:
    migration = made(1, idle_timeout_seconds=20, abort_failed_ratio=None)
    settle(migration, keys(migration, 0.0), "waiting", 1.0)
    assert keys(migration, 1.0 + RETRY_SECONDS - 0.1) == []
    assert keys(migration, 1.0 + RETRY_SECONDS) == ["cp-0"]
    settle(migration, ["cp-0"], "waiting", 30.0)
    assert migration.stations["cp-0"]["why"].startswith("idle_timeout")
    assert (migration.state, migration.counts["failed"]) == ("done", 1)


def test_too_many_failures_stop_it_and_an_operator_may_go_on() -> None:
    migration = made(abort_failed_ratio=0.3)
    settle(migration, keys(migration, 0.0), "done", 1.0)
    assert len(keys(migration, 60.0)) == 3
    settle(migration, ["cp-1"], "failed", 61.0, "boot_refused")
    assert migration.state == "running"  # one of the four that have begun
    settle(migration, ["cp-2"], "failed", 61.0, "boot_refused")
    assert (migration.state, migration.head["why"]) == ("aborted", "2 of 4 stations failed")
    assert keys(migration, 500.0) == []
    settle(migration, ["cp-3"], "done", 62.0)
    assert migration.resume(600.0)
    assert keys(migration, 660.0) == ["cp-4", "cp-5", "cp-6"]


def test_a_canary_that_fails_stops_it() -> None:
    migration = made(abort_failed_ratio=0.1)
    settle(migration, keys(migration, 0.0), "failed", 1.0, "boot_refused")
    assert migration.state == "aborted"


def test_nothing_begins_while_the_backend_is_down_or_an_operator_pauses() -> None:
    migration = made()
    assert keys(migration, 0.0, healthy=False) == []
    assert migration.pause()
    assert keys(migration, 0.0) == []
    assert not migration.pause()
    assert migration.resume(5.0)
    assert keys(migration, 5.0) == ["cp-0"]


def test_those_that_are_not_connected_come_last_and_count_when_they_come() -> None:
    stations = [
        {"key": key, "identity": key, "home": "legacy", "override": None, "connected": key != "a", "refused": None}
        for key in ("a", "b")
    ]
    migration = Migration(*begun({**SETTINGS, "wave_interval_seconds": 0}, stations, 0.0))
    assert keys(migration, 0.0) == ["b"]
    settle(migration, ["b"], "done", 0.0)
    assert keys(migration, 0.0) == ["a"]
    settle(migration, ["a"], "offline", 0.0)
    assert (migration.state, migration.counts["offline"]) == ("done", 1)
    migration.arrived("a", 5.0)
    assert migration.counts["done"] == 2


def test_a_rollback_brings_home_what_has_moved_and_only_that() -> None:
    migration = made(5, wave_interval_seconds=0)
    migration.stations["cp-1"]["override"] = "before"
    settle(migration, keys(migration, 0.0), "done", 0.0)
    assert keys(migration, 0.0) == ["cp-1", "cp-2", "cp-3"]
    settle(migration, ["cp-1"], "done", 0.0)
    settle(migration, ["cp-2"], "waiting", 0.0)
    assert migration.roll_back(1.0)
    steps = {step.key: step.to for step in migration.due(10.0, healthy=True, room=100)}
    assert steps == {"cp-0": None, "cp-1": "before"}
    settle(migration, ["cp-0"], "done", 11.0)
    settle(migration, ["cp-3"], "done", 11.0)  # it was on its way when the rollback came
    assert keys(migration, 12.0) == ["cp-3"]
    settle(migration, ["cp-3"], "done", 13.0)
    assert migration.state == "rolling_back"
    settle(migration, ["cp-1"], "failed", 14.0, "backend_refused")
    assert (migration.state, migration.head["why"]) == ("rolled_back", "1 stations could not be brought home")
    assert migration.counts["returned"] == 4


@pytest.mark.parametrize("outcome", ["waiting", "failed"])
def test_a_rollback_brings_home_whose_step_was_lost_in_a_crash(outcome: str) -> None:
    """The node carried the step to its end, nobody heard, and the next try told nothing of where the station is."""
    migration = made(1)
    assert keys(migration, 0.0) == ["cp-0"]
    migration = Migration(migration.head, migration.stations)
    settle(migration, keys(migration, 1.0), outcome, 1.0)
    assert migration.roll_back(2.0)
    assert keys(migration, 20.0) == ["cp-0"]
    settle(migration, ["cp-0"], "done", 21.0)
    assert (migration.state, migration.counts["returned"]) == ("rolled_back", 1)


def test_a_migration_of_nobody_is_done() -> None:
    migration = made(0)
    migration.look()
    assert migration.state == "done"


@given(st.integers(0, 40), st.integers(1, 9))
def test_every_station_has_a_wave_of_no_more_than_its_size(count: int, size: int) -> None:
    migration = made(count, wave_size=size)
    waves: dict[int, int] = {}
    for record in migration.stations.values():
        waves[record["wave"]] = waves.get(record["wave"], 0) + 1
    assert sorted(waves) == list(range(len(waves)))
    assert all(number <= (size if wave else 1) for wave, number in waves.items())


class Runs(RuleBasedStateMachine):
    """Any order of steps, outcomes, crashes and commands: documents stay whole, and a rollback leaves nobody moved."""

    steps = Bundle("steps")

    @initialize(count=st.integers(1, 12), size=st.integers(1, 5), ratio=st.sampled_from([None, 0.2, 1.0]))
    def begin(self, count: int, size: int, ratio: float | None) -> None:
        self.migration = made(count, wave_size=size, wave_interval_seconds=0, abort_failed_ratio=ratio)
        self.now = 0.0
        self.moved: set[str] = set()
        self.working: dict[str, str | None] = {}

    @rule(seconds=st.floats(0, 20), room=st.integers(0, 6), healthy=st.booleans())
    def work(self, seconds: float, room: int, healthy: bool) -> None:
        self.now += seconds
        for step in self.migration.due(self.now, healthy=healthy, room=room):
            assert step.key not in self.working
            self.working[step.key] = step.to

    @rule(data=st.data(), outcome=st.sampled_from(["done", "waiting", "offline", "failed"]))
    def come_to_something(self, data: st.DataObject, outcome: str) -> None:
        if self.working:
            key = data.draw(st.sampled_from(sorted(self.working)))
            to = self.working.pop(key)
            if outcome in ("done", "offline"):
                (self.moved.add if to == "cloud" else self.moved.discard)(key)
            self.migration.settled(key, outcome, "why", self.now)

    @rule()
    def crash(self) -> None:
        """Steps at work are carried to their end by the nodes, or not; nobody hears."""
        for number, (key, to) in enumerate(sorted(self.working.items())):
            if number % 2:
                (self.moved.add if to == "cloud" else self.moved.discard)(key)
        self.working.clear()
        head, stations = json.loads(json.dumps([self.migration.head, self.migration.stations]))
        self.migration = Migration(head, stations)

    @rule(command=st.sampled_from(["pause", "resume", "roll_back"]))
    def command(self, command: str) -> None:
        if command == "pause":
            self.migration.pause()
        elif command == "resume":
            self.migration.resume(self.now)
        else:
            self.migration.roll_back(self.now)

    @invariant()
    def whole(self) -> None:
        if not hasattr(self, "migration"):
            return
        migration = self.migration
        counts = dict.fromkeys(STATES, 0)
        for record in migration.stations.values():
            counts[record["state"]] += 1
        assert counts == migration.counts
        for key, record in migration.stations.items():
            assert (record["state"] == "switching") == (key in self.working)
            if record["state"] in ("done", "offline"):
                assert key in self.moved
            if record["state"] == "returned":
                assert key not in self.moved
            if record["state"] == "waiting_idle" and not record.get("homeward") and not record.get("unheard"):
                assert key not in self.moved
        if migration.state == "done":
            assert not counts["pending"] + counts["waiting_idle"] + counts["switching"]
        if migration.state == "rolled_back":
            stuck = {key for key, one in migration.stations.items() if one["state"] == "failed"}
            assert self.moved <= stuck


TestRuns = Runs.TestCase
