"""The feed and the certificates over HTTP, of one gateway and of two nodes."""

import asyncio
from pathlib import Path

import aiohttp

from tests.gateway.frames_stream import Heard, _read
from tests.integration.test_nodes import two_nodes
from tests.integration.test_switch import Books, Station
from tests.redis_support import RedisServer
from tests.support import Gateway, configuration, gateway


async def watched(running: Gateway, session: aiohttp.ClientSession) -> Heard:
    answer = await session.get(f"http://127.0.0.1:{running.admin}/api/v1/events")
    assert (answer.status, answer.content_type) == (200, "text/event-stream")
    one = Heard()
    one.reading = asyncio.create_task(_read(answer, one))  # type: ignore[attr-defined]
    return one


def statuses(one: Heard, identity: str) -> list[list[str]]:
    changed = [each for name, data in one.events if name == "stations" for each in data["changed"]]
    return [each["statuses"] for each in changed if each["identity"] == identity]


async def test_stations_of_all_nodes_are_followed_from_any(tmp_path: Path, redis: RedisServer) -> None:
    books = Books("ocpp1.6")
    async with books.running(), two_nodes(tmp_path, books, redis.url) as (north, south, _, south_id):
        async with aiohttp.ClientSession() as session:
            one = await watched(north, session)
            await one.wait(lambda: one.events)
            assert [name for name, _ in one.events][:1] == ["fleet"]
            station = await Station("ocpp1.6").connect(south)
            await station.boots()
            await station.status(1, "Charging")
            await one.wait(lambda: ["Charging", "Available"] in statuses(one, "CP-1"))
            await one.wait(lambda: any(data["connected"] == 1 for name, data in one.events if name == "fleet"))
            await station.ws.close()
            gone = {"key": "cp-1", "node": south_id}
            await one.wait(lambda: any(gone in data["gone"] for name, data in one.events if name == "stations"))
            # A node that ends is told of, and its stations are to be read anew.
            await Station("ocpp1.6").connect(south, "/CP-2")
            south.process.terminate()
            await one.wait(lambda: any(len(data["nodes"]) == 1 for name, data in one.events[2:] if name == "fleet"), 30)


async def test_who_watches_is_bounded_and_ends_with_the_gateway(tmp_path: Path) -> None:
    books = Books("ocpp1.6")
    async with books.running(), gateway(tmp_path, configuration(("old", books))) as running:
        url = f"http://127.0.0.1:{running.admin}/api/v1/events"
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            streams = [await session.get(url) for _ in range(32)]
            assert {one.status for one in streams} == {200}
            async with session.get(url) as refused:
                assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
            running.process.terminate()
            async with asyncio.timeout(10):
                await running.process.wait()
                for one in streams:
                    await one.content.read()


async def test_certificates_in_use_are_told_without_their_keys(tmp_path: Path) -> None:
    books = Books("ocpp1.6")
    async with books.running(), gateway(tmp_path, configuration(("old", books)), tls=True) as running:
        status, told = await running.api("GET", "/certificates")
        (one,) = told["certificates"]
        assert (status, one["use"], one["names"]) == (200, "certificate", ["localhost"])
        assert one["file"].endswith("server.crt")
        assert one["expires"] > 1_795_000_000
        assert one["place"] == f"listener 127.0.0.1:{running.port}"
        assert len(one["nodes"]) == 1


async def test_stations_by_tag_with_what_lists_show(tmp_path: Path) -> None:
    books = Books("ocpp1.6")
    stations_file = tmp_path / "stations.yaml"
    stations_file.write_text("CP-1: {tags: [pilot, east]}\nCP-2: {tags: east}\nCP-8: {tags: pilot}\nCP-9: {}\n")
    config = configuration(("old", books), ("new", Books("ocpp1.6")), stations_file=str(stations_file))
    async with books.running(), gateway(tmp_path, config) as running:
        for number in (1, 2):
            station = await Station("ocpp1.6").connect(running, f"/CP-{number}")
            await station.boots()
        _, told = await running.api("GET", "/stations?tag=pilot")
        (one,) = told["stations"]
        assert (one["identity"], one["tags"], one["vendor"]) == ("CP-1", ["east", "pilot"], "Acme")
        assert (one["statuses"], one["transactions_open"]) == (["Available", "Available"], 0)
        _, told = await running.api("GET", "/stations?tag=pilot&connected=false")
        assert [(one["identity"], one["tags"]) for one in told["stations"]] == [("cp-8", ["pilot"])]
        _, one = await running.api("GET", "/stations/CP-1")
        assert (one["route"], one["tags"]) == (None, ["east", "pilot"])
        # It is not connected: its route waits for it, and is told.
        assert (await running.api("PUT", "/stations/CP-8/route", {"backend": "new"}))[0] == 200
        _, one = await running.api("GET", "/stations/CP-8")
        assert (one["route"], one["tags"]) == ({"backend": "new", "migration": None}, ["pilot"])
        _, told = await running.api("GET", "/backends")
        assert [one["follows"] for one in told["backends"]] == [False, False]
