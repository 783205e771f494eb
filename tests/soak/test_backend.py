"""The simulated backend as a process: its books outlive a kill, and it misbehaves when told to."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.soak.dialects import V16, V201, Charge, Said, has_register, moment, read
from tests.soak.history import History
from tests.soak.parts import BackendProcess


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[BackendProcess]:
    one = BackendProcess(History("test"), tmp_path, V16)
    await one.start()
    yield one
    await one.stop()


async def dial(backend: BackendProcess, identity: str = "S-1") -> ClientConnection:
    return await connect(
        f"ws://127.0.0.1:{backend.port}/ocpp/{identity}", subprotocols=[Subprotocol(V16)], compression=None
    )


def start(wh: int) -> list[Any]:
    said = Said("start", wh, moment(1_700_000_000), Charge("T1"), 0)
    return [2, f"m{wh}", *said.call(V16)]


async def said(ws: ClientConnection, frame: list[Any]) -> list[Any]:
    await ws.send(json.dumps(frame))
    async with asyncio.timeout(10):
        reply: list[Any] = json.loads(await ws.recv())
    return reply


async def test_a_start_keeps_its_number_over_a_kill(backend: BackendProcess) -> None:
    ws = await dial(backend)
    first = await said(ws, start(1))
    assert (await said(ws, start(2)))[2]["transactionId"] != first[2]["transactionId"]
    await backend.kill()
    await backend.start()
    ws = await dial(backend)
    assert await said(ws, start(1)) == first
    assert (await said(ws, start(3)))[2]["transactionId"] == 3
    assert [event.key for event in backend.events() if event.kind == "recv"] == [
        "start:1",
        "start:2",
        "start:1",
        "start:3",
    ]
    assert [event.kind for event in backend.events() if event.kind == "started"] == ["started"] * 2
    await ws.close()


@pytest.mark.parametrize("status", [401, 404, 503])
async def test_refusing(backend: BackendProcess, status: int) -> None:
    await backend.set(refuse=status)
    with pytest.raises(InvalidStatus) as refused:
        await dial(backend)
    assert refused.value.response.status_code == status


async def test_without_a_subprotocol(backend: BackendProcess) -> None:
    await backend.set(refuse=1)
    ws = await dial(backend)
    assert ws.subprotocol is None
    await ws.close()


async def test_late_twice_wrong_and_error(backend: BackendProcess) -> None:
    ws = await dial(backend)
    await backend.set(twice=1)
    assert await said(ws, start(1)) == json.loads(await ws.recv())
    await backend.set(wrong_id=1)
    assert (await said(ws, start(2)))[1] == "not-m2"
    await backend.set(error="InternalError")
    assert (await said(ws, start(3)))[:3] == [4, "m3", "InternalError"]
    await backend.set(error="", stall=True)
    await ws.send(json.dumps(start(4)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ws.recv(), 0.2)
    await backend.set(stall=False)
    assert json.loads(await asyncio.wait_for(ws.recv(), 5))[1] == "m4"
    await ws.close()


async def test_it_calls_and_notes_the_answer(backend: BackendProcess) -> None:
    await backend.set(calls_per_second=50.0)
    ws = await dial(backend)
    call = json.loads(await asyncio.wait_for(ws.recv(), 5))
    await said(ws, [3, call[1], {"status": "Accepted", "data": call[3]["data"]}])
    answered = next(event for event in backend.events() if event.kind == "answered")
    assert answered.about == {"sent": call[3]["data"], "got": call[3]["data"]}
    await ws.send(json.dumps([3, "never asked", {}]))
    async with asyncio.timeout(5):
        while not any(event.kind == "stray" for event in backend.events()):
            await asyncio.sleep(0.02)
    await ws.close()


async def test_a_stopped_one_wakes_and_a_cut_one_is_gone(backend: BackendProcess) -> None:
    ws = await dial(backend)
    backend.pause()
    await ws.send(json.dumps(start(1)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ws.recv(), 0.2)
    backend.wake()
    assert json.loads(await asyncio.wait_for(ws.recv(), 5))[1] == "m1"
    await backend.set(cut=1)
    await asyncio.wait_for(ws.wait_closed(), 5)


@pytest.mark.parametrize("version", [V16, V201])
@pytest.mark.parametrize("kind", ["start", "meter", "stop"])
def test_a_backend_reads_what_a_station_says(version: str, kind: str) -> None:
    message = Said(kind, 1234, moment(1_700_000_000), Charge("T1", 7 if version == V16 else "tx-7"), 2)
    action, payload = message.call(version)
    got = read(action, payload)
    assert has_register(action)
    assert (got.key, got.at) == (message.key, "2023-11-14T22:13:20Z")
    assert got.seq == (2 if version == V201 else None)
    assert got.number == ("" if (version, kind) == (V16, "start") else {V16: "7", V201: "tx-7"}[version])
