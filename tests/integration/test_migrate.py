"""Whole fleets moved in waves, over real sockets and through the admin API."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.store.redis_scripts import memory_key
from tests.integration.test_nodes import two_nodes
from tests.integration.test_switch import Books, Station
from tests.redis_support import RedisServer
from tests.support import Gateway, configuration, gateway


@asynccontextmanager
async def fleet(
    folder: Path, old: Books, new: Books, count: int, version: str = "ocpp1.6", **more: Any
) -> AsyncIterator[tuple[Gateway, list[Station]]]:
    config = configuration(("old", old), ("new", new), store=f"sqlite:{folder}/store.db", **more)
    async with old.running(), new.running(), gateway(folder, config) as running:
        yield running, [await booted(running, number, version) for number in range(count)]


async def booted(running: Gateway, number: int, version: str = "ocpp1.6") -> Station:
    station = await Station(version).connect(running, f"/CP-{number}")
    await station.boots()
    return station


async def start(running: Gateway, **more: Any) -> Any:
    body = {"name": "move", "to": "new", "wave_size": 3, "wave_interval_seconds": 0, **more}
    status, told = await running.api("POST", "/migrations", body)
    assert status in (200, 201), told
    return told


async def until(running: Gateway, holds: Callable[[Any], bool], seconds: float = 30.0, name: str = "move") -> Any:
    seen: Any = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                status, seen = await running.api("GET", f"/migrations/{name}")
                if status == 200 and holds(seen):
                    return seen
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{seen}\n{''.join(running.log[-20:])}") from None


def is_state(state: str) -> Callable[[Any], bool]:
    return lambda one: bool(one["state"] == state)


async def tell(running: Gateway, verb: str) -> Any:
    status, told = await running.api("POST", f"/migrations/move/{verb}")
    assert status == 200, told
    return told


async def backends(running: Gateway) -> list[str]:
    _, page = await running.api("GET", "/stations")
    return [one["backend"] for one in page["stations"]]


async def test_a_plan_says_what_becomes_of_every_station(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    stations_file = tmp_path / "stations.yaml"
    stations_file.write_text("CP-9: {tags: pilot}\n")
    async with fleet(tmp_path, old, new, 2, stations_file=str(stations_file)) as (running, stations):
        await stations[1].starts16()
        plan = await start(running, dry_run=True)
        facts = {one["identity"]: (one["action"], one["speaks"], one["will_speak"]) for one in plan["stations"]}
        assert facts == {
            "CP-0": ("switch", "ocpp1.6", "ocpp2.0.1"),
            "CP-1": ("wait", "ocpp1.6", "ocpp2.0.1"),
            "cp-9": ("route", None, None),
        }
        assert plan["summary"] == {"switch": 1, "wait": 1, "route": 1}
        lost = [(one["action"], one["field"]) for one in plan["losses"]["ocpp1.6>ocpp2.0.1"]]
        assert ("BootNotification", "vendorName") in lost
        plan = await start(running, dry_run=True, select={"tag": "pilot"})
        assert [one["identity"] for one in plan["stations"]] == ["cp-9"]
        assert (await running.api("GET", "/migrations"))[1] == {"migrations": []}
        status, problem = await running.api("POST", "/migrations", {"name": "-", "to": "x", "wave_size": 0})
        assert (status, len(problem["mistakes"])) == (422, 3)


async def test_a_fleet_moves_in_waves_and_comes_home_again(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    async with fleet(tmp_path, old, new, 7) as (running, stations):
        told = await start(running)
        assert told["state"] == "running"
        assert (await running.api("POST", "/migrations", {"name": "move", "to": "new"}))[0] == 409
        one = await until(running, is_state("done"))
        assert one["counts"]["done"] == 7
        assert sorted(station["wave"] for station in one["stations"]) == [0, 1, 1, 1, 2, 2, 2]
        assert await backends(running) == ["new"] * 7
        assert len(new.calls("BootNotification")) == 7
        assert await running.metric('ocpp_gateway_migration_stations{migration="move",state="done"}') == 7
        await tell(running, "rollback")
        one = await until(running, is_state("rolled_back"))
        assert one["counts"]["returned"] == 7
        assert await backends(running) == ["old"] * 7
        for station in stations:
            await station.call("Heartbeat", {})
        assert (len(old.calls("Heartbeat")), len(new.calls("Heartbeat"))) == (7, 0)
        assert (await running.api("POST", "/migrations/move/pause"))[0] == 409
        assert (await running.api("GET", "/migrations/nobody"))[0] == 404


async def test_a_guard_stops_what_fails(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    new.boot = "Rejected"
    async with fleet(tmp_path, old, new, 4) as (running, _):
        await start(running)
        one = await until(running, is_state("aborted"))
        assert (one["counts"]["failed"], one["counts"]["pending"]) == (1, 3)
        assert any("boot_refused" in station["why"] for station in one["stations"])
        assert await backends(running) == ["old"] * 4
        new.boot = "Accepted"
        await tell(running, "resume")
        one = await until(running, is_state("done"))
        assert (one["counts"]["failed"], one["counts"]["done"]) == (1, 3)


async def test_who_charges_is_waited_for_and_who_is_away_is_moved_when_it_comes(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    stations_file = tmp_path / "stations.yaml"
    stations_file.write_text("CP-9: {}\n")
    async with fleet(tmp_path, old, new, 2, stations_file=str(stations_file)) as (running, stations):
        number = await stations[1].starts16()
        await start(running)
        one = await until(
            running, lambda one: bool(one["counts"]["waiting_idle"] == 1 and one["counts"]["offline"] == 1)
        )
        assert one["state"] == "running"
        await stations[1].stops16(number, 2000)
        one = await until(running, is_state("done"))
        assert (one["counts"]["done"], one["counts"]["offline"]) == (2, 1)
        assert (old.open, new.calls("TransactionEvent")) == ([], [])
        await booted(running, 9)
        await until(running, lambda one: bool(one["counts"]["done"] == 3))
        assert await backends(running) == ["new"] * 3


async def test_everybody_charges_while_the_fleet_moves_to_and_fro(tmp_path: Path) -> None:
    """The books of both backends balance, and each Wh stands in one of them only."""
    old, new = Books("ocpp1.6", 7), Books("ocpp1.6", 1000)
    async with fleet(tmp_path, old, new, 6) as (running, stations):
        numbers = [await station.starts16(1000 * place) for place, station in enumerate(stations)]
        await start(running, when="now")
        await until(running, is_state("done"))
        await asyncio.gather(
            *(station.meters16(number, 99_000) for station, number in zip(stations, numbers, strict=True))
        )
        for station, number in zip(stations[:3], numbers, strict=False):
            await station.stops16(number, 100_000)
        await tell(running, "rollback")
        await until(running, is_state("rolled_back"))
        for station, number in zip(stations[3:], numbers[3:], strict=True):
            await station.stops16(number, 100_000)
        await new.wait(lambda: not new.open)
        assert (old.open, new.open) == ([], [])
        assert energy(old, 7) + energy(new, 1000) == sum(100_000 - 1000 * place for place in range(6))


def energy(books: Books, first: int) -> int:
    """Wh between the starts and the stops of a 1.6 CSMS."""
    starts = {first + place: start["meterStart"] for place, start in enumerate(books.calls("StartTransaction"))}
    stops = {stop["transactionId"]: stop["meterStop"] for stop in books.calls("StopTransaction")}
    assert starts.keys() == stops.keys()
    return sum(stops[number] - start for number, start in starts.items())


async def test_a_migration_goes_on_after_a_crash(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    slow = asyncio.Event()
    answered = new.answer

    async def hold(frame: Any) -> Any:
        if len(new.calls("BootNotification")) > 3:
            await slow.wait()
        return answered(frame)

    new.answer = hold
    config = configuration(("old", old), ("new", new), store=f"sqlite:{tmp_path}/store.db")
    async with old.running(), new.running():
        async with gateway(tmp_path, config) as running:
            for number in range(7):
                await booted(running, number)
            await start(running)
            await until(running, lambda one: bool(one["counts"]["switching"] and one["counts"]["done"]))
            running.process.send_signal(signal.SIGKILL)
            await running.process.wait()
        slow.set()
        async with gateway(tmp_path, config) as running:
            again = [await Station("ocpp1.6").connect(running, f"/CP-{number}") for number in range(7)]
            one = await until(running, is_state("done"), 60)
            assert one["counts"]["done"] == 7
            assert await backends(running) == ["new"] * 7
            for station in again:
                await station.call("Heartbeat", {})
            assert len(new.calls("Heartbeat")) == 7


async def test_any_node_moves_any_station(tmp_path: Path, redis: RedisServer) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    more = {"backends": configuration(("legacy", old), ("new", new))["backends"]}
    async with new.running(), old.running(), two_nodes(tmp_path, old, redis.url, **more) as (north, south, *_):
        stations = [await booted((north, south)[number % 2], number) for number in range(6)]
        status, told = await south.api("PUT", "/stations/CP-0/route", {"backend": "new"})
        assert (status, told["backend"]) == (200, "new")
        await start(north)
        one = await until(south, is_state("done"))
        assert one["counts"]["done"] == 5
        assert await backends(north) == ["new"] * 6
        status, told = await south.api("POST", "/migrations/move/rollback")
        assert status == 200, told
        await until(north, is_state("rolled_back"))
        assert sorted(await backends(south)) == ["legacy"] * 5 + ["new"]
        for station in stations:
            await station.call("Heartbeat", {})


def holding(books: Books) -> asyncio.Event:
    """From the fourth on its boots are answered when the event is set."""
    goes_on, answered = asyncio.Event(), books.answer

    async def hold(frame: Any) -> Any:
        if frame[2] == "BootNotification" and len(books.calls("BootNotification")) > 3:
            async with asyncio.timeout(40):
                await goes_on.wait()
        return answered(frame)

    books.answer = hold
    return goes_on


async def test_the_node_that_runs_a_wave_is_killed_in_it_and_another_goes_on(
    tmp_path: Path, redis: RedisServer
) -> None:
    """Everybody charges on both nodes; what is begun is finished by the node that is left, and the books balance."""
    old, new = Books("ocpp1.6", 7), Books("ocpp1.6", 1000)
    goes_on = holding(new)
    more = {"backends": configuration(("legacy", old), ("new", new))["backends"]}
    async with new.running(), old.running(), two_nodes(tmp_path, old, redis.url, **more) as (north, south, *_):
        stations = [await booted((north, south)[place % 2], place) for place in range(8)]
        numbers = [await station.starts16(1000 * place) for place, station in enumerate(stations)]
        # A boot is written behind, and a station that comes back without one cannot be moved: that is another story.
        async with asyncio.timeout(10):
            while not all(redis.admin.hexists(memory_key(f"cp-{place}", ""), "story/boot") for place in range(8)):
                await asyncio.sleep(0.02)
        await start(north, when="now", canary=False, wave_size=8)
        await until(south, lambda one: bool(one["counts"]["switching"] and one["counts"]["done"]))
        (runner,) = [one for one in (north, south) if one.events("migration_taken_up")]
        left = south if runner is north else north
        runner.process.send_signal(signal.SIGKILL)
        await runner.process.wait()
        goes_on.set()
        for place, station in enumerate(stations):
            if (north, south)[place % 2] is runner:
                await station.ws.close()
                stations[place] = await Station("ocpp1.6").connect(left, f"/CP-{place}")
        one = await until(left, is_state("done"), 60)
        assert one["counts"]["done"] == 8
        assert await backends(left) == ["new"] * 8
        for station, number in zip(stations, numbers, strict=True):
            await station.stops16(number, 100_000)
        # What the killed node had carried and not yet told the former backend of stays open there: an operator's to end.
        stops = {stop["transactionId"]: stop["meterStop"] for stop in old.calls("StopTransaction")}
        told = dict(enumerate((start["meterStart"] for start in old.calls("StartTransaction")), 7))
        assert all(meter == told[number] for number, meter in stops.items())
        billed = [stop["meterStop"] for stop in new.calls("StopTransaction")]
        assert billed.count(100_000) == 8


async def test_a_rollback_in_the_middle_of_a_wave_told_to_another_node(tmp_path: Path, redis: RedisServer) -> None:
    old, new = Books("ocpp1.6", 7), Books("ocpp1.6", 1000)
    goes_on = holding(new)
    more = {"backends": configuration(("legacy", old), ("new", new))["backends"]}
    async with new.running(), old.running(), two_nodes(tmp_path, old, redis.url, **more) as (north, south, *_):
        stations = [await booted((north, south)[place % 2], place) for place in range(8)]
        numbers = [await station.starts16(1000 * place) for place, station in enumerate(stations)]
        await start(north, when="now", canary=False, wave_size=6)
        await until(south, lambda one: bool(one["counts"]["switching"] and one["counts"]["done"] >= 1))
        # Any node takes any command, whoever runs it and wherever the stations are.
        for verb, state in (("pause", "paused"), ("resume", "running"), ("rollback", "rolling_back")):
            for running in (north, south):
                status, told = await running.api("POST", f"/migrations/move/{verb}")
                if status == 200:
                    assert told["state"] == state
                    break
                assert status == 409, told
            else:
                raise AssertionError(verb)
        assert (await south.api("POST", "/migrations/move/rollback"))[0] == 409
        goes_on.set()
        one = await until(south, is_state("rolled_back"), 60)
        assert one["counts"]["returned"] == 8
        assert await backends(north) == ["legacy"] * 8
        for station, number in zip(stations, numbers, strict=True):
            await station.stops16(number, 100_000)
        await new.wait(lambda: not new.open)
        assert (old.open, new.open) == ([], [])
        assert energy(old, 7) == sum(100_000 - 1000 * place for place in range(8))
        assert energy(new, 1000) == 0
