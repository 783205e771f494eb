"""`when_down: buffer` on real sockets: a charge while the backend is away, a gateway that is killed, a door that stays shut."""

import asyncio
import base64
import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from gateway.passwords import hash_password
from tests.support import Csms, Frame, ask, closed, configuration, gateway

NOW = "2026-11-21T10:00:00Z"
BOOT = {"chargePointVendor": "AcmeVolt", "chargePointModel": "AV-22"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
START = {"connectorId": 1, "idTag": "04A1B2C3", "meterStart": 100, "timestamp": "2026-11-21T10:05:00Z"}
BOOT_2 = {"reason": "PowerUp", "chargingStation": {"vendorName": "AcmeVolt", "model": "AV-22"}}
TOKEN = {"idToken": "04A1B2C3", "type": "ISO14443"}


class Backend(Csms):
    """A 1.6 CSMS that numbers its transactions from 1, and takes every token that is not on its list."""

    def __init__(self) -> None:
        super().__init__(self.reply)
        self.numbers = count(1)
        self.blocked: set[str] = set()

    def reply(self, frame: Frame) -> Any:
        match frame[2]:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": NOW, "interval": 300}
            case "StartTransaction":
                status = "Blocked" if frame[3]["idTag"] in self.blocked else "Accepted"
                return {"transactionId": next(self.numbers), "idTagInfo": {"status": status}}
            case "Heartbeat":
                return {"currentTime": NOW}
        return {}

    @property
    def told(self) -> list[Any]:
        return [frame[2:] for frame in self.frames if frame[0] == 2]


def buffering(csms: Csms, tmp_path: Path, auth: str = "none") -> dict[str, Any]:
    config = configuration(("only", csms), store=f"sqlite:{tmp_path / 'store.db'}")
    config["backends"]["only"]["when_down"] = "buffer"
    config["listeners"][0]["auth"] = auth
    return config


def meter(transaction: int, minute: int) -> dict[str, Any]:
    values = [{"timestamp": f"2026-11-21T10:{minute:02}:00Z", "sampledValue": [{"value": "150"}]}]
    return {"connectorId": 1, "transactionId": transaction, "meterValue": values}


async def test_a_charge_while_the_backend_is_away_and_the_gateway_is_killed_in_it(tmp_path: Path) -> None:
    csms = Backend()
    async with gateway(tmp_path, buffering(csms, tmp_path)) as running:
        async with csms.running():
            ws = await running.station()
            assert (await ask(ws, [2, "1", "BootNotification", BOOT]))[2]["status"] == "Accepted"
            # The backend's own transaction goes on while it is away.
            assert (await ask(ws, [2, "2", "StartTransaction", START]))[2]["transactionId"] == 1
        await asyncio.sleep(0)
        assert (await ask(ws, [2, "3", "MeterValues", meter(1, 6)]))[2] == {}
        assert (await ask(ws, [2, "4", "StopTransaction", {"transactionId": 1, "meterStop": 5, "timestamp": NOW}]))[
            2
        ] == {}
        assert (await ask(ws, [2, "5", "Authorize", {"idTag": "B"}]))[2]["idTagInfo"]["status"] == "Accepted"
        second = {**START, "idTag": "B", "timestamp": "2026-11-21T10:10:00Z"}
        number = (await ask(ws, [2, "6", "StartTransaction", second]))[2]["transactionId"]
        assert number != 1
        assert await running.metric('ocpp_gateway_buffered_messages{backend="only"}') == 3
        running.process.kill()
        await closed(ws)

    async with gateway(tmp_path, buffering(csms, tmp_path)) as running:
        ws = await running.station()
        # It reboots, has not heard the answer, and the backend is still away.
        assert (await ask(ws, [2, "1", "BootNotification", BOOT]))[2]["status"] == "Accepted"
        assert (await ask(ws, [2, "2", "StartTransaction", second]))[2]["transactionId"] == number
        assert (await ask(ws, [2, "3", "StatusNotification", STATUS]))[2] == {}
        assert (await ask(ws, [2, "4", "MeterValues", meter(number, 11)]))[2] == {}
        assert await running.metric('ocpp_gateway_buffered_messages{backend="only"}') == 4
        csms.texts.clear()
        async with csms.running():
            await csms.wait(lambda: len(csms.told) >= 6, 20)
            assert csms.told == [
                ["BootNotification", BOOT],
                ["StatusNotification", STATUS],
                ["MeterValues", meter(1, 6)],
                ["StopTransaction", {"transactionId": 1, "meterStop": 5, "timestamp": NOW}],
                ["StartTransaction", second],
                ["MeterValues", meter(2, 11)],
            ]
            # From here on live, and the number is still the backend's own.
            await ask(ws, [2, "5", "Heartbeat", {}])
            await csms.send([2, "c", "RemoteStopTransaction", {"transactionId": 2}])
            assert json.loads(await ws.recv()) == [2, "c", "RemoteStopTransaction", {"transactionId": number}]
            await ws.send(json.dumps([3, "c", {"status": "Accepted"}]))
            stop = {"transactionId": number, "meterStop": 300, "timestamp": "2026-11-21T10:20:00Z"}
            await ask(ws, [2, "6", "StopTransaction", stop])
            await csms.wait(lambda: len([one for one in csms.told if one[0] == "StopTransaction"]) == 2)
            assert csms.told[-1] == ["StopTransaction", {**stop, "transactionId": 2}]
            while await running.metric('ocpp_gateway_buffered_messages{backend="only"}') > 0:
                await asyncio.sleep(0.05)
            assert await running.metric('ocpp_gateway_outbox_events_total{event="delivered"}') in (4, 5)
            assert await running.told("outbox_delivered")
            await ws.close()


async def test_what_a_killed_gateway_kept_is_delivered_by_the_next_one_without_the_station(tmp_path: Path) -> None:
    csms = Backend()
    second = {**START, "idTag": "B", "timestamp": "2026-11-21T10:10:00Z"}
    async with gateway(tmp_path, buffering(csms, tmp_path)) as running:
        async with csms.running():
            ws = await running.station()
            await ask(ws, [2, "1", "BootNotification", BOOT])
            assert (await ask(ws, [2, "2", "StartTransaction", START]))[2]["transactionId"] == 1
        await ask(ws, [2, "4", "StopTransaction", {"transactionId": 1, "meterStop": 5, "timestamp": NOW}])
        number = (await ask(ws, [2, "5", "StartTransaction", second]))[2]["transactionId"]
        await ask(ws, [2, "6", "MeterValues", meter(number, 11)])
        running.process.kill()
        await closed(ws)
    csms.texts.clear()
    async with csms.running(), gateway(tmp_path, buffering(csms, tmp_path)) as running:
        await csms.wait(lambda: len(csms.told) >= 3, 20)
        assert csms.told == [
            ["StopTransaction", {"transactionId": 1, "meterStop": 5, "timestamp": NOW}],
            ["StartTransaction", second],
            ["MeterValues", meter(2, 11)],
        ]
        await csms.wait(lambda: csms.closes and csms.closes[-1] == 1000)
        # The station goes on with its charge, under its own number.
        ws = await running.station()
        await ask(ws, [2, "7", "StopTransaction", {"transactionId": number, "meterStop": 300, "timestamp": NOW}])
        await csms.wait(lambda: len(csms.told) >= 4)
        assert csms.told[-1] == ["StopTransaction", {"transactionId": 2, "meterStop": 300, "timestamp": NOW}]
        await ws.close()


async def test_a_refused_charge_of_a_2_0_1_station_is_stopped_when_the_1_6_backend_is_back(tmp_path: Path) -> None:
    csms = Backend()
    csms.blocked.add("04A1B2C3")
    async with gateway(tmp_path, buffering(csms, tmp_path)) as running:
        async with csms.running():
            ws = await running.station(subprotocol="ocpp2.0.1")
            assert (await ask(ws, [2, "1", "BootNotification", BOOT_2]))[2]["status"] == "Accepted"
            # The link asks what it wants to know of the station; this one answers nothing of it.
            refusing = asyncio.create_task(_refuse_until_stop(ws))
            await csms.wait(lambda: csms.connections)
        place = {"timestamp": NOW, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
        await ws.send(json.dumps([2, "2", "StatusNotification", place]))
        event = {
            "eventType": "Started",
            "timestamp": "2026-11-21T10:05:00Z",
            "triggerReason": "Authorized",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "tx-1", "chargingState": "Charging"},
            "evse": {"id": 1, "connectorId": 1},
            "idToken": TOKEN,
            "meterValue": [
                {"timestamp": NOW, "sampledValue": [{"value": 1000, "context": "Transaction.Begin"}]},
            ],
        }
        await ws.send(json.dumps([2, "3", "TransactionEvent", event]))
        async with csms.running():
            stop, answers = await asyncio.wait_for(refusing, 20)
            assert stop == {"transactionId": "tx-1"}
            assert answers["3"]["idTokenInfo"]["status"] == "Accepted"
            assert await running.metric('ocpp_gateway_outbox_events_total{event="refused_later"}') == 1
            await ws.close()


async def _refuse_until_stop(ws: Any) -> tuple[Any, dict[str, Any]]:
    """Refuse every call until it is a stop; its payload, and what the station was answered meanwhile."""
    answers: dict[str, Any] = {}
    while True:
        frame = json.loads(await ws.recv())
        if frame[0] == 3:
            answers[frame[1]] = frame[2]
        elif frame[2] == "RequestStopTransaction":
            await ws.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
            return frame[3], answers
        else:
            await ws.send(json.dumps([4, frame[1], "NotSupported", "", {}]))


async def test_who_is_judged_by_the_backend_alone_does_not_come_in_without_it(tmp_path: Path) -> None:
    csms = Backend()
    async with gateway(tmp_path, buffering(csms, tmp_path, auth="forward")) as running:
        with pytest.raises(InvalidStatus) as caught:
            await running.station()
        assert caught.value.response.status_code == 503
        async with csms.running():
            ws = await running.station()
            await ask(ws, [2, "1", "BootNotification", BOOT])
        # Once in, it is who it was.
        assert (await ask(ws, [2, "2", "Heartbeat", {}]))[0] == 3
        await ws.close()


async def test_who_is_known_here_comes_in(tmp_path: Path) -> None:
    (tmp_path / "stations.json").write_text(json.dumps({"CP-1": {"password_hash": hash_password(b"secret of CP-1")}}))
    config = buffering(Backend(), tmp_path) | {"stations_file": str(tmp_path / "stations.json")}
    config["listeners"][0]["auth"] = ["basic", "forward"]
    async with gateway(tmp_path, config) as running:
        word = {
            name: {"Authorization": "Basic " + base64.b64encode(f"{name}:secret of CP-1".encode()).decode()}
            for name in ("CP-1", "CP-2")
        }
        ws = await running.station("/CP-1", additional_headers=word["CP-1"])
        assert (await ask(ws, [2, "1", "BootNotification", BOOT]))[2]["status"] == "Pending"
        with pytest.raises(InvalidStatus) as caught:
            await running.station("/CP-2", additional_headers=word["CP-2"])
        assert caught.value.response.status_code == 503
        await ws.close()


async def test_what_was_kept_is_delivered_by_a_gateway_that_does_not_buffer_any_more(tmp_path: Path) -> None:
    csms = Backend()
    async with gateway(tmp_path, buffering(csms, tmp_path)) as running:
        ws = await running.station()
        number = (await ask(ws, [2, "1", "StartTransaction", START]))[2]["transactionId"]
        await ws.close()
    config = buffering(csms, tmp_path)
    config["backends"]["only"]["when_down"] = "hold"
    async with csms.running(), gateway(tmp_path, config) as running:
        ws = await running.station()
        await csms.wait(lambda: csms.told)
        assert csms.told == [["StartTransaction", START]]
        await ask(ws, [2, "2", "StopTransaction", {"transactionId": number, "meterStop": 5, "timestamp": NOW}])
        await csms.wait(lambda: len(csms.told) == 2)
        assert csms.told[-1][1]["transactionId"] == 1
        await ws.close()
