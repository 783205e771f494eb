"""Gateways that share a Redis, and what becomes of their stations when something befalls it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.integration.test_translation import (
    BOOT_16,
    BOOT_201,
    NOW,
    START,
    STOPPED,
    csms_16,
    csms_201,
    event,
    register,
    talk,
    valid,
)
from tests.redis_support import RedisServer, redis_sentinels, redis_server
from tests.support import Csms, Frame, Gateway, ask, configuration, gateway

PASSED = 'ocpp_gateway_stations_connected{backend="only",subprotocol="ocpp1.6"}'


@asynccontextmanager
async def nodes(folder: Path, csms: Csms, store: str, *names: str) -> AsyncIterator[list[Gateway]]:
    async with AsyncExitStack() as stack:
        running = []
        for name in names:
            (folder / name).mkdir()
            config = configuration(("only", csms), store=store)
            running.append(await stack.enter_async_context(gateway(folder / name, config)))
        yield running


async def charging(running: Gateway, path: str = "/CP-1") -> tuple[Any, int]:
    """A 1.6 station with an open transaction, and its number."""
    ws = await running.station(path)
    await ask(ws, [2, "1", "BootNotification", BOOT_16])
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    await ask(ws, [2, "2", "StatusNotification", status])
    number = (await ask(ws, [2, "3", "StartTransaction", START]))[2]["transactionId"]
    return ws, number


async def stops(ws: Any, number: int) -> Frame:
    return await ask(ws, [2, "stop", "StopTransaction", {"transactionId": number, **STOPPED}], 15)


def story(csms: Csms, events: list[Any] | None = None) -> list[tuple[str, int]]:
    found = csms.calls("TransactionEvent") if events is None else events
    return [(one["eventType"], one["seqNo"]) for one in found]


def values(number: int, minute: int = 10) -> dict[str, Any]:
    sample = {"timestamp": f"2026-11-21T10:{minute}:00Z", "sampledValue": [{"value": str(121700 + minute)}]}
    return {"connectorId": 1, "transactionId": number, "meterValue": [sample]}


async def test_a_1_6_charge_begun_on_one_node_goes_on_at_another(tmp_path: Path, redis: RedisServer) -> None:
    async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
        async with nodes(tmp_path, csms, redis.url, "north", "south") as (north, south):
            ws, number = await charging(north)
            await ask(ws, [2, "4", "MeterValues", values(number)])
            await ws.close()
            ws = await south.station()
            # What the other node has had is known for what it is when it comes again.
            await ask(ws, [2, "4", "MeterValues", values(number)])
            await ask(ws, [2, "5", "MeterValues", values(number, 20)])
            uuid = csms.calls("TransactionEvent")[0]["transactionInfo"]["transactionId"]
            await csms.send([2, "r1", "RequestStopTransaction", {"transactionId": uuid}])
            stop = json.loads(await ws.recv())
            assert stop[2:] == ["RemoteStopTransaction", {"transactionId": number}]
            await ws.send(json.dumps([3, stop[1], {"status": "Accepted"}]))
            assert (await stops(ws, number))[0] == 3
            again = await ask(ws, [2, "6", "StartTransaction", START])
            assert again[2]["transactionId"] == number
            await ws.close()
        assert story(csms)[:4] == [("Started", 0), ("Updated", 1), ("Updated", 2), ("Ended", 3)]
        assert {one["transactionInfo"]["transactionId"] for one in csms.calls("TransactionEvent")} == {uuid}
        valid(csms, "ocpp2.0.1")


async def test_a_2_0_1_charge_begun_on_one_node_goes_on_at_another(tmp_path: Path, redis: RedisServer) -> None:
    token = {"idToken": "04A1B2C3D4E5F6", "type": "ISO14443"}
    async with Csms(csms_16).running() as csms:
        async with nodes(tmp_path, csms, redis.url, "north", "south") as (north, south):
            ws = await north.station(subprotocol="ocpp2.0.1")
            assert (await talk(ws, [2, "1", "BootNotification", BOOT_201]))[2]["status"] == "Accepted"
            for number, evse in enumerate((1, 2), 2):
                status = {"timestamp": NOW, "connectorStatus": "Available", "evseId": evse, "connectorId": 1}
                await talk(ws, [2, str(number), "StatusNotification", status])
            begun = event(
                "Started",
                1,
                "Authorized",
                evse={"id": 2, "connectorId": 1},
                info={"chargingState": "EVConnected"},
                idToken=token,
                meterValue=register(2000, "Transaction.Begin", 1),
            )
            assert (await talk(ws, [2, "4", "TransactionEvent", begun]))[0] == 3
            await ws.close()
            ws = await south.station(subprotocol="ocpp2.0.1")
            await csms.wait(lambda: len(csms.connections) == 2)
            await csms.send([2, "r1", "RemoteStopTransaction", {"transactionId": 5511}])
            async with asyncio.timeout(5):
                while (asked := json.loads(await ws.recv()))[2] != "RequestStopTransaction":
                    await ws.send(json.dumps([4, asked[1], "NotSupported", "", {}]))
            assert asked[3] == {"transactionId": begun["transactionInfo"]["transactionId"]}
            await ws.send(json.dumps([3, asked[1], {"status": "Accepted"}]))
            ended = event(
                "Ended",
                3,
                "RemoteStop",
                info={"stoppedReason": "Remote"},
                meterValue=register(9000, "Transaction.End", 3),
            )
            assert (await talk(ws, [2, "5", "TransactionEvent", ended]))[0] == 3
            await csms.wait(lambda: csms.calls("StopTransaction"))
            await ws.close()
        assert csms.calls("StartTransaction")[0]["connectorId"] == 2
        stop = csms.calls("StopTransaction")[0]
        assert (stop["transactionId"], stop["meterStop"], stop["reason"]) == (5511, 9000, "Remote")
        valid(csms, "ocpp1.6")


def scripts(redis: RedisServer) -> int:
    calls = redis.calls()
    return calls.get("evalsha", 0) + calls.get("eval", 0)


def memories(redis: RedisServer) -> list[bytes]:
    found: list[bytes] = redis.admin.keys("*:memory:")
    return found


async def test_what_passes_through_asks_redis_nothing(tmp_path: Path, redis: RedisServer) -> None:
    async with Csms(csms_16).running() as csms:
        async with nodes(tmp_path, csms, redis.url, "north") as (north,):
            ws, number = await charging(north)
            # What was heard of the charge is written a moment later.
            async with asyncio.timeout(10):
                while not any(b"story/open/" in b" ".join(redis.admin.hkeys(key)) for key in memories(redis)):
                    await asyncio.sleep(0.02)
            redis.admin.config_resetstat()
            for index in range(50):
                await ask(ws, [2, f"m{index}", "MeterValues", values(number)])
            assert scripts(redis) == 0
            assert set(redis.calls()) <= {"config|resetstat", "set", "info"}  # a probe each second, and ours
            await ws.close()


async def test_a_translated_transaction_message_costs_one_round_trip_at_most(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
        async with nodes(tmp_path, csms, redis.url, "north") as (north,):
            ws, number = await charging(north)
            redis.admin.config_resetstat()
            for index in range(10, 60):
                await ask(ws, [2, f"m{index}", "MeterValues", values(number, index)])
            assert len(csms.calls("TransactionEvent")) == 51
            # What is written behind gathers; together they are not above one for each.
            assert 0 < scripts(redis) <= 50
            await ws.close()


async def test_redis_killed_for_a_while(tmp_path: Path) -> None:
    """No session closes, what passes through is not slowed, a new station comes in where nothing need be known of it."""
    beat: Frame = [2, "beat", "Heartbeat", {}]
    with redis_server(tmp_path / "redis", "--appendonly", "yes", "--appendfsync", "always") as server:
        async with Csms(csms_16).running() as csms, Csms(csms_201, ("ocpp2.0.1",)).running() as cloud:
            config = configuration(("only", csms), ("cloud", cloud), store=server.url)
            config["routes"] = [{"match": {"identity": "T-*"}, "backend": "cloud"}, {"backend": "only"}]
            async with gateway(tmp_path, config) as running:
                passing = await running.station("/P-1")
                translated, number = await charging(running, "/T-1")
                server.kill()
                began, slowest = time.monotonic(), 0.0
                blocked = asyncio.create_task(ask(translated, [2, "m", "MeterValues", values(number)], 15))
                refused = 0
                while time.monotonic() - began < 2.5:
                    asked = time.monotonic()
                    assert (await ask(passing, beat))[0] == 3
                    slowest = max(slowest, time.monotonic() - asked)
                    newcomer = await running.station(f"/P-new{refused}")
                    assert (await ask(newcomer, beat))[0] == 3
                    await newcomer.close()
                    with pytest.raises(InvalidStatus) as refusal:
                        await running.station(f"/T-new{refused}")
                    assert refusal.value.response.status_code == 503
                    assert int(refusal.value.response.headers["Retry-After"]) > 0
                    refused += 1
                    await asyncio.sleep(0.05)
                assert slowest < 1.0
                assert refused > 3
                assert (await running.get("/readyz"))[0] == 503
                server.start()
                assert (await blocked)[0] == 3
                assert (await stops(translated, number))[0] == 3
                assert story(cloud)[-1] == ("Ended", 2)
                newcomer = await running.station("/T-new")
                assert (await ask(newcomer, beat))[0] == 3
                assert (await ask(passing, beat))[0] == 3
                assert await running.told("store_away")
                assert await running.told("store_back")
                for ws in (newcomer, passing, translated):
                    await ws.close()


async def test_an_emptied_redis_loses_no_open_transaction(tmp_path: Path, redis: RedisServer) -> None:
    async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
        async with nodes(tmp_path, csms, redis.url, "north", "south") as (north, south):
            open_ones = [await charging(north, f"/CP-{index}") for index in range(8)]
            redis.admin.flushall()
            for index, (ws, number) in enumerate(open_ones):
                if index % 2:
                    # It leaves before anything else was to be remembered, and ends its charge on the other node.
                    await ws.close()
                    await _gone(north, 7 - index // 2)
                    ws = await south.station(f"/CP-{index}")
                assert (await stops(ws, number))[0] == 3
                await ws.close()
        told: dict[str, list[Any]] = {}
        for one in csms.calls("TransactionEvent"):
            told.setdefault(one["transactionInfo"]["transactionId"], []).append(one)
        assert len(told) == 8
        assert all(story(csms, events) == [("Started", 0), ("Ended", 1)] for events in told.values())
        valid(csms, "ocpp2.0.1")


async def _gone(running: Gateway, left: int) -> None:
    async with asyncio.timeout(10):
        while await running.metric(PASSED) > left:
            await asyncio.sleep(0.02)


async def test_a_failover_closes_nobody_and_delays_what_is_to_be_durable(tmp_path: Path) -> None:
    with redis_sentinels(tmp_path / "redis") as sentinels:
        async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
            async with nodes(tmp_path, csms, sentinels.url, "north") as (north,):
                ws, number = await charging(north)
                old, new = sentinels.servers
                assert old.admin.wait(1, 5000) == 1
                old.kill()
                began = time.monotonic()
                assert (await ask(ws, [2, "4", "MeterValues", values(number)], 15))[0] == 3
                assert (await ask(ws, [2, "5", "StartTransaction", {**START, "connectorId": 2}], 15))[0] == 3
                assert time.monotonic() - began < 10
                assert (await stops(ws, number))[0] == 3
                assert sentinels.master() is new
                await ws.close()
