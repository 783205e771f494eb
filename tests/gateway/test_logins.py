"""Passwords of stations: verified, and not too many at a time."""

import asyncio
import random
import time
from collections.abc import Sequence

import pytest

from gateway import logins
from gateway.logins import BusyError, Logins
from gateway.passwords import hash_password, spellings

LINE = hash_password(b"geheim")


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
    found = Logins()
    assert await found.verify("a", b"geheim", (LINE,))
    assert not await found.verify("a", b"Geheim", (LINE,))
    assert not await found.verify("b", b"geheim", ())
    octets = bytes(range(0xA0, 0xB0))
    for line in map(hash_password, (octets, octets.hex().encode(), octets.hex().upper().encode())):
        assert await found.verify("c", octets, (line,))
    found.close()


async def test_what_was_verified_once_is_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found, done = Logins(), []
    monkeypatch.setattr(
        logins,
        "_fitting",
        lambda password, lines: done.append(password) or (lines[0] if password == b"geheim" else None),
    )
    for _ in range(3):
        assert await found.verify("a", b"geheim", (LINE,))
    assert done == [b"geheim"]
    assert not await found.verify("a", b"other", (LINE,))
    # Another hash in the file, another station with the same hash, a password that fits the decoy: all anew.
    assert await found.verify("a", b"geheim", (hash_password(b"new"),))
    assert await found.verify("b", b"geheim", (LINE,))
    assert not await found.verify("a", b"geheim", ())
    assert done == [b"geheim", b"other", b"geheim", b"geheim", b"geheim"]
    found.close()


async def test_one_identity_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_MOST_OF_ONE", 2)
    found = Logins()
    assert await found.verify("a", b"geheim", (LINE,))
    flood = [asyncio.create_task(found.verify("a", b"wrong", (LINE,))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await found.verify("a", b"wrong", (LINE,))
    # The true station, and all others, come in meanwhile.
    assert await found.verify("a", b"geheim", (LINE,))
    assert await found.verify("b", b"geheim", (LINE,))
    assert await asyncio.gather(*flood) == [None] * 2
    assert not found._count
    found.close()


async def test_too_many_at_once_come_back_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_MOST_WAITING", 4)
    found = Logins()
    assert await found.verify("known", b"geheim", (LINE,))
    flood = [asyncio.create_task(found.verify(str(n), b"wrong", (LINE,))) for n in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await found.verify("a", b"geheim", (LINE,))
    assert await found.verify("known", b"geheim", (LINE,))
    assert await asyncio.gather(*flood) == [None] * 4
    assert await found.verify("a", b"geheim", (LINE,))
    found.close()


async def test_who_has_tried_least_goes_first_and_takes_a_place_of_who_has_tried_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[bytes] = []

    def fitting(password: bytes, lines: Sequence[str]) -> str:
        begun.append(password)
        time.sleep(0.02)
        return lines[0]

    monkeypatch.setattr(logins, "_fitting", fitting)
    monkeypatch.setattr(logins, "_MOST_WAITING", 5)
    found = Logins()
    flood = [asyncio.create_task(found.verify(f"g{n}", b"g%d" % n, (LINE,), n)) for n in range(5)]
    await asyncio.sleep(0)
    # Two are at work, three wait. The one that comes for the first time is the next.
    coming = asyncio.create_task(found.verify("true", b"true", (LINE,), 0))
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await found.verify("g9", b"g9", (LINE,), 9)
    told = await asyncio.gather(coming, *flood, return_exceptions=True)
    assert [type(one) for one in told] == [str, str, str, str, str, BusyError]
    assert begun[2:] == [b"true", b"g2", b"g3"]
    assert not found._count
    assert not found._working
    found.close()


async def test_guesses_at_one_identity_make_room_for_its_station(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_MOST_OF_ONE", 3)
    found = Logins()
    flood = [asyncio.create_task(found.verify("a", b"wrong", (LINE,), 5)) for _ in range(3)]
    await asyncio.sleep(0)
    assert await found.verify("a", b"geheim", (LINE,), 0)
    told = await asyncio.gather(*flood, return_exceptions=True)
    assert [type(one) for one in told] == [type(None), type(None), BusyError]
    found.close()


async def test_who_waits_too_long_or_leaves_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_PATIENCE_SECONDS", 0.001)
    found = Logins()
    first = [asyncio.create_task(found.verify("a", b"wrong", (LINE,))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await found.verify("b", b"geheim", (LINE,))
    leaving = asyncio.create_task(found.verify("b", b"geheim", (LINE,)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await asyncio.gather(*first) == [None, None]
    monkeypatch.setattr(logins, "_PATIENCE_SECONDS", 20)
    assert await found.verify("b", b"geheim", (LINE,))
    assert not found._count
    assert not found._working
    found.close()


async def test_whoever_gives_up_at_whatever_moment_blocks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that comes in the step in which its owner gives up goes to the next."""
    chance = random.Random(7)
    monkeypatch.setattr(logins, "_fitting", lambda password, lines: time.sleep(chance.random() / 1000))
    monkeypatch.setattr(logins, "_MOST_WAITING", 1000)
    found = Logins()
    for round_ in range(20):
        monkeypatch.setattr(logins, "_PATIENCE_SECONDS", chance.random() / 100)
        flood = [asyncio.create_task(found.verify(f"{n}", b"x", (LINE,), n)) for n in range(50)]
        await asyncio.sleep(0)
        for task in flood[round_::7]:
            task.cancel()
        told = await asyncio.gather(*flood, return_exceptions=True)
        kinds = {type(one) for one in told}
        assert kinds <= {type(None), BusyError, asyncio.CancelledError}, told
        async with asyncio.timeout(10):
            while found._working:  # a thread that nobody waits for any more goes on to its end
                await asyncio.sleep(0.001)
        assert not found._count
        assert not found._waiting
    found.close()
