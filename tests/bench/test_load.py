"""The load generator on the mock CSMS, over real sockets, without a proxy between them."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from ocpp.messages import Call, validate_payload

from tests.bench.csms import Tally, serve
from tests.bench.load import Load
from tests.bench.messages import SCRIPTS


@pytest.fixture(autouse=True)
def garbage_collector() -> Iterator[None]:
    """A load switches it off, for a process of its own."""
    yield
    gc.unfreeze()
    gc.enable()


@asynccontextmanager
async def load_on(tally: Tally, script: str = "meter-1.6") -> AsyncIterator[Load]:
    async with await serve(tally) as server:
        load = Load()
        await load.at(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", script, "T")
        yield load
        await load.cut()


@pytest.mark.parametrize("script", ["meter-1.6", "meter-2.0.1", "clock-1.6"])
async def test_stations_open_and_are_answered_as_fast_as_they_ask(script: str) -> None:
    tally = Tally()
    async with load_on(tally, script) as load:
        assert (await load.open(5))["open"] == 5
        await load.start()
        await load.record()
        await asyncio.sleep(0.3)
        report = await load.report()
        ever = (await load.stop())["round_trips_ever"]
    assert report["errors"] == {}
    assert report["round_trips"] > 50
    assert 0 < report["us"]["50"] <= report["us"]["99"]
    seen = tally.report()
    said = SCRIPTS[script]
    for action, _ in said.opening[:2]:
        assert seen["calls"][f"{said.subprotocol} {action}"] == 5
    assert seen["calls"][f"{said.subprotocol} {said.action}"] >= ever
    assert len(seen["samples"]) == len(said.opening) + 2 - (script == "meter-2.0.1"), (
        "the first of each, and later ones"
    )
    for subprotocol, text in seen["samples"]:
        _, identifier, action, payload = json.loads(text)
        await validate_payload(Call(identifier, action, payload), subprotocol.removeprefix("ocpp"))


async def test_a_light_load_keeps_its_rate() -> None:
    async with load_on(Tally()) as load:
        await load.open(4)
        await load.start(100.0)
        await load.record()
        await asyncio.sleep(0.5)
        report = await load.report()
        await load.stop()
    assert report["errors"] == {}
    assert 25 <= report["round_trips"] <= 100 * report["seconds"] + 5


async def test_a_station_that_is_lost_comes_back_and_is_counted() -> None:
    async with load_on(Tally(), "idle-1.6") as load:
        await load.open(3)
        await load.follow()
        load._stations[1].close()
        async with asyncio.timeout(20):
            while (await load.followed())["back"] < 1:
                await asyncio.sleep(0.02)
        report = await load.followed()
    assert (report["lost"], report["back"]) == (1, 1)
    assert report["seconds"] > 0


async def test_a_lost_station_that_nobody_expected_is_an_error() -> None:
    async with load_on(Tally(), "idle-1.6") as load:
        await load.open(2)
        await load.record()
        load._stations[0].close()
        await load._stations[0].gone
        assert (await load.report())["errors"] == {"connection lost": 1}


async def test_the_csms_speaks_both_versions_and_no_other() -> None:
    async with await serve(Tally()) as server:
        port = server.sockets[0].getsockname()[1]
        for offered, status in (("ocpp1.6", b"101"), ("ocpp2.1, ocpp2.0.1", b"101"), ("ocpp1.5", b"400")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"GET /X HTTP/1.1\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Protocol: {offered}\r\n\r\n"
            writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.split(b" ")[1] == status
            assert status == b"400" or offered.split(", ")[-1].encode() in answer
            writer.close()


async def test_nobody_there_is_an_error_and_not_a_figure() -> None:
    load = Load()
    await load.at("ws://127.0.0.1:1", "meter-1.6", "T")
    with pytest.raises(ConnectionRefusedError):
        await load.open(2)
