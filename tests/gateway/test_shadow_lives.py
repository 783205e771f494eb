"""Whatever the weather of a follower: its books are the station's books, and no number ever means another's session."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.copies import MOST_TRIES
from tests.gateway.shadowed import World
from translators.frames import Error

TIME = "2027-01-15T08:00:00Z"


class Lives(RuleBasedStateMachine):
    """A 1.6 station whose primary counts downwards from 9; a 1.6 follower that counts upwards from 1, sometimes for
    others. So the same numbers mean different sessions on the two sides."""

    most_copies = 5

    def __init__(self) -> None:
        super().__init__()
        self.memory: dict[str, Any] = {}
        self.mood = "answers"
        self.given = 0
        self.sessions: dict[int, str] = {}
        """The follower's number -> the tag it was given for."""
        self.refused: dict[tuple[str, str], int] = {}
        self.stopped: dict[str, int] = {}
        self.started: dict[str, int] = {}
        self.charging: dict[str, int] = {}
        self.done: set[str] = set()
        self.tags = 0
        self.free = list(range(1, 10))
        self.wrong: list[str] = []
        self.connected = False
        self.world = self.new_world()

    def new_world(self) -> World:
        return World(answer=self.follower, memory=self.memory, most_copies=self.most_copies)

    def follower(self, action: str, payload: dict[str, Any]) -> Any:
        tag = payload.get("idTag")
        if action == "StopTransaction" and self.sessions.get(payload["transactionId"]) != tag:
            self.wrong.append(f"{payload} stops {self.sessions.get(payload['transactionId'])}")
        if action == "MeterValues":
            meant = payload["meterValue"][0]["sampledValue"][0]["value"]
            if self.sessions.get(payload["transactionId"]) != meant:
                self.wrong.append(f"{payload} is not of {meant}")
        if self.mood == "silent":
            return None
        if self.mood == "refuses":
            self.refused[action, str(tag)] = self.refused.get((action, str(tag)), 0) + 1
            return ("InternalError", "")
        if action == "StartTransaction":
            self.given += 1
            self.sessions[self.given] = str(tag)
            self.started[str(tag)] = self.started.get(str(tag), 0) + 1
            return {"transactionId": self.given, "idTagInfo": {"status": "Accepted"}}
        if action == "StopTransaction":
            self.stopped[str(tag)] = self.stopped.get(str(tag), 0) + 1
        return {}

    @rule()
    @precondition(lambda self: self.free)
    def start(self) -> None:
        self.tags += 1
        tag, number = f"T{self.tags}", self.free.pop()
        self.charging[tag] = number
        payload = {"connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": TIME}
        self.world.says("StartTransaction", payload, {"transactionId": number, "idTagInfo": {"status": "Accepted"}})

    @rule()
    def start_that_the_primary_refuses(self) -> None:
        payload = {"connectorId": 1, "idTag": "REFUSED", "meterStart": 0, "timestamp": TIME}
        self.world.says("StartTransaction", payload, Error("1", "InternalError"))

    @rule(data=st.data())
    @precondition(lambda self: self.charging)
    def meter(self, data: st.DataObject) -> None:
        tag = data.draw(st.sampled_from(sorted(self.charging)))
        value = [{"timestamp": TIME, "sampledValue": [{"value": tag}]}]
        self.world.says("MeterValues", {"connectorId": 1, "transactionId": self.charging[tag], "meterValue": value})

    @rule(data=st.data())
    @precondition(lambda self: self.charging)
    def stop(self, data: st.DataObject) -> None:
        tag = data.draw(st.sampled_from(sorted(self.charging)))
        number = self.charging.pop(tag)
        self.done.add(tag)
        self.world.says("StopTransaction", {"transactionId": number, "idTag": tag, "meterStop": 1, "timestamp": TIME})
        if f"open/{number}" not in self.world.memory:
            self.free.append(number)  # a primary that has lost its memory

    @rule(number=st.integers(1, 20))
    def a_stop_of_a_session_that_nobody_has_begun(self, number: int) -> None:
        if not {f"open/{number}", f"number/transactionId/{number}"} & set(self.world.memory):
            stop = {"transactionId": number, "idTag": "NOBODY", "meterStop": 1, "timestamp": TIME}
            self.world.says("StopTransaction", stop)

    @rule()
    def others(self) -> None:
        self.given += 1
        self.sessions[self.given] = "of another station"

    @rule()
    def back(self) -> None:
        if not self.connected:
            self.connected = True
            self.world.back()
            self.follow_up()

    @rule()
    def lost(self) -> None:
        self.connected = False
        self.world.lost()

    @rule(mood=st.sampled_from(["answers", "answers", "silent", "refuses"]))
    def changes(self, mood: str) -> None:
        self.mood = mood

    @rule()
    def time_passes(self) -> None:
        self.world.later(26)
        self.follow_up()

    @rule()
    def next_session(self) -> None:
        self.memory = dict(self.world.memory)
        self.world = self.new_world()
        self.connected = False

    def follow_up(self) -> None:
        if self.world.hung_up:
            self.world.hung_up, self.connected = 0, False

    @invariant()
    def nobody_elses_session_is_touched(self) -> None:
        assert self.wrong == []
        assert max(self.started.values(), default=1) == 1
        # A stop whose answer was lost is repeated, as a station does.
        assert "NOBODY" not in self.stopped
        assert "REFUSED" not in self.started

    @invariant()
    def the_queue_is_bounded(self) -> None:
        assert self.world.shadow.waiting <= self.most_copies + len(self.tags_kept())

    def tags_kept(self) -> list[str]:
        return [key for key in self.world.memory if key.startswith("open/")] * 2

    def teardown(self) -> None:
        """In good weather the books are closed: every session that the station ended has ended, once begun."""
        self.mood = "answers"
        for _ in range(6):
            self.time_passes()
            self.lost()
            self.back()
        self.nobody_elses_session_is_touched()
        kept = {key: record for key, record in self.world.memory.items() if key.startswith("open/")}
        for record in kept.values():
            assert record["told"] or record["tries"] >= MOST_TRIES
            assert record["end"] is None or record["tries"] >= MOST_TRIES
        for tag in [f"T{number}" for number in range(1, self.tags + 1)]:
            if self.refused.get(("StartTransaction", tag), 0) < MOST_TRIES:
                assert self.started.get(tag, 0) == 1, tag
            if tag in self.started and self.refused.get(("StopTransaction", tag), 0) < MOST_TRIES:
                assert self.stopped.get(tag, 0) == (1 if tag in self.done else 0), tag


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
