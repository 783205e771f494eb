"""Hostile and broken peers: each text gets its answer, the session lives on, the neighbours notice nothing."""

import asyncio
import json
import random
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

from tests import minimal
from tests.support import Csms, Gateway, ask, closed, configuration, gateway, rss

NESTED = '{"a":' * 300 + "1" + "}" * 300  # less than JSON readers refuse, more than the schema engine walks
CALLERROR, NOTHING, ANSWER = "CALLERROR", "nothing", "an answer"

BAD_CALLS: list[tuple[str, str, Any]] = [
    ("hello", CALLERROR, "-1"),
    ("", CALLERROR, "-1"),
    ("{}", CALLERROR, "-1"),
    ("[]", CALLERROR, "-1"),
    ("null", CALLERROR, "-1"),
    ("[" * 100_000, CALLERROR, "-1"),
    ('[2,"deep","Heartbeat",' + '{"a":' * 100_000, CALLERROR, "deep"),
    ('[2,"deep2","Heartbeat",' + "[" * 100_000 + "]" * 100_000 + "]", CALLERROR, "deep2"),
    ('[2,"nan","Heartbeat",{"x":NaN}]', CALLERROR, "nan"),
    ('[2,"inf","Heartbeat",{"x":-Infinity}]', CALLERROR, "inf"),
    ('[2,"lone","Heartbeat",{"x":"\\ud800"}]', CALLERROR, "lone"),
    ('[2,"short","Heartbeat"]', CALLERROR, "short"),
    ('[2,"long","Heartbeat",{},{}]', CALLERROR, "long"),
    ('[2,"act",["Heartbeat"],{}]', CALLERROR, "act"),
    ('[2,"act2",7,{}]', CALLERROR, "act2"),
    ('[2,"act3",null,{}]', CALLERROR, "act3"),
    ('[2,17,"Heartbeat",{}]', ANSWER, 17),
    ('[2,1.5,"Heartbeat",{}]', CALLERROR, "-1"),
    ('[2,null,"Heartbeat",{}]', CALLERROR, "-1"),
    ('[2,{"id":1},"Heartbeat",{}]', CALLERROR, "-1"),
    ('[2,"","Heartbeat",{}]', CALLERROR, "-1"),
    ('[true,"t","Heartbeat",{}]', CALLERROR, "-1"),
    ('["2","t","Heartbeat",{}]', CALLERROR, "-1"),
    ('[3,"nobody",{}]', NOTHING, None),
    ('[3,"nobody",', NOTHING, None),
    ('[4,"nobody","InternalError","",{}]', NOTHING, None),
    ('[5,"nobody","InternalError","",{}]', NOTHING, None),
    ('[6,"nobody","NotifyPeriodicEventStream",{}]', NOTHING, None),
]
TRANSLATED_ONLY: list[tuple[str, str, Any]] = [
    ('[2,"path","../../v201/schemas/HeartbeatRequest",{}]', CALLERROR, "path"),
    ('[2,"unknown","NoSuchAction",{}]', CALLERROR, "unknown"),
    ('[2,"wrongway","Reset",{"type":"Soft"}]', CALLERROR, "wrongway"),
    ('[2,"list","Heartbeat",[]]', CALLERROR, "list"),
    ('[2,"text","Heartbeat","x"]', CALLERROR, "text"),
    ('[2,"none","Heartbeat",null]', CALLERROR, "none"),
    ('[2,"big","Heartbeat",{"x":1e400}]', CALLERROR, "big"),
    ('[2,"extra","Heartbeat",{"x":1,"y":null}]', ANSWER, "extra"),
    ('[2,"dup","Heartbeat",{"x":1,"x":2}]', ANSWER, "dup"),
    (f'[2,"deep3","Heartbeat",{NESTED}]', CALLERROR, "deep3"),
]
PASSED_ONLY: list[tuple[str, str, Any]] = [
    (f'[2,"deep3","Heartbeat",{NESTED}]', ANSWER, "deep3"),  # counted as what breaks its schema, and passed on
]
LIMITS = {"frames_per_second": 100_000, "connects_per_second": 10_000}


def backend(version: str) -> Csms:
    return Csms(lambda frame: minimal.answer(version, frame[2]), (version,))


async def check(running: Gateway, ws: Any, cases: list[tuple[str, str, Any]]) -> None:
    for number, (text, expected, message_id) in enumerate(cases):
        await ws.send(text)
        marker = f"m{number}"
        await ws.send(json.dumps([2, marker, "Heartbeat", {}]))
        frames = []
        async with asyncio.timeout(10):
            while not frames or frames[-1][1] != marker:
                frame = json.loads(await ws.recv())
                if frame[0] != 2:
                    frames.append(frame)
        assert frames[-1][0] == 3, f"{text[:60]}: the session does not live on: {frames[-1]}"
        if expected == NOTHING:
            assert len(frames) == 1, text[:60]
        else:
            assert len(frames) == 2, text[:60]
            assert frames[0][0] == (4 if expected == CALLERROR else 3), (text[:60], frames[0])
            assert frames[0][1] == message_id, (text[:60], frames[0])


@pytest.mark.parametrize(
    ("station", "csms"),
    [("ocpp1.6", "ocpp1.6"), ("ocpp2.0.1", "ocpp2.0.1"), ("ocpp1.6", "ocpp2.0.1"), ("ocpp2.0.1", "ocpp1.6")],
)
async def test_every_text_gets_its_answer_and_the_session_lives_on(tmp_path: Path, station: str, csms: str) -> None:
    async with backend(csms).running() as upstream:
        config = configuration(("only", upstream), limits=LIMITS)
        async with gateway(tmp_path, config, tls=True) as running:
            neighbour = await running.station("/NEIGHBOUR", station)
            ws = await running.station("/CP-1", station)
            cases = BAD_CALLS + (PASSED_ONLY if station == csms else TRANSLATED_ONLY)
            await check(running, ws, cases)
            assert (await ask(neighbour, [2, "n", "Heartbeat", {}]))[:2] == [3, "n"]
            # The same from the backend's side: nothing of it harms the station.
            for text, _, _ in cases:
                await upstream.send(text)
            assert (await ask(ws, [2, "after", "Heartbeat", {}]))[:2] == [3, "after"]
            assert (await ask(neighbour, [2, "o", "Heartbeat", {}]))[:2] == [3, "o"]
            await ws.close()
            await neighbour.close()


async def test_frames_that_end_the_connection_have_their_close_codes(tmp_path: Path) -> None:
    async with backend("ocpp1.6").running() as csms, gateway(tmp_path, configuration(("only", csms))) as running:
        neighbour = await running.station("/NEIGHBOUR")
        too_big = await running.station("/CP-1")
        with suppress(ConnectionClosed):
            await too_big.send('[2,"a","DataTransfer",{"data":"' + "x" * 2 * 1024 * 1024 + '"}]')
        assert (await closed(too_big))[0] == 1009
        binary = await running.station("/CP-2")
        await binary.send(b"[2]")
        assert (await closed(binary))[0] == 1003
        bad_utf8 = await running.station("/CP-3")
        await bad_utf8._send_raw(b"\xff\xfe") if hasattr(bad_utf8, "_send_raw") else await _raw(bad_utf8, b"\xff\xfe")
        assert (await closed(bad_utf8))[0] == 1007
        assert (await ask(neighbour, [2, "n", "Heartbeat", {}]))[:2] == [3, "n"]
        await csms.wait(lambda: len(csms.closes) == 3)
        await neighbour.close()


async def _raw(ws: Any, payload: bytes) -> None:
    """A masked text frame with any octets in it, which the library would not send."""
    mask = b"\x01\x02\x03\x04"
    masked = bytes(octet ^ mask[place % 4] for place, octet in enumerate(payload))
    ws.transport.write(struct.pack("!BB", 0x80 | Opcode.TEXT, 0x80 | len(payload)) + mask + masked)


async def test_a_flood_of_rubbish_leaves_memory_flat(tmp_path: Path) -> None:
    async with backend("ocpp2.0.1").running() as csms:
        config = configuration(("only", csms), limits=LIMITS, log={"format": "json", "level": "warning"})
        async with gateway(tmp_path, config) as running:
            ws = await running.station()
            chaos = random.Random(7)
            texts = [text for text, _, _ in BAD_CALLS + TRANSLATED_ONLY if len(text) < 5000]

            async def rubbish(count: int) -> None:
                for number in range(count):
                    await ws.send(chaos.choice(texts))
                    if number % 50 == 0:
                        await _until(ws, f"flood{number}-{count}")

            await rubbish(2000)
            before = rss(running.process.pid)
            began = time.monotonic()
            await rubbish(8000)
            assert time.monotonic() - began < 60
            grown = rss(running.process.pid) - before
            assert grown < 8 * 1024, f"{grown} KiB more"
            assert len(running.log) < 500
            await ws.close()


async def _until(ws: Any, marker: str) -> None:
    await ws.send(json.dumps([2, marker, "Heartbeat", {}]))
    async with asyncio.timeout(20):
        while json.loads(await ws.recv())[1] != marker:
            pass


async def test_a_station_that_floods_is_slowed_and_its_neighbour_is_not(tmp_path: Path) -> None:
    async with backend("ocpp1.6").running() as csms:
        config = configuration(("only", csms), limits={"frames_per_second": 20})
        async with gateway(tmp_path, config) as running:
            flood = await running.station("/CP-1")
            neighbour = await running.station("/NEIGHBOUR")
            for number in range(100):
                await flood.send(json.dumps([2, f"f{number}", "Heartbeat", {}]))
            began = time.monotonic()
            for number in range(5):
                assert (await ask(neighbour, [2, f"n{number}", "Heartbeat", {}]))[0] == 3
            assert time.monotonic() - began < 1
            for number in range(100):
                assert json.loads(await asyncio.wait_for(flood.recv(), 10))[1] == f"f{number}"
            assert time.monotonic() - began > 2
            assert await running.metric('ocpp_gateway_rate_limited_total{reason="frames"}') > 0
            await flood.close()
            await neighbour.close()


async def test_a_station_that_does_not_read_is_cut_and_nobody_else(tmp_path: Path) -> None:
    async with Csms(lambda frame: {"status": "Accepted", "data": "y" * 200_000}).running() as csms:
        config = configuration(("only", csms), limits={"write_seconds": 1, **LIMITS})
        async with gateway(tmp_path, config) as running:
            deaf = await running.station("/DEAF")
            deaf.transport.pause_reading()
            neighbour = await running.station("/NEIGHBOUR")

            async def pour() -> None:
                for number in range(400):
                    await deaf.send(json.dumps([2, f"d{number}", "DataTransfer", {"vendorId": "x"}]))

            pouring = asyncio.create_task(pour())
            for number in range(200):
                answer = await ask(neighbour, [2, f"n{number}", "DataTransfer", {"vendorId": "x"}], 2)
                assert answer[0] == 3
                if csms.closes:
                    break
                await asyncio.sleep(0.05)
            assert csms.closes
            pouring.cancel()
            await asyncio.gather(pouring, return_exceptions=True)
            deaf.transport.abort()
            await neighbour.close()
