"""Every case of `cases.py` towards both sides of the gateway: the right close code, the message untouched, the pong;
and nobody else notices."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.integration.websocket import raw
from tests.integration.websocket.cases import CASES, LIMIT, THROUGH, Case, call
from tests.integration.websocket.raw import CLOSE, PONG, TEXT, Backend, Peer
from tests.support import Csms, ask, configuration, gateway

SECONDS = 20.0
LIMITS = {"connects_per_second": 10_000, "max_frame_bytes": LIMIT, "frames_per_second": 1000}


async def outcome(peer: Peer, case: Case, arrived: "asyncio.Future[bool]") -> int | bytes | str:
    """What the case led to: a close code, the payload of a pong, THROUGH, or words."""
    writing = asyncio.create_task(peer.write(*case.chunks(peer.frames, case.call)))
    try:
        async with asyncio.timeout(SECONDS):
            if case.leads_to == THROUGH:
                return THROUGH if await arrived else "closed"
            while True:
                opcode, payload = await peer.read()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2], "big") if payload else 1005
                if opcode == PONG and payload == case.leads_to:
                    return payload
    except (EOFError, OSError) as error:
        return f"cut: {error!r}"
    except TimeoutError:
        return "nothing"
    finally:
        writing.cancel()
        arrived.cancel()
        peer.cut()


async def played(play: Callable[[int, Case], Awaitable[int | bytes | str]], cases: Sequence[Case] = CASES) -> None:
    """All cases, some at a time; each must lead to what the table says."""
    turns = asyncio.Semaphore(8)

    async def one(number: int, case: Case) -> int | bytes | str:
        async with turns:
            return await play(number, case)

    found = await asyncio.gather(*(one(number, case) for number, case in enumerate(cases)))
    wrong = {
        case.name: f"led to {led_to!r}, not {case.leads_to!r}"
        for case, led_to in zip(cases, found, strict=True)
        if led_to != case.leads_to
    }
    assert wrong == {}


def test_the_table_is_a_table() -> None:
    assert len({case.name for case in CASES}) == len({case.call for case in CASES}) == len(CASES) >= 90


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_a_station_that_writes_this(tmp_path: Path, loop: str) -> None:
    async with Csms(lambda frame: {"status": "Accepted"}).running() as csms:
        async with gateway(tmp_path, configuration(("only", csms), limits=LIMITS), loop=loop) as running:
            neighbour = await running.station("/NEIGHBOUR")

            async def play(number: int, case: Case) -> int | bytes | str:
                peer = await raw.station(running.port, f"CP-{number}")
                return await outcome(peer, case, asyncio.ensure_future(at_the_csms(csms, case.call.decode())))

            await played(play)
            assert (await ask(neighbour, [2, "n", "Heartbeat", {}]))[:2] == [3, "n"]
            await csms.wait(lambda: len(csms.closes) == len(CASES))
            await neighbour.close()


async def at_the_csms(csms: Csms, text: str) -> bool:
    return bool(await csms.wait(lambda: text in csms.texts, SECONDS))


async def test_a_backend_that_writes_this(tmp_path: Path) -> None:
    async with Backend().running() as hostile, Csms().running() as good:
        config = configuration(("hostile", hostile), ("good", good), limits=LIMITS)  # type: ignore[arg-type]
        config["routes"] = [{"match": {"identity": "NEIGHBOUR"}, "backend": "good"}, {"backend": "hostile"}]
        async with gateway(tmp_path, config) as running:
            neighbour = await running.station("/NEIGHBOUR")

            async def play(number: int, case: Case) -> int | bytes | str:
                async with await running.station(f"/CP-{number}") as ws:
                    peer = await hostile.arrived(f"CP-{number}")
                    return await outcome(peer, case, asyncio.ensure_future(_at_the_station(ws, case.call.decode())))

            await played(play)
            assert (await ask(neighbour, [2, "n", "Heartbeat", {}]))[:2] == [3, "n"]
            await neighbour.close()


async def _at_the_station(ws: ClientConnection, text: str) -> bool:
    with suppress(ConnectionClosed):
        while await ws.recv() != text:
            pass
        return True
    return False


async def test_frames_that_come_with_the_handshake(tmp_path: Path) -> None:
    """The first frames may follow the request in one segment, before the gateway has dialled."""
    frames = raw.Frames(masked=True)
    async with Csms().running() as csms, gateway(tmp_path, configuration(("only", csms), limits=LIMITS)) as running:
        early = await raw.station(
            running.port, "CP-1", extra=frames.frame(raw.PING, b"early") + frames.text(call("early"))
        )
        async with asyncio.timeout(SECONDS):
            got = [await early.read(), await early.read()]
        assert (PONG, b"early") in got
        assert [json.loads(payload)[:2] for opcode, payload in got if opcode == TEXT] == [[3, "early"]]
        early.cut()
        bare = await raw.station(running.port, "CP-2", extra=frames.text(call("bare"), masked=False))
        assert await bare.close_code() == 1002
        bare.cut()
