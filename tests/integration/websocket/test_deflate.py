"""Compression with stations that offer it: what they may write and may not, what they read, and that it costs a quiet
connection nothing."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from tests.integration.websocket import raw
from tests.integration.websocket.cases import LIMIT, Case
from tests.integration.websocket.deflate_cases import DEFLATE_CASES, OFFERS, RSV1, deflated
from tests.integration.websocket.raw import TEXT
from tests.integration.websocket.test_frames import LIMITS, SECONDS, at_the_csms, outcome, played
from tests.support import Csms, Frame, ask, configuration, gateway

FIXED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
TAKEN = [offer for offer, windows in OFFERS.items() if windows is not None]


def long(size: int = 5000) -> dict[str, Any]:
    """A payload that compresses as OCPP's do."""
    return {"vendorId": "x", "data": "".join(f'{{"value":{n},"unit":"Wh"}},' for n in range(size // 20))}


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_a_station_that_writes_this(tmp_path: Path, loop: str) -> None:
    async with Csms(lambda frame: {"status": "Accepted"}).running() as csms:
        async with gateway(tmp_path, configuration(("only", csms), limits=LIMITS), loop=loop) as running:
            neighbour = await running.station("/NEIGHBOUR", compression="deflate")

            async def play(number: int, case: Case) -> int | bytes | str:
                offer = TAKEN[number % len(TAKEN)]
                peer = await raw.station(running.port, f"CP-{number}", offer=offer)
                assert peer.extensions == f"{FIXED}{OFFERS[offer]}"
                return await outcome(peer, case, asyncio.ensure_future(at_the_csms(csms, case.call.decode())))

            await played(play, DEFLATE_CASES)
            assert (await ask(neighbour, [2, "n", "Heartbeat", {}]))[:2] == [3, "n"]
            await neighbour.close()


@pytest.mark.parametrize("subprotocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_every_offer_and_what_is_read_of_the_answer(tmp_path: Path, subprotocol: str) -> None:
    """Long answers are compressed, short ones are not; a bad offer is declined and the station comes in all the same."""

    def answer(frame: Frame) -> dict[str, Any]:
        return long() if frame[1] == "long" else {}

    async with Csms(answer, (subprotocol,)).running() as csms:
        async with gateway(tmp_path, configuration(("only", csms), limits=LIMITS)) as running:
            for number, (offer, windows) in enumerate(OFFERS.items()):
                peer = await raw.station(running.port, f"CP-{number}", subprotocol, offer=offer)
                assert peer.extensions == (None if windows is None else f"{FIXED}{windows}")
                for name, answered in (("long", long()), ("short", {})):
                    text = json.dumps([2, name, "DataTransfer", long()]).encode()
                    if windows is None:
                        await peer.write(peer.frames.text(text))
                    else:
                        await peer.write(peer.frames.text(deflated(text, bits=9), reserved=RSV1))
                    async with asyncio.timeout(SECONDS):
                        opcode, payload = await peer.read()
                    assert (opcode, json.loads(payload)) == (TEXT, [3, name, answered])
                assert peer.compressed == (0 if windows is None else 1)
                peer.cut()
            assert set(csms.texts) == {json.dumps([2, n, "DataTransfer", long()]) for n in ("long", "short")}


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "factory",
    [
        ClientPerMessageDeflateFactory(client_max_window_bits=True),
        ClientPerMessageDeflateFactory(),
        ClientPerMessageDeflateFactory(True, True, 15, 15),
        ClientPerMessageDeflateFactory(server_max_window_bits=9, client_max_window_bits=9),
    ],
    ids=["any-window", "plain", "wide", "narrow"],
)
async def test_the_websockets_package_as_a_station(
    tmp_path: Path, factory: ClientPerMessageDeflateFactory, tls: bool
) -> None:
    """Both directions, and the frames of the CSMS side untouched. `bytes_in` and `bytes_out` tell what went over the air."""
    async with Csms(lambda frame: long(), ("ocpp2.0.1",)).running() as csms:
        async with gateway(tmp_path, configuration(("only", csms)), tls=tls) as running:
            ws = await running.station(subprotocol="ocpp2.0.1", extensions=[factory])
            assert [one.name for one in ws.protocol.extensions] == ["permessage-deflate"]
            for number in range(5):
                assert await ask(ws, [2, f"up-{number}", "DataTransfer", long(200 + 3000 * number)]) == [
                    3,
                    f"up-{number}",
                    long(),
                ]
                call = [2, f"down-{number}", "DataTransfer", long(3000)]
                await csms.send(call)
                assert json.loads(await ws.recv()) == call
                await ws.send(json.dumps([3, f"down-{number}", {"status": "Accepted"}]))
            await csms.wait(lambda: len(csms.texts) == 10)
            assert csms.connections[0].request is not None
            assert "Sec-WebSocket-Extensions" not in csms.connections[0].request.headers
            await ws.close()
            await csms.wait(lambda: running.events("session_ended"))
            (record,) = running.events("session_ended")
            assert record["compression"] is True
            assert record["bytes_out"] < 5 * 8000 / 3
            assert record["bytes_in"] < sum(map(len, csms.texts)) / 3


async def test_a_listener_that_takes_none(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("only", csms), limits=LIMITS)
        config["listeners"][0]["compression"] = False
        async with gateway(tmp_path, config) as running:
            peer = await raw.station(running.port, "CP-1", offer="permessage-deflate; client_max_window_bits")
            assert peer.extensions is None
            await peer.write(peer.frames.text(deflated(b"[]" * LIMIT), reserved=RSV1))
            assert await peer.close_code() == 1002
            peer.cut()
