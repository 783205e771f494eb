"""What a gateway still owes when it is told to stop, or a station to move: waited for, and never forgotten."""

import asyncio
import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.test_weather import BOOT, START, STATUS, answers
from tests.support import Csms, Frame, ask, closed, configuration, gateway


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Nobody else writes meanwhile."""
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def is_stored(database: Path, text: str) -> bool:
    """Whether it stands anywhere in it."""
    with sqlite3.connect(database) as connection:
        # Values are blobs, which a dump has in hex digits.
        return text.encode().hex().upper() in "\n".join(connection.iterdump())


def csms_201(frame: Frame) -> Any:
    known: dict[str, Any] = {"TransactionEvent": {"idTokenInfo": {"status": "Accepted"}}}
    return known.get(frame[2], answers(frame))


async def test_a_drain_waits_for_what_waits_for_the_store(tmp_path: Path) -> None:
    """The CSMS has answered, the conversation is over; what is to be durable before the station hears of it is not yet."""
    database = tmp_path / "store.db"
    with ExitStack() as stack:

        def locking(frame: Frame) -> Any:
            if frame[2] == "TransactionEvent":
                stack.enter_context(locked(database))
            return csms_201(frame)

        async with Csms(locking, ("ocpp2.0.1",)).running() as csms:
            config = configuration(("cloud", csms), store=f"sqlite:{database}", limits={"store_seconds": 15})
            async with gateway(tmp_path, config) as running:
                station = await running.station()
                await station.send(json.dumps([2, "2", "StartTransaction", START]))
                await csms.wait(lambda: csms.calls("TransactionEvent"))
                running.process.send_signal(signal.SIGTERM)
                await csms.wait(lambda: running.events("drain_began"), 20)
                await asyncio.sleep(0.5)
                stack.close()
                answer: Frame = json.loads(await asyncio.wait_for(station.recv(), 20))
                assert answer[:2] == [3, "2"]
                assert (await closed(station, 20))[0] == 1012


async def test_what_a_session_could_not_write_is_written_before_the_end(tmp_path: Path) -> None:
    """The station has gone, its last status was not written; the gateway stops, and the store is back in time."""
    database = tmp_path / "store.db"
    async with Csms(answers).running() as csms:
        config = configuration(("legacy", csms), store=f"sqlite:{database}", limits={"store_seconds": 1})
        async with gateway(tmp_path, config) as running:
            station = await running.station()
            await ask(station, [2, "1", "BootNotification", BOOT])
            with locked(database):
                await ask(station, [2, "2", "StatusNotification", {**STATUS, "info": "the last one"}])
                await station.close()
                await csms.wait(lambda: running.events("session_ended"), 20)
                running.process.send_signal(signal.SIGTERM)
                await csms.wait(lambda: running.events("drain_ended"), 20)
                await asyncio.sleep(2.5)  # longer than SQLite itself waits: the session's own attempt has failed
                assert not is_stored(database, "the last one")
            await asyncio.wait_for(running.process.wait(), 20)
            assert running.events("parked_lost") == []
        assert is_stored(database, "the last one")


async def test_a_second_signal_stops_at_once_and_forgets_nothing(tmp_path: Path) -> None:
    """A call at work, a status that the store was to hear of in a moment, and a station that does not say goodbye."""
    database = tmp_path / "store.db"

    def unless_heartbeat(frame: Frame) -> Any:
        return None if frame[2] == "Heartbeat" else answers(frame)

    async with Csms(unless_heartbeat).running() as csms:
        config = configuration(("legacy", csms), store=f"sqlite:{database}")
        async with gateway(tmp_path, config) as running:
            station = await running.station()
            await ask(station, [2, "1", "BootNotification", BOOT])
            await station.send('[2,"2","StatusNotification",' + json.dumps({**STATUS, "info": "the last one"}) + "]")
            await station.send('[2,"3","Heartbeat",{}]')
            running.process.send_signal(signal.SIGTERM)
            await csms.wait(lambda: csms.calls("Heartbeat") and running.events("drain_began"), 20)
            station.transport.pause_reading()
            began = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(running.process.wait(), 20)
            # 0.15 s on a machine that has nothing else to do.
            assert time.monotonic() - began < 1.5
            assert running.process.returncode == 0
            station.transport.abort()
        assert is_stored(database, "the last one")


async def test_a_backend_that_a_station_has_left_is_dialled_no_more(tmp_path: Path) -> None:
    old = Csms(answers)
    async with Csms(answers).running() as new:
        config = configuration(("old", old), ("new", new))
        config["backends"]["old"] |= {"hold_seconds": 60}
        async with gateway(tmp_path, config) as running:
            async with old.running():
                station = await running.station()
                await ask(station, [2, "1", "BootNotification", BOOT])
            await new.wait(lambda: running.events("backend_lost"), 20)
            status, told = await running.api("PUT", "/stations/CP-1/route", {"backend": "new", "when": "now"})
            assert status == 200, told
            assert (await ask(station, [2, "2", "Heartbeat", {}]))[0] == 3
            before = len(old.connections)
            async with old.running():
                # A backend that is down is asked every six seconds at the latest, at first every one.
                for number in range(25):
                    assert (await ask(station, [2, f"h{number}", "Heartbeat", {}]))[0] == 3
                    await asyncio.sleep(0.1)
                assert len(old.connections) == before
            await station.close()


async def test_what_a_session_before_could_not_write_is_durable_before_anybody_is_answered(tmp_path: Path) -> None:
    """The successor knows the start that its predecessor could not write, and must not answer from that: after a crash
    nobody would know it."""
    database = tmp_path / "store.db"
    async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
        config = configuration(("cloud", csms), store=f"sqlite:{database}", limits={"store_seconds": 1})
        async with gateway(tmp_path, config) as running:
            with locked(database):
                for number in range(2):
                    station = await running.station()
                    await station.send(json.dumps([2, f"s{number}", "StartTransaction", START]))
                    with suppress(ConnectionClosed):
                        pytest.fail(f"answered: {await asyncio.wait_for(station.recv(), 20)!r}")
                    assert station.close_code == 1012
                assert csms.calls("TransactionEvent") == []
            station = await running.station()
            assert (await ask(station, [2, "s2", "StartTransaction", START], 20))[0] == 3
            await station.close()
