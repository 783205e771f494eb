"""The load generator on the mock CSMS, over real sockets, without a proxy between them."""

import asyncio
import gc
import json
from collections.abc import Iterator

import pytest
from ocpp.messages import Call, validate_payload

from tests.bench.csms import Tally, serve
from tests.bench.load import Load


@pytest.fixture(autouse=True)
def garbage_collector() -> Iterator[None]:
    """A load switches it off, for a process of its own."""
    yield
    gc.unfreeze()
    gc.enable()


async def test_stations_open_and_are_answered_as_fast_as_they_ask() -> None:
    tally = Tally()
    async with await serve(tally) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        report = await Load(url, None, 5, None, None).run(0.05, 0.3)
    assert report["errors"] == {}
    assert report["round_trips"] > 50
    assert 0 < report["p50_us"] <= report["p99_us"]
    seen = tally.report()
    assert seen["calls"]["ocpp1.6 BootNotification"] == seen["calls"]["ocpp1.6 StartTransaction"] == 5
    assert seen["calls"]["ocpp1.6 MeterValues"] >= report["round_trips_ever"]
    assert len(seen["samples"]) == 5, "boot, status, start, the first meter values and later ones"
    for _, text in seen["samples"]:
        _, identifier, action, payload = json.loads(text)
        await validate_payload(Call(identifier, action, payload), "1.6")


async def test_a_light_load_keeps_its_rate() -> None:
    async with await serve(Tally()) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        report = await Load(url, None, 4, 100.0, None).run(0.05, 0.5)
    assert report["errors"] == {}
    assert 30 <= report["round_trips"] <= 55


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
    with pytest.raises(ConnectionRefusedError):
        await Load("ws://127.0.0.1:1", None, 2, None, None).run(0.0, 0.1)
