"""A small fleet that has everything happen at once that a dashboard can show: both versions, translated both ways and
not at all, errors, losses, silent and absent backends, the same as followers, refused and quarrelling stations."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support import Csms, Frame, Gateway, configuration, free_port, gateway

NOW = "2026-11-21T10:00:00Z"
_BOOTED = {"status": "Accepted", "currentTime": NOW, "interval": 300}
_BOOT_16 = ("BootNotification", {"chargePointVendor": "AcmeVolt", "chargePointModel": "AV-22"})
_BOOT_201 = (
    "BootNotification",
    {"reason": "PowerUp", "chargingStation": {"vendorName": "AcmeVolt", "model": "HPC-300"}},
)
_STATUS_16 = ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
_STATUS_201 = (
    "StatusNotification",
    {"timestamp": NOW, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1},
)
_LOST_SAMPLE = {"value": 7.0, "measurand": "Current.Import", "customData": {"vendorId": "acme"}}
_STATION_ANSWERS: dict[str, Any] = {
    "SetVariables": {"setVariableResult": []},
    "GetBaseReport": {"status": "NotSupported"},
    "Reset": {"status": "Accepted"},
    "ClearCache": {"status": "Accepted"},
}
Sayings = list[tuple[str, dict[str, Any]]]


def _csms_16(frame: Frame) -> Any:
    answers: dict[str, Any] = {
        "BootNotification": _BOOTED,
        "Authorize": {"idTagInfo": {"status": "Accepted"}},
        "StartTransaction": {"transactionId": 4711, "idTagInfo": {"status": "Accepted"}},
        "Heartbeat": {"currentTime": NOW},
        "DataTransfer": [4, frame[1], "NotSupported", "", {}],
    }
    return answers.get(frame[2], {})


def _csms_201(frame: Frame) -> Any:
    answers: dict[str, Any] = {
        "BootNotification": _BOOTED,
        "Authorize": {"idTokenInfo": {"status": "Accepted"}},
        "Heartbeat": {"currentTime": NOW},
        "DataTransfer": {"status": "UnknownVendorId"},
    }
    return answers.get(frame[2], {})


def _sluggish(frame: Frame) -> Any:
    """Answers nothing that matters."""
    return _csms_16(frame) if frame[2] == "BootNotification" else None


def _event(kind: str, seq_no: int, **more: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": NOW,
        "triggerReason": "ChargingStateChanged" if kind == "Started" else "MeterValuePeriodic",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": "tx-1", "chargingState": "Charging"},
        "numberOfPhasesUsed": 3,
        **more,
    }


def _sayings_16(number: int, transaction: int) -> Sayings:
    values = {"connectorId": 1, "transactionId": transaction, "meterValue": [{"timestamp": NOW, "sampledValue": []}]}
    values["meterValue"][0]["sampledValue"] = [{"value": str(1000 + number), "unit": "Wh"}]
    broken = {"connectorId": "1", "errorCode": "NoError", "status": "Preparing", "timestamp": NOW}
    hopeless = {"connectorId": 1, "errorCode": "NoError", "status": "Dreaming"}
    return [
        ("Heartbeat", {}),
        ("MeterValues", values),
        ("StatusNotification", broken),
        ("StatusNotification", hopeless),
        ("DataTransfer", {"vendorId": "acme", "data": "x"}),
    ]


def _sayings_201(number: int, transaction: int) -> Sayings:
    meter = [{"timestamp": NOW, "sampledValue": [{"value": 1000.0 + number}, _LOST_SAMPLE]}]
    return [
        ("Heartbeat", {}),
        ("TransactionEvent", _event("Updated", number + 1, meterValue=meter)),
        ("DataTransfer", {"vendorId": "acme", "data": "x"}),
        ("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}),
    ]


_BEGIN_16: Sayings = [
    _BOOT_16,
    _STATUS_16,
    ("StartTransaction", {"connectorId": 1, "idTag": "04A1B2C3", "meterStart": 1000, "timestamp": NOW}),
]
_BEGIN_201: Sayings = [
    _BOOT_201,
    _STATUS_201,
    (
        "TransactionEvent",
        _event("Started", 0, idToken={"idToken": "04A1B2C3", "type": "ISO14443"}, evse={"id": 1, "connectorId": 1}),
    ),
]


async def _converse(ws: ClientConnection, begin: Sayings, then: Callable[[int, int], Sayings], pace: float) -> None:
    """Say all, one call at a time, and answer what is asked. Until the connection ends."""
    answered = asyncio.Event()
    transaction = 0

    async def listen() -> None:
        nonlocal transaction
        async for text in ws:
            frame = json.loads(text)
            if frame[0] != 2:
                if frame[0] == 3:
                    transaction = frame[2].get("transactionId", transaction)
                answered.set()
            elif frame[2] in _STATION_ANSWERS:
                await ws.send(json.dumps([3, frame[1], _STATION_ANSWERS[frame[2]]]))
            elif frame[2] != "TriggerMessage":  # on which it is silent
                await ws.send(json.dumps([4, frame[1], "NotImplemented", "", {}]))

    async def speak() -> None:
        ids = count()

        async def say(action: str, payload: dict[str, Any]) -> None:
            answered.clear()
            await ws.send(json.dumps([2, str(next(ids)), action, payload]))
            with suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await answered.wait()

        for saying in begin:
            await say(*saying)
        for number in count():
            for saying in then(number, transaction):
                await say(*saying)
                await asyncio.sleep(pace)

    with suppress(ConnectionClosed):
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(speak())
            await listen()
            speaking.cancel()


async def _station(running: Gateway, identity: str, subprotocol: str, pace: float) -> None:
    """Connects, charges for ever, and comes back when it is sent away."""
    begin, then = (_BEGIN_16, _sayings_16) if subprotocol == "ocpp1.6" else (_BEGIN_201, _sayings_201)
    while True:
        try:
            ws = await running.station(f"/{identity}", subprotocol)
        except (InvalidStatus, OSError):
            await asyncio.sleep(0.4)
            continue
        try:
            await _converse(ws, begin, then, pace)
        except* ConnectionClosed:
            pass
        finally:
            await ws.close()
        await asyncio.sleep(0.2)


async def _nuisance(running: Gateway) -> None:
    """Texts that are no frames, answers nobody waits for, more frames than allowed, a second device of the same name."""
    while True:
        with suppress(ConnectionClosed, InvalidStatus):
            ws = await running.station("/L-NOISE", "ocpp1.6")
            try:
                await ws.send(json.dumps([3, "nobody", {}]))
                await ws.send("{}")
                for number in range(90):
                    await ws.send(json.dumps([3, f"nobody-{number}", {}]))
                await asyncio.sleep(0.4)
            finally:
                another = await running.station("/L-NOISE", "ocpp1.6")
                await ws.close()
                await another.close()
        with suppress(InvalidStatus):
            await running.station("/NO-ROUTE", "ocpp1.6")
        await asyncio.sleep(0.2)


async def _operate(legacy: Csms, cloud: Csms) -> None:
    """What CSMSs ask of stations: what is answered, what is not, what is refused, what the other version has not."""
    for number in count():
        for csms, asked in (
            (
                legacy,
                [
                    ("ClearCache", {}),
                    ("UnlockConnector", {"connectorId": 1}),
                    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": "0123456789abcdef"}),
                    ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
                ],
            ),
            (cloud, [("ClearCache", {}), ("SetMonitoringLevel", {"severity": 4})]),
        ):
            for place, ws in enumerate(csms.connections):
                action, payload = asked[(number + place) % len(asked)]
                with suppress(ConnectionClosed):
                    await ws.send(json.dumps([2, f"o{number}-{place}", action, payload]))
        await asyncio.sleep(0.5)


async def _move(running: Gateway) -> None:
    """Some stations are migrated, and one is sent to and fro."""
    started = {"name": "north", "to": "cloud", "select": {"identity": "M-[12]"}, "when": "now", "canary": False}
    while (await running.api("POST", "/migrations", started))[0] != 201:  # 409 while none of them is connected
        await asyncio.sleep(0.5)
    for number in count():
        backend = ("cloud", "legacy")[number % 2]
        await running.api("PUT", "/stations/M-0/route", {"backend": backend, "when": "now"})
        await asyncio.sleep(1)


@asynccontextmanager
async def fleet(folder: Path, *, stations: int = 3, pace: float = 0.05, moving: bool = True) -> AsyncIterator[Gateway]:
    """A gateway with wss and a store on disk under such a fleet. `stations`: of each sort; `pace`: seconds between
    what one says; `moving`: some change their backend."""
    legacy, slow = Csms(_csms_16), Csms(_sluggish)
    cloud = Csms(_csms_201, ("ocpp2.0.1",))
    away, later = Csms(_csms_16), Csms(_csms_16)
    away.port, later.port = free_port(), free_port()
    config = configuration(("legacy", legacy), ("cloud", cloud), ("slow", slow), ("away", away), ("later", later))
    config["routes"] = [
        {"match": {"identity": f"{letter}-*"}, "backend": name}
        for letter, name in (
            ("L", "legacy"),
            ("C", "cloud"),
            ("S", "slow"),
            ("A", "away"),
            ("B", "later"),
            ("M", "legacy"),
        )
    ]
    config["routes"][0]["followers"] = [{"backend": "cloud", "allow": ["ClearCache"]}]
    config["routes"][1]["followers"] = [{"backend": "slow"}, {"backend": "away"}]
    for backend in config["backends"].values():
        backend["call_timeout_seconds"] = 0.5
    config["backends"]["later"]["when_down"] = "buffer"
    config["limits"] = {"frames_per_second": 30}
    config["store"] = f"sqlite:{folder / 'store.db'}"
    config["drain"] = {"seconds": 1}
    async with legacy.running(), cloud.running(), slow.running(), gateway(folder, config, tls=True) as running:
        members = [("L", "ocpp2.0.1"), ("L", "ocpp1.6"), ("C", "ocpp1.6"), ("C", "ocpp2.0.1")] * stations
        members += [("S", "ocpp1.6"), ("S", "ocpp2.0.1"), ("A", "ocpp1.6"), ("B", "ocpp1.6")]
        doing = [
            asyncio.create_task(_station(running, f"{letter}-{number}", subprotocol, pace))
            for number, (letter, subprotocol) in enumerate(members)
        ]
        if moving:
            doing += [asyncio.create_task(_station(running, f"M-{number}", "ocpp1.6", pace)) for number in range(3)]
            doing.append(asyncio.create_task(_move(running)))
        doing += [asyncio.create_task(_nuisance(running)), asyncio.create_task(_operate(legacy, cloud))]
        try:
            yield running
            for task in doing:
                if task.done():
                    task.result()
        finally:
            for task in doing:
                task.cancel()
            await asyncio.gather(*doing, return_exceptions=True)
