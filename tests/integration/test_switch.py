"""One connected station gets another backend, over real sockets: its connection is not touched."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.minimal import answer
from tests.support import Csms, Frame, Gateway, configuration, gateway

BOOT16 = [2, "b", "BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"}]
BOOT201 = [
    2,
    "b",
    "BootNotification",
    {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Two"}},
]


class Books(Csms):
    """A CSMS that keeps what it was told of transactions. 1.6 numbers count from `first`."""

    def __init__(self, version: str, first: int = 1) -> None:
        super().__init__(self._answered, (version,))
        self.version = version
        self.boot = "Accepted"
        self.interval = 300
        self.token = "Accepted"
        self._numbers = count(first)

    def _answered(self, frame: Frame) -> Any:
        action = frame[2]
        if action == "BootNotification":
            return {"status": self.boot, "currentTime": "2026-11-21T10:00:00Z", "interval": self.interval}
        if action == "StartTransaction":
            return {"transactionId": next(self._numbers), "idTagInfo": {"status": self.token}}
        if action == "TransactionEvent":
            return {"idTokenInfo": {"status": self.token}} if "idToken" in frame[3] else {}
        return answer(self.version, action)

    @property
    def open(self) -> list[Any]:
        """Transactions without an end."""
        ids = [frame[1] for frame in self.frames if frame[0] == 2 and frame[2] == "StartTransaction"]
        if self.version == "ocpp1.6":
            started = len(ids)
            return list(range(started - len(self.calls("StopTransaction"))))
        events = self.calls("TransactionEvent")
        started_ids = {event["transactionInfo"]["transactionId"] for event in events}
        ended = {event["transactionInfo"]["transactionId"] for event in events if event["eventType"] == "Ended"}
        return sorted(started_ids - ended)


class Station:
    """A station that answers every call and keeps them."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.called: list[Frame] = []
        self.refuses: set[str] = set()
        """Calls that it answers with Rejected."""
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._numbers = count()
        self.ws: Any = None

    async def connect(self, running: Gateway, path: str = "/CP-1") -> "Station":
        self.ws = await running.station(path, self.version)
        self._reading = asyncio.create_task(self._read())
        return self

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.ws:
                frame = json.loads(text)
                if frame[0] == 2:
                    self.called.append(frame)
                    refused = {"status": "Rejected"} if frame[2] in self.refuses else None
                    await self.ws.send(json.dumps([3, frame[1], refused or answer(self.version, frame[2])]))
                elif frame[1] in self._answers:
                    self._answers.pop(frame[1]).set_result(frame)

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        message_id = f"s{next(self._numbers)}"
        answered = self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self.ws.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(20):
            frame = await answered
        assert frame[0] == 3, frame
        told: dict[str, Any] = frame[2]
        return told

    async def boots(self) -> None:
        frame = BOOT16 if self.version == "ocpp1.6" else BOOT201
        await self.call("BootNotification", frame[3])
        if self.version == "ocpp1.6":
            for number, status in ((0, "Available"), (1, "Available"), (2, "Available")):
                await self.status(number, status)
        else:
            for evse in (1, 2):
                await self.call(
                    "StatusNotification",
                    {"timestamp": at(0), "connectorStatus": "Available", "evseId": evse, "connectorId": 1},
                )

    async def status(self, number: int, status: str) -> None:
        await self.call("StatusNotification", {"connectorId": number, "errorCode": "NoError", "status": status})

    async def starts16(self, meter: int = 1000) -> int:
        told = await self.call(
            "StartTransaction", {"connectorId": 1, "idTag": "TAG", "meterStart": meter, "timestamp": at(1)}
        )
        number: int = told["transactionId"]
        return number

    async def meters16(self, number: int, wh: int) -> None:
        sample = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
        value = {"timestamp": at(2), "sampledValue": [sample]}
        await self.call("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [value]})

    async def stops16(self, number: int, wh: int) -> None:
        await self.call(
            "StopTransaction", {"transactionId": number, "meterStop": wh, "timestamp": at(3), "reason": "Local"}
        )

    async def event201(self, kind: str, seq_no: int, wh: int, transaction: str = "tx-one") -> dict[str, Any]:
        context = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}.get(kind, "Sample.Periodic")
        event: dict[str, Any] = {
            "eventType": kind,
            "timestamp": at(seq_no),
            "triggerReason": {"Started": "Authorized", "Ended": "StopAuthorized"}.get(kind, "MeterValuePeriodic"),
            "seqNo": seq_no,
            "transactionInfo": {"transactionId": transaction, "chargingState": "Charging"},
            "meterValue": [{"timestamp": at(seq_no), "sampledValue": [{"value": wh, "context": context}]}],
        }
        if kind == "Started":
            event |= {"idToken": {"idToken": "TAG", "type": "ISO14443"}, "evse": {"id": 1, "connectorId": 1}}
        if kind == "Ended":
            event["transactionInfo"] |= {"chargingState": "EVConnected", "stoppedReason": "Local"}
        return await self.call("TransactionEvent", event)


def at(second: int) -> str:
    return f"2026-11-21T10:00:{second:02}Z"


@asynccontextmanager
async def moved(
    folder: Path, station_version: str, old: Books, new: Books, **more: Any
) -> AsyncIterator[tuple[Gateway, Station]]:
    """A gateway with both backends, and a station that has booted on the first."""
    config = configuration(("old", old), ("new", new), store=f"sqlite:{folder}/store.db", **more)
    async with old.running(), new.running(), gateway(folder, config) as running:
        station = await Station(station_version).connect(running)
        await station.boots()
        yield running, station


async def put(running: Gateway, backend: str = "new", **more: Any) -> tuple[int, Any]:
    return await running.api("PUT", "/stations/CP-1/route", {"backend": backend, **more})


async def backend_of(running: Gateway) -> str:
    _, one = await running.api("GET", "/stations/CP-1")
    name: str = one["backend"]
    return name


async def test_a_station_changes_between_backends_of_its_own_version(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    new.interval = 77
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        assert await put(running) == (200, {"identity": "CP-1", "backend": "new", "connected": True})
        assert new.calls("BootNotification") == [BOOT16[3]]
        assert [status["connectorId"] for status in new.calls("StatusNotification")] == [0, 1, 2]
        await old.wait(lambda: old.closes == [1000])
        await station.call("Heartbeat", {})
        assert (len(old.calls("Heartbeat")), len(new.calls("Heartbeat"))) == (0, 1)
        await new.wait(lambda: station.called)
        assert station.called[0][2:] == ["ChangeConfiguration", {"key": "HeartbeatInterval", "value": "77"}]
        assert await running.metric('ocpp_gateway_stations_connected{backend="new",subprotocol="ocpp1.6"}') == 1
        assert await running.metric('ocpp_gateway_stations_connected{backend="old",subprotocol="ocpp1.6"}') == 0
        assert await running.metric('ocpp_gateway_backend_connections{backend="old"}') == 0
        # A call of the new backend reaches the station, and its answer the backend.
        await new.send([2, "n1", "ClearCache", {}])
        await new.wait(lambda: [3, "n1", {"status": "Accepted"}] in new.frames)
        # What it has come to holds for the next connection too.
        await station.ws.close()
        again = await Station("ocpp1.6").connect(running)
        await again.call("Heartbeat", {})
        assert len(new.calls("Heartbeat")) == 2
        assert await running.api("DELETE", "/stations/CP-1/route") == (
            200,
            {"identity": "CP-1", "backend": "old", "connected": True},
        )
        await again.call("Heartbeat", {})
        assert len(old.calls("Heartbeat")) == 1


async def test_a_16_station_changes_from_a_16_to_a_201_backend_and_back(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        assert (await put(running))[0] == 200
        boot = new.calls("BootNotification")
        assert [(one["reason"], one["chargingStation"]["model"]) for one in boot] == [("Unknown", "One")]
        await new.wait(lambda: len(new.calls("StatusNotification")) == 2)
        number = await station.starts16()
        await station.meters16(number, 1500)
        await station.stops16(number, 2000)
        assert [event["eventType"] for event in new.calls("TransactionEvent")] == ["Started", "Updated", "Ended"]
        assert (await put(running, "old"))[0] == 200
        assert await station.starts16(2000) == 1
        assert [one["meterStart"] for one in old.calls("StartTransaction")] == [2000]


async def test_a_backend_that_refuses_the_boot_gets_no_station(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    new.boot = "Rejected"
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        status, problem = await put(running)
        assert (status, problem["reason"]) == (409, "boot_refused")
        await new.wait(lambda: new.closes == [1000])
        await station.call("Heartbeat", {})
        assert (len(old.calls("Heartbeat")), old.closes) == (1, [])
        await station.ws.close()
        again = await Station("ocpp1.6").connect(running)
        await again.call("Heartbeat", {})
        assert len(old.calls("Heartbeat")) == 2


async def test_idle_waits_for_the_end_of_a_transaction_that_passes_through(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6", 7), Books("ocpp1.6")
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        number = await station.starts16()
        status, problem = await put(running)
        assert (status, problem["reason"]) == (409, "transaction")
        assert new.calls("BootNotification") == []
        moving = asyncio.create_task(put(running, wait_seconds=30))
        await asyncio.sleep(0.2)
        assert not moving.done()
        await station.stops16(number, 2000)
        assert (await moving)[0] == 200
        assert await backend_of(running) == "new"
        assert (old.open, new.calls("StartTransaction")) == ([], [])


async def test_a_16_transaction_is_carried_to_another_16_backend_under_both_numbers(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6", 7), Books("ocpp1.6", 500)
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        number = await station.starts16(1000)
        await station.meters16(number, 1400)
        assert (await put(running, when="now"))[0] == 200
        assert [one["meterStart"] for one in new.calls("StartTransaction")] == [1000]
        # What is charged elsewhere is not charged here as well.
        await old.wait(lambda: old.calls("StopTransaction"))
        assert [(one["transactionId"], one["meterStop"]) for one in old.calls("StopTransaction")] == [(7, 1000)]
        await new.send([2, "n1", "RemoteStopTransaction", {"transactionId": 500}])
        await new.wait(lambda: [3, "n1", {"status": "Accepted"}] in new.frames)
        assert station.called[-1][2:] == ["RemoteStopTransaction", {"transactionId": number}]
        # A new connection knows the pair as well.
        await station.ws.close()
        again = await Station("ocpp1.6").connect(running)
        await again.meters16(number, 1600)
        await again.stops16(number, 2000)
        assert new.calls("MeterValues")[-1]["transactionId"] == 500
        assert [(one["transactionId"], one["meterStop"]) for one in new.calls("StopTransaction")] == [(500, 2000)]
        assert (old.open, new.open) == ([], [])


async def test_a_16_transaction_is_carried_to_a_201_backend_and_comes_home(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6", 7), Books("ocpp2.0.1")
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        number = await station.starts16(1000)
        assert (await put(running, when="now"))[0] == 200
        await station.meters16(number, 1400)
        events = new.calls("TransactionEvent")
        assert [event["eventType"] for event in events] == ["Started", "Updated"]
        assert len({event["transactionInfo"]["transactionId"] for event in events}) == 1
        uuid = events[0]["transactionInfo"]["transactionId"]
        await new.send([2, "n1", "RequestStopTransaction", {"transactionId": uuid}])
        await new.wait(lambda: [3, "n1", {"status": "Accepted"}] in new.frames)
        assert station.called[-1][2:] == ["RemoteStopTransaction", {"transactionId": number}]
        await old.wait(lambda: not old.open)
        assert (await put(running, "old", when="now"))[0] == 200
        await new.wait(lambda: not new.open)
        await station.stops16(number, 2000)
        stops = [(one["transactionId"], one["meterStop"]) for one in old.calls("StopTransaction")]
        assert stops == [(7, 1000), (8, 2000)]
        # 2.x knows nothing after an end: there it cannot go a second time.
        number = await station.starts16(2000)
        await station.stops16(number, 2500)
        assert (old.open, new.open) == ([], [])


async def test_a_201_transaction_is_carried_to_a_201_and_to_a_16_backend(tmp_path: Path) -> None:
    old, new = Books("ocpp2.0.1"), Books("ocpp1.6", 40)
    async with moved(tmp_path, "ocpp2.0.1", old, new) as (running, station):
        await station.event201("Started", 0, 1000)
        await station.event201("Updated", 1, 1200)
        status, told = await put(running, when="now")
        assert status == 200, told
        assert [(one["idTag"], one["meterStart"]) for one in new.calls("StartTransaction")] == [("TAG", 1000)]
        await old.wait(lambda: not old.open)
        assert old.calls("TransactionEvent")[-1]["meterValue"][0]["sampledValue"][0]["value"] == 1000
        status, problem = await put(running, "old", when="now")
        assert (status, problem["reason"]) == (409, "cannot_carry")
        await station.event201("Ended", 2, 2000)
        assert [(one["transactionId"], one["meterStop"]) for one in new.calls("StopTransaction")] == [(40, 2000)]
        assert (old.open, new.open) == ([], [])
        assert (await put(running, "old", when="now"))[0] == 200


async def test_a_token_that_the_new_backend_refuses_leaves_everything_as_it_was(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6", 7), Books("ocpp1.6", 500)
    new.token = "Invalid"
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        number = await station.starts16(1000)
        status, problem = await put(running, when="now")
        assert (status, problem["reason"]) == (409, "token_refused")
        assert [(one["transactionId"], one["meterStop"]) for one in new.calls("StopTransaction")] == [(500, 1000)]
        await station.stops16(number, 2000)
        assert [(one["transactionId"], one["meterStop"]) for one in old.calls("StopTransaction")] == [(7, 2000)]
        assert (old.open, new.open) == ([], [])


async def test_a_station_that_is_not_connected_finds_its_route(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        await station.ws.close()
        await old.wait(lambda: old.closes)
        assert await put(running) == (200, {"identity": "CP-1", "backend": "new", "connected": False})
        again = await Station("ocpp1.6").connect(running)
        await again.call("Heartbeat", {})
        assert (len(new.calls("BootNotification")), len(new.calls("Heartbeat"))) == (1, 1)
        assert (await running.api("PUT", "/stations/CP-1/route", {"backend": "nobody"}))[0] == 422


async def test_traffic_goes_on_while_the_backend_changes(tmp_path: Path) -> None:
    """Nothing is lost and nothing doubled by changes to and fro under load."""
    old, new = Books("ocpp1.6"), Books("ocpp1.6", 1000)
    async with moved(tmp_path, "ocpp1.6", old, new) as (running, station):
        sent = 0
        done = asyncio.Event()

        async def talk() -> None:
            nonlocal sent
            while not done.is_set():
                await station.call("DataTransfer", {"vendorId": "acme", "data": str(sent)})
                sent += 1

        talking = asyncio.create_task(talk())
        for backend in ("new", "old", "new", "old"):
            assert (await put(running, backend))[0] == 200
        done.set()
        await talking
        heard = [one["data"] for one in (*old.calls("DataTransfer"), *new.calls("DataTransfer"))]
        assert sorted(heard, key=int) == [str(number) for number in range(sent)]
        assert sent > 10


async def test_a_follower_is_put_in_charge_and_follows_no_more(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    routes = [{"backend": "old", "followers": [{"backend": "new"}]}]
    async with moved(tmp_path, "ocpp1.6", old, new, routes=routes) as (running, station):
        await new.wait(lambda: new.calls("BootNotification"))
        number = await station.starts16()
        await new.wait(lambda: new.open)
        status, problem = await put(running, when="now")
        assert (status, problem["reason"]) == (409, "cannot_carry")
        await station.stops16(number, 2000)
        await new.wait(lambda: not new.open)
        assert (await put(running))[0] == 200
        await station.call("Heartbeat", {})
        # It has one connection, and hears everything once.
        assert len(new.calls("Heartbeat")) == 1
        assert len(new.connections) - len(new.closes) == 1
        await station.ws.close()
        again = await Station("ocpp1.6").connect(running)
        await again.call("Heartbeat", {})
        assert (len(new.calls("Heartbeat")), len(old.calls("Heartbeat"))) == (2, 0)
        # Given back, it follows again from the next connection on.
        assert (await running.api("DELETE", "/stations/CP-1/route"))[0] == 200
        assert await backend_of(running) == "old"
