"""Failures are counted by source and identity, and lock nobody out elsewhere."""

import pytest

from gateway import attempts
from gateway.attempts import WINDOW_SECONDS, Attempts


def begin(found: Attempts, source: str, key: str, now: float = 0.0, most: int = 3, most_of_source: int = 5) -> bool:
    return found.begin(source, key, now, most=most, most_of_source=most_of_source)


def test_the_pair_is_limited_and_nobody_else() -> None:
    found = Attempts()
    assert [begin(found, "s", "a") for _ in range(5)] == [True, True, True, False, False]
    assert begin(found, "t", "a")
    assert begin(found, "s", "b")
    assert not begin(found, "s", "a", WINDOW_SECONDS - 0.1)
    assert begin(found, "s", "a", WINDOW_SECONDS)


def test_a_source_that_tries_many_is_limited_but_not_those_who_came_in_from_there() -> None:
    found = Attempts()
    assert begin(found, "s", "true")
    found.succeeded("s", "true")
    for key in "vwxyz":
        assert begin(found, "s", key)
        found.failed("s", 0.0)
    assert not begin(found, "s", "another")
    assert begin(found, "s", "true")
    assert begin(found, "t", "another")
    assert begin(found, "s", "another", WINDOW_SECONDS)


def test_what_came_to_nothing_for_other_reasons_does_not_count() -> None:
    found = Attempts()
    for _ in range(20):
        assert begin(found, "s", "a")
        found.withdrawn("s", "a")
    found.withdrawn("never", "seen")


def test_a_success_makes_failures_good() -> None:
    found = Attempts()
    for _ in range(4):
        assert begin(found, "s", "a")
        assert begin(found, "s", "a")
        found.succeeded("s", "a")


def test_the_oldest_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_MOST_WATCHED", 3)
    monkeypatch.setattr(attempts, "_MOST_KNOWN", 2)
    found = Attempts()
    for number in range(100):
        begin(found, str(number), "a")
        found.failed(str(number), 0.0)
        found.succeeded(str(number), "a")
        begin(found, str(number), "b")
    assert (len(found._pairs), len(found._sources), len(found._known)) == (3, 3, 2)


def test_tries_of_a_source_are_counted_for_a_minute_whatever_becomes_of_them() -> None:
    found = Attempts()
    assert [found.tried("s", key, 0.0) for key in "aab"] == [0, 1, 2]
    assert found.tried("t", "a", 0.0) == 0
    assert begin(found, "s", "true")
    found.succeeded("s", "true")
    assert found.tried("s", "true", 0.0) == 0
    assert found.tried("s", "a", WINDOW_SECONDS) == 0
    assert [found.tried("u", "a", 0.0) for _ in range(100)][-1] == 63
