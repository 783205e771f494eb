"""Passwords of stations: verified, not too many at a time, and never a lockout for others."""

import asyncio

import pytest

from gateway import logins
from gateway.logins import BusyError, Logins
from gateway.metrics import Metrics
from gateway.passwords import hash_password, spellings

LINE = hash_password(b"geheim")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_DELAY_SECONDS", 0.05)


def throttled(metrics: Metrics) -> float:
    found = metrics.registry.get_sample_value("ocpp_gateway_rate_limited_total", {"reason": "password"})
    return found or 0.0


def test_what_a_password_may_mean() -> None:
    octets = bytes(range(0xA0, 0xB4))
    assert spellings(octets) == (octets, octets.hex().encode(), octets.hex().upper().encode())
    assert spellings(octets.hex().encode()) == (octets.hex().encode(), octets)
    assert spellings(octets.hex().upper().encode()) == (octets.hex().upper().encode(), octets)
    digits = b"\x01\x23" * 8
    assert spellings(digits) == (digits, digits.hex().encode())
    for other in (b"", b"short", b"g" * 32, b"a" * 33, b"a" * 21, b"a" * 42):
        assert spellings(other) == (other,)


async def test_right_wrong_unknown() -> None:
    found = Logins(Metrics())
    assert await found.verify("192.0.2.1", "a", b"geheim", LINE)
    assert not await found.verify("192.0.2.1", "a", b"Geheim", LINE)
    assert not await found.verify("192.0.2.1", "b", b"geheim", None)
    octets = bytes(range(0xA0, 0xB0))
    for line in map(hash_password, (octets, octets.hex().encode(), octets.hex().upper().encode())):
        assert await found.verify("192.0.2.1", "c", octets, line)
    found.close()


async def test_what_was_verified_once_is_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found, done = Logins(Metrics()), []
    monkeypatch.setattr(logins, "_fits", lambda password, line: done.append(password) or password == b"geheim")
    for _ in range(3):
        assert await found.verify("192.0.2.1", "a", b"geheim", LINE)
    assert done == [b"geheim"]
    assert not await found.verify("192.0.2.1", "a", b"other", LINE)
    # Another hash in the file, another station with the same hash, a password that fits the decoy: all anew.
    assert await found.verify("192.0.2.1", "a", b"geheim", hash_password(b"new"))
    assert await found.verify("192.0.2.1", "b", b"geheim", LINE)
    assert not await found.verify("192.0.2.1", "a", b"geheim", None)
    assert done == [b"geheim", b"other", b"geheim", b"geheim", b"geheim"]
    found.close()


async def test_failures_are_limited_by_source_and_identity(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_fits", lambda password, line: password == b"geheim")
    metrics = Metrics()
    found = Logins(metrics)
    await asyncio.gather(*(found.verify("192.0.2.1", "a", b"wrong", LINE) for _ in range(30)))
    assert throttled(metrics) == 20
    # Even the right password: whoever guesses must not learn that it was.
    assert not await found.verify("192.0.2.1", "a", b"geheim", LINE)
    assert await found.verify("192.0.2.2", "a", b"geheim", LINE)
    assert await found.verify("192.0.2.1", "b", b"geheim", LINE)
    assert not await found.verify("192.0.2.1", "a", b"geheim", LINE)
    assert throttled(metrics) == 22
    monkeypatch.setattr(logins, "_FAILURE_SECONDS", 0.0)
    assert await found.verify("192.0.2.1", "a", b"geheim", LINE)
    found.close()


async def test_one_ipv6_network_is_one_source(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_fits", lambda password, line: password == b"geheim")
    found = Logins(Metrics())
    for last in range(10):
        await found.verify(f"2001:db8::{last}", "a", b"wrong", LINE)
        await found.verify(f"::ffff:192.0.2.{last}", "a", b"wrong", LINE)
    assert not await found.verify("2001:db8::ffff", "a", b"geheim", LINE)
    assert await found.verify("2001:db8:0:1::1", "a", b"geheim", LINE)
    assert await found.verify("::ffff:192.0.2.100", "a", b"geheim", LINE)
    found.close()


async def test_a_success_makes_failures_good_and_the_oldest_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_fits", lambda password, line: password == b"geheim")
    monkeypatch.setattr(logins, "_MOST_WATCHED", 3)
    metrics = Metrics()
    found = Logins(metrics)
    for _ in range(3):
        for _ in range(9):
            assert not await found.verify("192.0.2.1", "a", b"wrong", LINE)
        assert await found.verify("192.0.2.1", "a", b"geheim", LINE)
    assert throttled(metrics) == 0
    for number in range(100):
        await found.verify("192.0.2.1", str(number), b"wrong", LINE)
    assert len(found._attempts) == 3
    found.close()


async def test_too_many_at_once_come_back_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_MOST_WAITING", 4)
    found = Logins(Metrics())
    assert await found.verify("192.0.2.1", "known", b"geheim", LINE)
    flood = [asyncio.create_task(found.verify("192.0.2.9", str(n), b"wrong", LINE)) for n in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await found.verify("192.0.2.1", "a", b"geheim", LINE)
    assert await found.verify("192.0.2.1", "known", b"geheim", LINE)
    assert await asyncio.gather(*flood) == [False] * 4
    assert await found.verify("192.0.2.1", "a", b"geheim", LINE)
    found.close()
