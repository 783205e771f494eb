"""Stations that all come at once to a gateway that is late with everything, on a store that is well."""

import asyncio
from typing import Any

from tests.busy import busy
from tests.gateway.inside import Inside, inside
from tests.integration.test_translation import BOOT_16, START, csms_201
from tests.redis_support import RedisServer
from tests.support import Csms, ask, configuration

_FLEET = 25
_PASS_SECONDS = 0.12
"""What each pass of the loop takes: three of them are more than Redis may be silent for."""
_SECONDS = 60.0


async def _comes(running: Inside, number: int) -> Any:
    ws = await running.station(f"/CP-{number}", open_timeout=_SECONDS)
    assert (await ask(ws, [2, "1", "BootNotification", BOOT_16], _SECONDS))[2]["status"] == "Accepted"
    return ws


async def test_a_storm_on_a_late_gateway_loses_nobody_and_nothing(redis: RedisServer) -> None:
    async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
        limits = {"handshake_seconds": 60}
        async with inside(configuration(("only", csms), store=redis.url, limits=limits)) as running:
            live = await _comes(running, 0)
            with busy(_PASS_SECONDS):
                fleet = asyncio.gather(*(_comes(running, number) for number in range(1, _FLEET + 1)))
                # What it says needs the store: the number of its transaction is kept before it is told.
                number = (await ask(live, [2, "2", "StartTransaction", START], _SECONDS))[2]["transactionId"]
                status, _ = await running.get("/readyz")
                await fleet
            assert number
            assert status == 200
            assert len(running.node.sessions) == _FLEET + 1
            assert [call["eventType"] for call in csms.calls("TransactionEvent")] == ["Started"]
            for series in (
                'ocpp_gateway_connections_rejected_total{reason="store"}',
                'ocpp_gateway_connections_closed_total{reason="store_failed"}',
                "ocpp_gateway_store_bypassed_total",
            ):
                assert await running.metric(series) == 0, series
            assert await running.metric("ocpp_gateway_store_up") == 1


async def test_who_comes_while_others_wait_too_long_is_told_to_come_later(redis: RedisServer) -> None:
    async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
        async with inside(configuration(("only", csms), store=redis.url)) as running:
            await _comes(running, 0)
            dials = len(csms.connections)
            turns = running.node.ownership._turns
            async with asyncio.TaskGroup() as group:
                leave = asyncio.Event()

                async def stay() -> None:
                    async with turns:
                        await leave.wait()

                for _ in range(33):
                    group.create_task(stay())
                await asyncio.sleep(0)
                turns._seconds = 0.0  # the one that has no turn yet has waited for too long
                reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
                writer.write(_UPGRADE)
                answer = (await reader.readuntil(b"\r\n\r\n")).decode()
                writer.close()
                leave.set()
            assert answer.startswith("HTTP/1.1 503 ")
            assert "\r\nRetry-After: " in answer
            # Its backend has not heard of it.
            assert len(csms.connections) == dials
            assert await running.metric('ocpp_gateway_rate_limited_total{reason="claims"}') == 1
            turns._seconds = 5.0
            await _comes(running, 1)


_UPGRADE = (
    b"GET /CP-9 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)
