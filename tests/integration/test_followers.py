"""Followers on real sockets: a mixed fleet, ids of their own, weather that nobody else feels, commands, the readiness
report."""

import asyncio
import json
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.redis_support import RedisServer
from tests.support import Answer, Csms, Gateway, ask, configuration, gateway, read

TIME = "2026-11-21T10:00:00Z"
BOOT_16 = {"chargePointVendor": "V", "chargePointModel": "M"}
BOOT_201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": TIME}


def csms_16(first: int, tag_status: str = "Accepted", interval: int = 300) -> Answer:
    numbers = count(first)

    def answer(frame: list[Any]) -> Any:
        action = frame[2]
        if action == "StartTransaction":
            return {"transactionId": next(numbers), "idTagInfo": {"status": tag_status}}
        if action in ("Authorize", "StopTransaction"):
            return {"idTagInfo": {"status": tag_status}}
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": TIME, "interval": interval}
        return {"currentTime": TIME} if action == "Heartbeat" else {}

    return answer


def csms_201(frame: list[Any]) -> Any:
    action = frame[2]
    if action == "BootNotification":
        return {"status": "Accepted", "currentTime": TIME, "interval": 300}
    if action in ("Authorize", "TransactionEvent"):
        return {"idTokenInfo": {"status": "Accepted"}}
    return {"currentTime": TIME} if action == "Heartbeat" else {}


def following(primary: Csms, follower: Csms, allow: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    config = configuration(("primary", primary), ("follower", follower), **more)
    config["routes"] = [{"backend": "primary", "followers": [{"backend": "follower", "allow": list(allow)}]}]
    return config


def stop(number: int) -> dict[str, Any]:
    return {"transactionId": number, "meterStop": 9, "timestamp": TIME}


def meter(number: int) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "transactionId": number,
        "meterValue": [{"timestamp": TIME, "sampledValue": [{"value": "5"}]}],
    }


def event(kind: str, seq: int) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": TIME,
        "triggerReason": "Authorized",
        "seqNo": seq,
        "transactionInfo": {"transactionId": "T1", "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "TAG", "type": "ISO14443"},
        "meterValue": [
            {"timestamp": TIME, "sampledValue": [{"value": 5.0, "measurand": "Energy.Active.Import.Register"}]}
        ],
    }


class Charger:
    """A station that answers every call with `Accepted`, and keeps what it was called."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws
        self._numbers = count(1)
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self.called: list[Any] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self._ws:
                frame = read(str(text))
                if frame[0] == 2:
                    self.called.append(frame)
                    await self._ws.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
                elif frame[1] in self._answers:
                    self._answers.pop(frame[1]).set_result(frame[2])

    async def says(self, action: str, payload: dict[str, Any]) -> Any:
        message_id = f"s{next(self._numbers)}"
        answer = self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self._ws.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(10):
            return await answer

    async def close(self) -> None:
        await self._ws.close()
        await self._reading


async def charger(running: Gateway, path: str = "/CP-1", subprotocol: str = "ocpp1.6") -> Charger:
    return Charger(await running.station(path, subprotocol))


async def test_a_mixed_fleet_with_a_16_primary_and_a_201_follower(tmp_path: Path) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_201, ("ocpp2.0.1",))
    async with primary.running(), follower.running(), gateway(tmp_path, following(primary, follower)) as running:
        old, new = await charger(running), await charger(running, "/CP-2", "ocpp2.0.1")
        await old.says("BootNotification", BOOT_16)
        begun = await old.says("StartTransaction", START)
        assert begun["transactionId"] == 1
        await old.says("MeterValues", meter(1))
        await old.says("StopTransaction", stop(1))
        await new.says("BootNotification", BOOT_201)
        for kind, seq in (("Started", 0), ("Updated", 1), ("Ended", 2)):
            await new.says("TransactionEvent", event(kind, seq))
        events = await follower.wait(
            lambda: len(follower.calls("TransactionEvent")) == 6 and follower.calls("TransactionEvent")
        )
        by_name: dict[str, list[str]] = {}
        for one in events:
            by_name.setdefault(one["transactionInfo"]["transactionId"], []).append(one["eventType"])
        assert list(by_name.values()) == [["Started", "Updated", "Ended"]] * 2
        assert "T1" in by_name
        assert len(primary.calls("StartTransaction")) == len(primary.calls("StopTransaction")) == 2
        # The translation of a follower asks the station nothing, and provisions nothing.
        assert old.called == []
        status, page = await running.get("/api/v1/mirror/follower")
        report = json.loads(page)
        assert (status, report["different"], report["missing"], report["dropped"]) == (200, 0, 0, 0)
        assert report["actions"]["TransactionEvent"]["compared"] == 3
        assert report["actions"]["StartTransaction"]["mean_seconds"] > 0
        assert (await running.get("/api/v1/mirror/primary"))[0] == 404
        await old.close()
        await new.close()


async def test_two_16_csmss_that_count_from_one_and_a_kill_between_start_and_stop(tmp_path: Path) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_16(1))
    config = following(primary, follower, store=f"sqlite:{tmp_path / 'state.db'}")
    async with primary.running(), follower.running():
        async with gateway(tmp_path, config) as running:
            stations = [await charger(running, f"/CP-{number}") for number in (1, 2)]
            # The follower hears of the two in another order than the primary counts them.
            follower_before = follower.answer
            numbers = {"CP-1": 2, "CP-2": 1}
            follower.answer = lambda frame: (
                {"transactionId": numbers[frame[3]["idTag"]], "idTagInfo": {"status": "Accepted"}}
                if frame[2] == "StartTransaction"
                else follower_before(frame)
            )
            for number, station in enumerate(stations, 1):
                begun = await station.says("StartTransaction", {**START, "idTag": f"CP-{number}"})
                assert begun["transactionId"] == number
            await follower.wait(lambda: len(follower.calls("StartTransaction")) == 2)
            await asyncio.sleep(0.3)  # what is remembered of followers is written behind
            running.process.kill()
            await running.process.wait()
        async with gateway(tmp_path, config) as running:
            for number in (1, 2):
                station = await charger(running, f"/CP-{number}")
                await station.says("StopTransaction", stop(number))
                await follower.wait(lambda expected=number: len(follower.calls("StopTransaction")) == expected)
                await station.close()
        assert [one["transactionId"] for one in primary.calls("StopTransaction")] == [1, 2]
        assert [one["transactionId"] for one in follower.calls("StopTransaction")] == [2, 1]


async def test_a_follower_that_is_new_is_told_the_boot_that_it_never_saw(tmp_path: Path) -> None:
    primary, same, other = Csms(csms_16(1)), Csms(csms_16(1)), Csms(csms_201, ("ocpp2.0.1",))
    store = f"sqlite:{tmp_path / 'state.db'}"
    async with primary.running(), same.running(), other.running():
        async with gateway(tmp_path, configuration(("primary", primary), store=store)) as running:
            station = await charger(running)
            await station.says("BootNotification", BOOT_16)
            await station.close()
        config = configuration(("primary", primary), ("same", same), ("other", other), store=store)
        config["routes"] = [{"backend": "primary", "followers": [{"backend": "same"}, {"backend": "other"}]}]
        async with gateway(tmp_path, config) as running:
            station = await charger(running)
            await station.says("Heartbeat", {})
            await same.wait(lambda: same.calls("Heartbeat"))
            await other.wait(lambda: other.calls("Heartbeat"), 15)
            assert same.calls("BootNotification") == [BOOT_16]
            assert other.calls("BootNotification")[0]["chargingStation"]["vendorName"] == "V"
            _, page = await running.get("/api/v1/stations/CP-1")
            assert json.loads(page)["followers"] == [
                {"backend": "same", "subprotocol": "ocpp1.6", "connected": True, "waiting": 0},
                {"backend": "other", "subprotocol": "ocpp2.0.1", "connected": True, "waiting": 0},
            ]
            await station.close()
            await same.wait(lambda: same.closes == [1000])


async def test_a_station_that_moves_to_another_node_takes_its_followers_memory_along(
    tmp_path: Path, redis: RedisServer
) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_16(40))
    places = [tmp_path / "north", tmp_path / "south"]
    for place in places:
        place.mkdir()
    configs = [following(primary, follower, store=redis.url) for _ in places]
    async with (
        primary.running(),
        follower.running(),
        gateway(places[0], configs[0]) as north,
        gateway(places[1], configs[1]) as south,
    ):
        station = await charger(north)
        await station.says("StartTransaction", START)
        await follower.wait(lambda: follower.calls("StartTransaction"))
        moved = await charger(south)
        await moved.says("StopTransaction", stop(1))
        await follower.wait(lambda: follower.calls("StopTransaction"))
        assert follower.calls("StopTransaction")[0]["transactionId"] == 40
        assert len(follower.calls("StartTransaction")) == 1
        # Either node has seen one of the two, and any node tells of both.
        async with asyncio.timeout(5):
            while True:
                _, page = await north.get("/api/v1/mirror/follower")
                report = json.loads(page)
                if report["compared"] == 2:
                    break
        assert sorted(report["actions"]) == ["StartTransaction", "StopTransaction"]
        await moved.close()


async def test_a_follower_that_hangs_costs_the_station_nothing(tmp_path: Path) -> None:
    hangs = asyncio.Event()

    async def wait_for_it(frame: list[Any]) -> Any:
        await hangs.wait()
        return csms_16(1)(frame)

    primary, follower = Csms(csms_16(1)), Csms(wait_for_it)
    async with primary.running(), follower.running(), gateway(tmp_path, following(primary, follower)) as running:
        station = await charger(running)
        await follower.wait(lambda: follower.connections)
        slowest = 0.0
        for _ in range(30):
            began = perf_counter()
            await station.says("Heartbeat", {})
            slowest = max(slowest, perf_counter() - began)
        assert slowest < 2.0  # the follower hangs for far longer than that
        assert len(follower.calls("Heartbeat")) == 1
        hangs.set()
        await follower.wait(lambda: len(follower.calls("Heartbeat")) == 30)
        await station.close()


async def test_a_follower_killed_and_back_is_told_what_it_missed(tmp_path: Path) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_16(70))
    async with primary.running(), gateway(tmp_path, following(primary, follower)) as running:
        async with follower.running():
            station = await charger(running)
            await station.says("BootNotification", BOOT_16)
            await station.says("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
            await follower.wait(lambda: follower.calls("StatusNotification"))
        follower.texts.clear()
        await station.says("StartTransaction", START)
        await station.says("MeterValues", meter(1))
        async with follower.running():
            await follower.wait(lambda: follower.calls("MeterValues"), 15)
            assert [frame[2] for frame in follower.frames if frame[0] == 2] == [
                *("BootNotification", "StatusNotification", "StartTransaction", "MeterValues")
            ]
            assert follower.calls("MeterValues")[0]["transactionId"] == 70
            await station.says("StopTransaction", stop(1))
            await follower.wait(lambda: follower.calls("StopTransaction"))
            assert follower.calls("StopTransaction")[0]["transactionId"] == 70
        await station.close()
        assert len(primary.connections) == 1


async def test_commands_of_a_follower_allowed_and_refused(tmp_path: Path) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_16(1))
    config = following(primary, follower, allow=("ClearCache",))
    async with primary.running(), follower.running(), gateway(tmp_path, config) as running:
        station = await charger(running)
        await follower.wait(lambda: follower.connections)
        # Both use the same id at the same time.
        await asyncio.gather(
            primary.send([2, "1", "Reset", {"type": "Soft"}]), follower.send([2, "1", "ClearCache", {}])
        )
        await follower.wait(lambda: [frame for frame in follower.frames if frame[:2] == [3, "1"]])
        await primary.wait(lambda: [frame for frame in primary.frames if frame[:2] == [3, "1"]])
        assert sorted(frame[2] for frame in station.called) == ["ClearCache", "Reset"]
        await follower.send([2, "2", "Reset", {"type": "Hard"}])
        refused = await follower.wait(lambda: [frame for frame in follower.frames if frame[:2] == [4, "2"]])
        assert refused[0][2] == "SecurityError"
        assert len(station.called) == 2
        calls = 'ocpp_gateway_follower_calls_total{{action="{}",backend="follower",outcome="{}"}}'
        assert await running.metric(calls.format("Reset", "refused")) == 1
        assert await running.metric(calls.format("ClearCache", "reached")) == 1
        await station.close()


def profile(number: int, transaction: int | None = None) -> dict[str, Any]:
    inside: dict[str, Any] = {
        "chargingProfileId": number,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}]},
    }
    if transaction is not None:
        inside |= {"chargingProfilePurpose": "TxProfile", "transactionId": transaction}
    return {"connectorId": 1, "csChargingProfiles": inside}


async def test_the_primary_and_two_followers_each_have_a_profile_1_and_a_reservation_1(tmp_path: Path) -> None:
    primary, one, other = (Csms(csms_16(1)) for _ in range(3))
    config = configuration(
        ("primary", primary), ("one", one), ("other", other), store=f"sqlite:{tmp_path / 'store.db'}"
    )
    allow = ["SetChargingProfile", "ClearChargingProfile", "ReserveNow", "CancelReservation"]
    config["routes"] = [
        {"backend": "primary", "followers": [{"backend": name, "allow": allow} for name in ("one", "other")]}
    ]
    reserve = {"connectorId": 1, "expiryDate": TIME, "idTag": "TAG", "reservationId": 1}
    async with primary.running(), one.running(), other.running(), gateway(tmp_path, config) as running:
        station = await charger(running)
        everybody = (primary, one, other)
        for backend in (one, other):
            await backend.wait(lambda backend=backend: backend.connections)
        # All three count from 1, transactions as well.
        assert (await station.says("StartTransaction", START))["transactionId"] == 1
        for backend in (one, other):
            await backend.wait(lambda backend=backend: backend.calls("StartTransaction"))
        for place, (action, payload) in enumerate(
            (("SetChargingProfile", profile(1, 1)), ("ReserveNow", reserve), ("ClearChargingProfile", {"id": 1}))
        ):
            for backend in everybody:
                await backend.send([2, f"c{place}", action, payload])
                await backend.wait(
                    lambda backend=backend, place=place: [3, f"c{place}", {"status": "Accepted"}] in backend.frames
                )
        found: dict[str, list[Any]] = {}
        for frame in station.called:
            found.setdefault(frame[2], []).append(frame[3])
        profiles = [one["csChargingProfiles"] for one in found["SetChargingProfile"]]
        ids = [one["chargingProfileId"] for one in profiles]
        reservations = [one["reservationId"] for one in found["ReserveNow"]]
        assert (ids[0], reservations[0]) == (1, 1)
        assert (len(set(ids)), len(set(reservations))) == (3, 3)
        assert [one["id"] for one in found["ClearChargingProfile"]] == ids
        assert {one["transactionId"] for one in profiles} == {1}
        # A charge on a follower's reservation is told under the name it has there, and under none elsewhere.
        await station.says("StartTransaction", {**START, "connectorId": 2, "reservationId": reservations[1]})
        for backend, told in ((one, 1), (other, None)):
            await backend.wait(lambda backend=backend: len(backend.calls("StartTransaction")) == 2)
            assert backend.calls("StartTransaction")[1].get("reservationId") == told
        await station.close()


async def test_a_201_follower_of_a_16_station_has_profiles_of_its_own(tmp_path: Path) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_201, ("ocpp2.0.1",))
    config = following(primary, follower, allow=("SetChargingProfile", "ClearChargingProfile"))
    wanted = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [
            {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]}
        ],
    }
    async with primary.running(), follower.running(), gateway(tmp_path, config) as running:
        station = await charger(running)
        await station.says("BootNotification", BOOT_16)
        await follower.wait(lambda: follower.calls("BootNotification"))
        await follower.send([2, "p", "SetChargingProfile", {"evseId": 1, "chargingProfile": wanted}])
        await follower.wait(lambda: [frame for frame in follower.frames if frame[:2] == [3, "p"]])
        await primary.send([2, "p", "SetChargingProfile", profile(1)])
        await primary.wait(lambda: [3, "p", {"status": "Accepted"}] in primary.frames)
        await follower.send([2, "q", "ClearChargingProfile", {"chargingProfileId": 1}])
        await follower.wait(lambda: [frame for frame in follower.frames if frame[:2] == [3, "q"]])
        set_by = [frame[3]["csChargingProfiles"]["chargingProfileId"] for frame in station.called[:2]]
        assert set_by[1] == 1
        assert set_by[0] != 1
        assert station.called[2][2:] == ["ClearChargingProfile", {"id": set_by[0]}]
        await station.close()


async def test_a_follower_changes_no_secret_of_a_station_even_where_its_backend_may(tmp_path: Path) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_16(1))
    config = following(primary, follower, allow=("ChangeConfiguration",))
    config["backends"]["follower"]["guard"] = {"AuthorizationKey": "adopt"}
    async with primary.running(), follower.running(), gateway(tmp_path, config) as running:
        station = await charger(running)
        await follower.wait(lambda: follower.connections)
        await follower.send([2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "00" * 16}])
        await follower.send([2, "2", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}])
        await follower.wait(lambda: [frame for frame in follower.frames if frame[1] == "2"])
        assert [frame for frame in follower.frames if frame[1] == "1"] == [[3, "1", {"status": "Rejected"}]]
        assert [frame[3]["key"] for frame in station.called] == ["HeartbeatInterval"]
        await station.close()


async def test_differences_are_counted_and_shown_without_tokens(tmp_path: Path) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_16(1, tag_status="Blocked", interval=60))
    async with primary.running(), follower.running(), gateway(tmp_path, following(primary, follower)) as running:
        station = await charger(running)
        await station.says("BootNotification", BOOT_16)
        assert await station.says("Authorize", {"idTag": "SECRET"}) == {"idTagInfo": {"status": "Accepted"}}
        await follower.wait(lambda: follower.calls("Authorize"))
        series = 'ocpp_gateway_follower_differences_total{action="Authorize",backend="follower"}'
        async with asyncio.timeout(5):
            while await running.metric(series) != 1:
                await asyncio.sleep(0.02)
        _, page = await running.get("/api/v1/mirror/follower")
        assert "SECRET" not in page
        report = json.loads(page)
        assert report["difference_rate"] == 1.0
        assert report["actions"]["Authorize"]["fields"] == {"idTagInfo.status": 1}
        facts = {(one["field"], one["primary"], one["follower"]) for one in report["samples"]}
        assert facts == {("interval", "300", "60"), ("idTagInfo.status", "Accepted", "Blocked")}
        table = await _mirror(running, "follower")
        assert "Authorize" in table
        assert "Blocked" in table
        await station.close()


async def _mirror(running: Gateway, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "mirror", *arguments),
        *("--admin", f"http://127.0.0.1:{running.admin}"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


@pytest.mark.parametrize("auth", ["forward", "none"])
async def test_a_follower_never_sees_the_stations_secret(tmp_path: Path, auth: str) -> None:
    primary, follower = Csms(csms_16(1)), Csms(csms_16(1))
    config = following(primary, follower)
    config["listeners"][0]["auth"] = "forward"
    for name in ("primary", "follower"):
        config["backends"][name]["auth"] = "forward" if name == "primary" else auth
    async with primary.running(), follower.running(), gateway(tmp_path, config) as running:
        ws = await running.station(additional_headers={"Authorization": "Basic Q1AtMTpzZWNyZXQ="})
        await ask(ws, [2, "1", "Heartbeat", {}])
        await follower.wait(lambda: follower.requests)
        assert primary.requests[0].headers["Authorization"] == "Basic Q1AtMTpzZWNyZXQ="
        assert "Authorization" not in follower.requests[0].headers
        await ws.close()
