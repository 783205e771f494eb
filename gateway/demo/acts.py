"""The two acts: a 2.0.1 station on a 1.6 CSMS, and a 1.6 station on a 2.0.1 CSMS."""

from collections.abc import Sequence
from typing import Any, ClassVar

from gateway.demo import station16, station201
from gateway.demo.act import Act
from gateway.demo.checklist import Expected, any_of
from gateway.demo.csms16 import Bill16, Csms16
from gateway.demo.csms201 import Bill201, Csms201
from gateway.demo.meter import ENERGY, Meter
from gateway.demo.station import alive
from gateway.demo.station16 import Station16
from gateway.demo.station201 import Station201


def _register(wh: int, context: str | None = None) -> Any:
    """A 2.0.1 meterValue list that holds this energy register."""
    sample: dict[str, Any] = {"value": wh, "measurand": ENERGY, "unitOfMeasure": {"unit": "Wh"}}
    if context is not None:
        sample["context"] = context
    return any_of({"sampledValue": any_of(sample)})


def _register16(wh: int) -> Any:
    """A 1.6 meterValue list that holds this energy register."""
    return any_of({"sampledValue": any_of({"value": str(wh), "measurand": ENERGY})})


class LegacyAct(Act):
    """A new station, an old management system, which starts and stops the charge from afar."""

    title = "A 2.0.1 station on a 1.6 CSMS: remote start, charge, remote stop"
    identity = "DEMO-201"
    station_version = "ocpp2.0.1"
    tag = "APP-USER-7"
    begin_wh = 482_300
    # 10 minutes each of a battery that fills up.
    watts = (118_000, 96_000, 61_000)
    facts: ClassVar = {
        "refused": "a wrong password gets the CSMS's 401 through the gateway",
        "once": "one StartTransaction and one StopTransaction",
        "errors": "no CALLERROR on either side",
        "kwh": "the station and the CSMS count the same kWh",
    }

    @property
    def csms(self) -> Csms16:
        return self.place.legacy

    @property
    def bill(self) -> Bill16 | None:
        bills = [bill for bill in self.csms.bills.values() if bill.identity == self.identity]
        return bills[-1] if bills else None

    def expected(self) -> Sequence[Expected]:
        def ours(value: Any) -> bool:
            return self.bill is not None and value == self.bill.transaction_id

        def status(key: str, connector: int, name: str) -> Expected:
            shape = {"connectorId": connector, "status": name, "errorCode": "NoError"}
            return Expected(
                key, f"StatusNotification connector {connector} {name}", "csms", "StatusNotification", shape
            )

        def values(number: int, wh: int) -> Expected:
            shape = {"connectorId": 1, "transactionId": ours, "meterValue": _register16(wh)}
            return Expected(f"values{number}", f"MeterValues with {wh} Wh", "csms", "MeterValues", shape)

        registers = _registers(self.begin_wh, self.watts)
        # 1.6 has room for 20 characters of the name.
        boot = {"chargePointVendor": station201.VENDOR[:20], "chargePointModel": station201.MODEL}
        start = {"connectorId": 1, "idTag": self.tag, "meterStart": self.begin_wh}
        stop = {"transactionId": ours, "meterStop": registers[-1], "reason": "Remote"}
        token = {"idToken": {"idToken": self.tag}, "evseId": 1, "remoteStartId": lambda value: isinstance(value, int)}
        accepted = {"status": "Accepted"}
        token_accepted = {"idTokenInfo": {"status": "Accepted"}}
        uuid = {"transactionId": lambda value: self.station is not None and value == self.station.transaction_id}
        return [
            Expected("boot", "BootNotification", "csms", "BootNotification", boot),
            Expected("booted", "BootNotification accepted", "station", "BootNotification", accepted, "result"),
            status("status0", 0, "Available"),
            status("status1", 1, "Available"),
            status("status2", 2, "Available"),
            Expected("heartbeat", "Heartbeat", "csms", "Heartbeat"),
            status("preparing", 1, "Preparing"),
            Expected("plugged", "TransactionEvent Started answered", "station", "TransactionEvent", {}, "result"),
            Expected("request", "RequestStartTransaction", "station", "RequestStartTransaction", token),
            Expected(
                "requested", "RemoteStartTransaction accepted", "csms", "RemoteStartTransaction", accepted, "result"
            ),
            Expected("authorize", "Authorize", "csms", "Authorize", {"idTag": self.tag}),
            Expected("authorized", "Authorize accepted", "station", "Authorize", token_accepted, "result"),
            Expected("start", f"StartTransaction at {self.begin_wh} Wh", "csms", "StartTransaction", start),
            Expected(
                "started", "TransactionEvent: token accepted", "station", "TransactionEvent", token_accepted, "result"
            ),
            status("charging", 1, "Charging"),
            *(values(number, wh) for number, wh in enumerate(registers, 1)),
            Expected(
                "end",
                "RequestStopTransaction with the station's own id",
                "station",
                "RequestStopTransaction",
                uuid,
            ),
            Expected("ending", "RemoteStopTransaction accepted", "csms", "RemoteStopTransaction", accepted, "result"),
            Expected("stop", f"StopTransaction at {registers[-1]} Wh, Remote", "csms", "StopTransaction", stop),
            status("finishing", 1, "Finishing"),
            status("available", 1, "Available"),
        ]

    async def play(self) -> None:
        status = await self.refused()
        self.checks.settle("refused", status == 401, f"it got {status or 'a connection'}")
        meter = Meter(self.begin_wh, self.watts, soc=21)
        tap = await self.connect()
        station = Station201(self.identity, tap, self.csms.clock, meter, pace=self.place.pace)
        self.station = await self.place.stations.enter_async_context(alive(station, self.checks.abort))
        charge = self.follow(station.charge())
        await self.checks.arrived("plugged")
        self.demand("RemoteStartTransaction", await self.csms.remote_start(self.identity, self.tag, 1))
        await self.checks.arrived("values3")
        assert self.bill is not None
        self.demand("RemoteStopTransaction", await self.csms.remote_stop(self.identity, self.bill.transaction_id))
        await charge
        await self.checks.arrived("finishing")
        await station.unplug()

    def settle(self) -> None:
        counts = {
            action: len(self.csms.tape.calls(action, identity=self.identity))
            for action in ("StartTransaction", "StopTransaction")
        }
        self.checks.settle("once", all(number == 1 for number in counts.values()), f"{counts}")
        self.settle_common()

    def billed_kwh(self) -> float | None:
        return self.bill.kwh if self.bill is not None else None


class ModernAct(Act):
    """An old station, a new management system: a card starts, the CSMS stops."""

    title = "A 1.6 station on a 2.0.1 CSMS: card, charge, remote stop"
    identity = "DEMO-16"
    station_version = "ocpp1.6"
    tag = "04A1B2C3D4E5F6"
    begin_wh = 120_500
    watts = (11_000, 11_000, 7_400)
    facts: ClassVar = {
        "once": "one transaction: begun once, ended once, numbered 0, 1, 2 ...",
        "errors": "no CALLERROR on either side",
        "kwh": "the station and the CSMS count the same kWh",
    }

    @property
    def csms(self) -> Csms201:
        return self.place.modern

    @property
    def bill(self) -> Bill201 | None:
        bills = [bill for bill in self.csms.bills.values() if bill.identity == self.identity]
        return bills[0] if bills else None

    def expected(self) -> Sequence[Expected]:
        def event(key: str, what: str, kind: str, trigger: str, shape: dict[str, Any]) -> Expected:
            # The Started event is judged before the CSMS has read it.
            known: Any = _is_text if kind == "Started" else self._is_ours
            info = {"transactionId": known, **shape.pop("transactionInfo", {})}
            shape = {"eventType": kind, "triggerReason": trigger, "transactionInfo": info, **shape}
            return Expected(key, f"TransactionEvent {kind}: {what}", "csms", "TransactionEvent", shape)

        def status(key: str, name: str) -> Expected:
            shape = {"evseId": 1, "connectorId": 1, "connectorStatus": name}
            return Expected(key, f"StatusNotification {name}", "csms", "StatusNotification", shape)

        registers = _registers(self.begin_wh, self.watts)
        boot = {"chargingStation": {"vendorName": station16.VENDOR, "model": station16.MODEL}}
        availability = {"component": {"name": "ChargingStation"}, "variable": {"name": "AvailabilityState"}}
        token = {"idToken": {"idToken": self.tag}}
        begin = {
            "seqNo": 0,
            "evse": {"id": 1, "connectorId": 1},
            **token,
            "meterValue": _register(self.begin_wh, "Transaction.Begin"),
        }
        end = {
            "transactionInfo": {"stoppedReason": "Remote"},
            "meterValue": _register(registers[-1], "Transaction.End"),
        }
        charging = {"transactionInfo": {"chargingState": "Charging"}}
        accepted = {"status": "Accepted"}
        tag_accepted = {"idTagInfo": {"status": "Accepted"}}
        number = {"transactionId": lambda value: self.station is not None and value == self.station.transaction_id}
        issued = {**tag_accepted, "transactionId": lambda value: isinstance(value, int) and value > 0}
        return [
            Expected("boot", "BootNotification", "csms", "BootNotification", boot),
            Expected("booted", "BootNotification accepted", "station", "BootNotification", accepted, "result"),
            Expected(
                "status0", "NotifyEvent for connector 0", "csms", "NotifyEvent", {"eventData": any_of(availability)}
            ),
            status("status1", "Available"),
            Expected("heartbeat", "Heartbeat", "csms", "Heartbeat"),
            Expected("authorize", "Authorize", "csms", "Authorize", token),
            Expected("authorized", "Authorize accepted", "station", "Authorize", tag_accepted, "result"),
            status("occupied", "Occupied"),
            event("start", f"{self.begin_wh} Wh", "Started", "Authorized", begin),
            Expected(
                "started",
                "StartTransaction accepted, with an integer",
                "station",
                "StartTransaction",
                issued,
                "result",
            ),
            event("charging", "Charging", "Updated", "ChargingStateChanged", charging),
            *(
                event(f"values{index}", f"{wh} Wh", "Updated", "MeterValuePeriodic", {"meterValue": _register(wh)})
                for index, wh in enumerate(registers, 1)
            ),
            Expected(
                "end", "RemoteStopTransaction with the station's integer", "station", "RemoteStopTransaction", number
            ),
            Expected("ending", "RequestStopTransaction accepted", "csms", "RequestStopTransaction", accepted, "result"),
            event("stop", f"{registers[-1]} Wh, Remote", "Ended", "RemoteStop", end),
            status("available", "Available"),
        ]

    async def play(self) -> None:
        tap = await self.connect()
        meter = Meter(self.begin_wh, self.watts)
        station = Station16(self.identity, tap, self.csms.clock, meter, pace=self.place.pace)
        self.station = await self.place.stations.enter_async_context(alive(station, self.checks.abort))
        charge = self.follow(station.charge(self.tag))
        await self.checks.arrived("values3")
        assert self.bill is not None
        self.demand("RequestStopTransaction", await self.csms.remote_stop(self.identity, self.bill.transaction_id))
        await charge
        await station.unplug()

    def settle(self) -> None:
        bills = [bill for bill in self.csms.bills.values() if bill.identity == self.identity]
        kinds = [
            frame.payload["eventType"] for frame in self.csms.tape.calls("TransactionEvent", identity=self.identity)
        ]
        numbers = bills[0].seq_nos if bills else []
        once = len(bills) == 1 and kinds.count("Started") == kinds.count("Ended") == 1
        why = f"{len(bills)} transactions, {kinds}, numbered {numbers}"
        self.checks.settle("once", once and numbers == list(range(len(numbers))), why)
        self.settle_common()

    def billed_kwh(self) -> float | None:
        return self.bill.kwh if self.bill is not None else None

    def _is_ours(self, value: Any) -> bool:
        return self.bill is not None and value == self.bill.transaction_id


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _registers(begin_wh: int, watts: Sequence[int], seconds: int = 600) -> list[int]:
    """The register after each interval, worked out apart from the meter."""
    registers = [begin_wh]
    for power in watts:
        registers.append(registers[-1] + round(power * seconds / 3600))
    return registers[1:]
