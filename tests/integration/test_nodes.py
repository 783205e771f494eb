"""Two gateway processes on one Redis: a station has one session, wherever it connects, and an operator reaches it from
anywhere."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.minimal import answer
from tests.redis_support import RedisServer
from tests.support import Csms, Gateway, ask, closed, configuration, gateway
from tests.tcp_proxy import TcpProxy

BOOT = [2, "b", "BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"}]
HEARTBEAT = [2, "h", "Heartbeat", {}]
OTHER_NODE = 'ocpp_gateway_takeovers_total{reason="other_node"}'
LOST_LEASE = 'ocpp_gateway_takeovers_total{reason="lost_lease"}'


def csms(version: str = "ocpp1.6") -> Csms:
    return Csms(lambda frame: answer(version, frame[2]), (version,))


@asynccontextmanager
async def two_nodes(
    folder: Path, backend: Csms, *urls: str, **more: Any
) -> AsyncIterator[tuple[Gateway, Gateway, str, str]]:
    """Two gateways with the ids of their nodes; `urls` are their ways to Redis."""
    places = [folder / "north", folder / "south"]
    for place in places:
        place.mkdir()
    hold_seconds = more.pop("hold_seconds", 10)
    configs = [configuration(("legacy", backend), store=url, **more) for url in (urls[0], urls[-1])]
    for config in configs:
        config["backends"]["legacy"]["hold_seconds"] = hold_seconds
    async with gateway(places[0], configs[0]) as north, gateway(places[1], configs[1]) as south:
        nodes = {tuple(node["addresses"]): node["id"] for node in await nodes_of(south)}
        yield north, south, nodes[(f"127.0.0.1:{north.port}",)], nodes[(f"127.0.0.1:{south.port}",)]


async def nodes_of(running: Gateway) -> list[dict[str, Any]]:
    status, body = await running.api("GET", "/nodes")
    assert status == 200, body
    nodes: list[dict[str, Any]] = body["nodes"]
    return nodes


async def test_a_station_that_connects_to_another_node_is_taken_over_there(tmp_path: Path, redis: RedisServer) -> None:
    async with csms().running() as backend, two_nodes(tmp_path, backend, redis.url) as (north, south, north_id, _):
        older = await north.station()
        await ask(older, BOOT)
        began = time.monotonic()
        newer = await south.station()
        # The close frame; the end of the connection may follow a moment later.
        while older.protocol.close_rcvd is None:
            assert time.monotonic() - began < 1.0
            await asyncio.sleep(0.005)
        assert await closed(older) == (1008, "replaced by a newer connection")
        assert (await ask(newer, HEARTBEAT))[0] == 3
        assert await north.metric(OTHER_NODE) == 1
        # And back again: what the old session still had to do took nothing from the new one.
        newest = await north.station()
        assert (await closed(newer))[0] == 1008
        assert (await ask(newest, HEARTBEAT))[0] == 3
        _, one = await south.api("GET", "/stations/CP-1")
        assert (one["node"], one["vendor"]) == (north_id, "Acme")
        assert len([n for n in range(len(backend.connections)) if n >= len(backend.closes)]) == 1


async def test_an_operator_reaches_every_station_from_any_node(tmp_path: Path, redis: RedisServer) -> None:
    async with csms().running() as backend, two_nodes(tmp_path, backend, redis.url) as (north, south, *ids):
        assert [node["id"] for node in await nodes_of(north)] == sorted(ids)
        stations = {f"CP-{n}": await (north, south)[n % 2].station(f"/CP-{n}") for n in range(4)}
        for running in (north, south):
            _, page = await running.api("GET", "/stations")
            assert [one["identity"] for one in page["stations"]] == sorted(stations)
            assert {one["node"] for one in page["stations"]} == set(ids)
            _, page = await running.api("GET", "/stations?limit=3")
            _, rest = await running.api("GET", f"/stations?limit=3&cursor={page['next_cursor']}")
            assert [one["identity"] for one in page["stations"] + rest["stations"]] == sorted(stations)
            for name, station in stations.items():
                body = {"action": "ClearCache", "payload": {}}
                calling = asyncio.create_task(running.api("POST", f"/stations/{name}/call", body))
                frame = json.loads(await station.recv())
                await station.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
                status, told = await calling
                assert (status, told["payload"]) == (200, {"status": "Accepted"})
            _, backends = await running.api("GET", "/backends")
            assert backends["backends"][0]["stations"] == 4
        assert (await north.api("POST", "/stations/CP-1/disconnect"))[0] == 200
        assert (await closed(stations["CP-1"]))[0] == 1012
        assert (await north.api("POST", "/stations/CP-9/disconnect"))[0] == 404


async def test_a_notice_that_was_lost_is_made_good_by_the_heartbeat(tmp_path: Path, redis: RedisServer) -> None:
    async with csms().running() as backend, two_nodes(tmp_path, backend, redis.url) as (north, south, *_):
        older = await north.station()
        assert redis.admin.client_kill_filter(_type="pubsub") >= 2
        newer = await south.station()
        assert (await closed(older))[0] == 1008
        assert (await ask(newer, HEARTBEAT))[0] == 3
        assert await north.metric(LOST_LEASE) + await north.metric(OTHER_NODE) == 1


async def test_a_node_that_is_cut_off_gives_up_what_it_lost_once_it_can_know(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with TcpProxy(redis.port).running() as proxy, csms("ocpp2.0.1").running() as backend:
        through = f"redis://127.0.0.1:{proxy.port}/0"
        async with two_nodes(tmp_path, backend, through, redis.url) as (north, south, _, south_id):
            older = await north.station()
            await ask(older, BOOT)
            proxy.cut()
            newer = await south.station()
            start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}
            assert (await ask(newer, [2, "t", "StartTransaction", start]))[0] == 3
            proxy.heal()
            began = time.monotonic()
            assert (await closed(older, 20))[0] == 1008
            assert time.monotonic() - began < 10
            # It has written nothing over what the new owner did.
            _, one = await south.api("GET", "/stations/CP-1")
            assert (one["node"], len(one["transactions"])) == (south_id, 1)
            assert (await ask(newer, HEARTBEAT))[0] == 3
            owner = redis.admin.hgetall(next(redis.admin.scan_iter("ocpp-gateway:{cp-1}*owner*")))
            assert owner[b"node"].decode() == south_id


class OneConnection(Csms):
    """Closes the older connection of a station that comes again, as most do."""

    async def _handle(self, ws: Any) -> None:
        older, self.newest = getattr(self, "newest", None), ws
        if older is not None:
            await older.close(1000, "a newer connection")
        await super()._handle(ws)


async def test_a_node_that_is_cut_off_does_not_fight_for_the_backend(tmp_path: Path, redis: RedisServer) -> None:
    """Frames that pass through need no store: only the backend tells the node that the station is elsewhere."""
    backend = OneConnection(lambda frame: answer("ocpp1.6", frame[2]), ("ocpp1.6",))
    async with TcpProxy(redis.port).running() as proxy, backend.running():
        through = f"redis://127.0.0.1:{proxy.port}/0"
        limits = {"store_seconds": 1}
        async with two_nodes(tmp_path, backend, through, redis.url, limits=limits, hold_seconds=3) as (
            north,
            south,
            *_,
        ):
            older = await north.station()
            await ask(older, BOOT)
            proxy.cut()
            newer = await south.station()
            await ask(newer, [2, "n", "Heartbeat", {}])
            # The old session does not dial again over the new one, and ends while it is still cut off.
            assert (await closed(older, 20))[0] == 1012
            assert len(backend.connections) == 2
            assert (await ask(newer, HEARTBEAT))[0] == 3
            # Had the new one been the one that was closed, it would have come back: it owns the station.
            await backend.connections[-1].close(1000)
            await backend.wait(lambda: len(backend.connections) == 3)
            assert (await ask(newer, HEARTBEAT))[0] == 3


async def test_a_node_that_was_killed_is_noticed(tmp_path: Path, redis: RedisServer) -> None:
    async with csms().running() as backend, two_nodes(tmp_path, backend, redis.url) as (north, south, north_id, _):
        await north.station()
        assert len(await nodes_of(south)) == 2
        north.process.kill()
        began = time.monotonic()
        newer = await south.station()  # nobody has to be waited for
        assert time.monotonic() - began < 3
        assert (await ask(newer, HEARTBEAT))[0] == 3
        async with asyncio.timeout(15):
            while north_id in [node["id"] for node in await nodes_of(south)]:
                await asyncio.sleep(0.2)
        _, page = await south.api("GET", "/stations")
        assert (len(page["stations"]), page["unreachable_nodes"]) == (1, [])


async def test_an_emptied_redis_has_everything_again_within_a_heartbeat(tmp_path: Path, redis: RedisServer) -> None:
    async with csms().running() as backend, two_nodes(tmp_path, backend, redis.url) as (north, south, *ids):
        station = await north.station()
        redis.admin.flushall()
        async with asyncio.timeout(10):
            while (await south.api("GET", "/stations/CP-1"))[1].get("connected") is not True:
                await asyncio.sleep(0.1)
            while [node["id"] for node in await nodes_of(north)] != sorted(ids):
                await asyncio.sleep(0.1)
        assert (await ask(station, HEARTBEAT))[0] == 3


async def test_workers_of_one_machine_are_nodes(tmp_path: Path, redis: RedisServer) -> None:
    async with csms().running() as backend:
        config = configuration(("legacy", backend), store=redis.url)
        async with gateway(tmp_path, config, workers=2) as running:
            async with asyncio.timeout(15):
                while sorted(node["worker"] for node in await nodes_of(running)) != [0, 1]:
                    await asyncio.sleep(0.1)
            stations = {f"CP-{n}": await running.station(f"/CP-{n}") for n in range(6)}
            for _ in range(8):  # the kernel deals them out: now one worker, now the other
                newer = await running.station("/CP-0")
                assert (await closed(stations["CP-0"]))[0] == 1008
                stations["CP-0"] = newer
            assert (await ask(stations["CP-0"], HEARTBEAT))[0] == 3
            _, page = await running.api("GET", "/stations")
            assert [one["identity"] for one in page["stations"]] == sorted(stations)
            # A drain is the whole tree's, whichever worker heard of it.
            assert (await running.api("POST", "/drain"))[0] == 202
            for station in stations.values():
                assert (await closed(station))[0] == 1012
            async with asyncio.timeout(20):
                assert await running.process.wait() == 0
