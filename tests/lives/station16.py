"""A 1.6 station: connectors with cars, cards and a meter each."""

from dataclasses import dataclass, field
from typing import Any

from tests.lives.station import Message, Payload, Station, Traits
from tests.lives.world import World
from translators.frames import Call

GOOD_TAGS = ("CARD1", "04A1B2C3D4E5F6", "Card-Nine")
BAD_TAG = "BLOCKED"


@dataclass
class Tx:
    """A transaction as the station has it."""

    station: "Station16"
    connector: int
    tag: str
    started: str
    begin: int
    state: str = "Charging"
    number: int | None = None
    status: str | None = None
    """What the CSMS said to the start."""
    start_dropped: bool = False
    values: list[tuple[str, int]] = field(default_factory=list)
    stopped: str | None = None
    end: int | None = None
    reason: str | None = None

    def spoilt(self) -> bool:
        return self.station.is_spoilt(self.connector, self.started)


@dataclass
class Plug:
    number: int
    meter: int
    cable: bool = False
    tag: str | None = None
    tx: Tx | None = None
    used: bool = False
    """A transaction has ended and the cable is still in."""
    faulted: bool = False
    unavailable: bool = False
    reserved: int | None = None
    told: str | None = None

    def status(self) -> str:
        if self.faulted:
            return "Faulted"
        if self.tx is not None:
            return self.tx.state
        if self.unavailable:
            return "Unavailable"
        if self.used and self.cable:
            return "Finishing"
        if self.cable or self.tag:
            return "Preparing"
        return "Reserved" if self.reserved is not None else "Available"


class Station16(Station):
    def __init__(self, world: World, traits: Traits) -> None:
        super().__init__(world, traits)
        self.plugs = [Plug(number, 1000 * number) for number in range(1, sum(traits.plugs) + 1)]
        self.txs: list[Tx] = []
        self.reset_to_come: str | None = None

    def is_spoilt(self, connector: int, started: str) -> bool:
        return bool(self.world.csms.is_spoilt(connector, started))  # type: ignore[attr-defined]

    def boot(self) -> Payload:
        return {"chargePointVendor": "Acme", "chargePointModel": "One", "firmwareVersion": "1.0"}

    def booted(self) -> None:
        self._status(0, "Available")
        self.came_back(every=True)

    def came_back(self, every: bool = False) -> None:
        for plug in self.plugs:
            if every or plug.told != plug.status():
                self._status(plug.number, plug.status())
                plug.told = plug.status()

    # -- what happens at the station --------------------------------------------------------------------------------

    def acts(self, place: int, way: int) -> None:
        """The next thing that happens at a connector."""
        self.world.now += 1.0
        plug = self.plugs[place % len(self.plugs)]
        if plug.faulted or (plug.unavailable and plug.tx is None):
            plug.faulted = plug.unavailable = False
        elif plug.tx is not None:
            self._charges(plug, plug.tx, way)
        elif plug.used:
            plug.cable = plug.used = False
        elif way == 9:
            plug.faulted = True
        elif plug.cable and way == 8:
            plug.cable = False
        elif plug.cable or (plug.tag is None and way % 2):
            self._card(plug, BAD_TAG if way == 7 else GOOD_TAGS[way % 3])
        elif plug.tag is not None and way == 6:
            plug.tag = None
        else:
            plug.cable = True
        self._goes_on(plug)

    def _charges(self, plug: Plug, tx: Tx, way: int) -> None:
        if way < 5:
            plug.meter += 137 * (way + 1)
            self._meter_values(plug, tx, clock=way == 4)
        elif way == 5:
            tx.state = {"Charging": "SuspendedEV", "SuspendedEV": "SuspendedEVSE"}.get(tx.state, "Charging")
        elif way in (6, 7):
            plug.meter += 11
            self._stop(plug, None if way == 6 else "Local", tx.tag)
        elif way == 8:
            plug.cable = False
            self._stop(plug, "EVDisconnected")
        else:
            plug.faulted = True
            self._stop(plug, "Other")

    def _card(self, plug: Plug, tag: str) -> None:
        def answered(answer: Payload) -> None:
            if answer["idTagInfo"]["status"] == "Accepted" and plug.tx is None and not plug.used:
                plug.tag = tag
                self._goes_on(plug)

        if self.online and self.registered:
            self.errand("Authorize", {"idTag": tag}, answered)
        else:
            plug.tag = tag  # AllowOfflineTxForUnknownId

    def _goes_on(self, plug: Plug) -> None:
        if plug.tag is not None and plug.cable and plug.tx is None and not plug.used and not plug.faulted:
            self._start(plug, plug.tag)
        if plug.status() != plug.told:
            self._status(plug.number, plug.status())
            plug.told = plug.status() if self.online and self.registered else None
        self.pump()

    def _start(self, plug: Plug, tag: str) -> None:
        self.world.now += 1.0
        tx = plug.tx = Tx(self, plug.number, tag, self._time(), plug.meter)
        plug.tag = None
        self.txs.append(tx)
        start: Payload = {"connectorId": plug.number, "idTag": tag, "meterStart": tx.begin, "timestamp": tx.started}
        if plug.reserved is not None:
            start["reservationId"], plug.reserved = plug.reserved, None

        def answered(answer: Payload) -> None:
            tx.number, tx.status = answer["transactionId"], answer["idTagInfo"]["status"]
            assert tx.number is not None
            assert 0 < tx.number < 2**31
            if tx.status != "Accepted" and plug.tx is tx:
                if self.traits.stops_on_invalid:
                    self._stop(plug, "DeAuthorized")
                else:
                    tx.state = "SuspendedEVSE"
                self._goes_on(plug)

        def dropped() -> None:
            tx.start_dropped = True

        self.queue.append(Message("StartTransaction", lambda: start, answered, dropped, tx))

    def _number(self, tx: Tx) -> int:
        """Errata 3.18: a station that never got a number makes one up."""
        return tx.number if tx.number is not None else self.traits.unknown_number

    def _meter_values(self, plug: Plug, tx: Tx, *, clock: bool) -> None:
        at, wh = self._time(), plug.meter
        tx.values.append((at, wh))
        sample = {"value": f"{wh / 1000:.3f}", "unit": "kWh"} if clock else {"value": str(wh)}
        sample |= {"context": "Sample.Clock" if clock else "Sample.Periodic"}

        def build() -> Payload:
            return {
                "connectorId": tx.connector,
                "transactionId": self._number(tx),
                "meterValue": [{"timestamp": at, "sampledValue": [sample]}],
            }

        self.queue.append(Message("MeterValues", build, tx=tx))

    def _stop(self, plug: Plug, reason: str | None, tag: str | None = None) -> None:
        tx = plug.tx
        assert tx is not None
        self.world.now += 1.0
        tx.stopped, tx.end, tx.reason = self._time(), plug.meter, reason
        plug.tx, plug.used = None, plug.cable
        data = [{"timestamp": tx.started, "sampledValue": [{"value": str(tx.begin), "context": "Transaction.Begin"}]}]

        def build() -> Payload:
            stop: dict[str, Any] = {
                "transactionId": self._number(tx),
                "meterStop": tx.end,
                "timestamp": tx.stopped,
                "reason": reason,
                "idTag": tag,
                "transactionData": data if self.traits.data_at_end else None,
            }
            return {name: value for name, value in stop.items() if value is not None}

        self.queue.append(Message("StopTransaction", build, tx=tx))

    def _status(self, number: int, status: str) -> None:
        code = "GroundFailure" if status == "Faulted" else "NoError"
        self.errand(
            "StatusNotification",
            {"connectorId": number, "errorCode": code, "status": status, "timestamp": self.world.time},
        )

    def _time(self) -> str:
        return self.world.time[:-5] + "Z"  # whole seconds, as most stations write them

    def power_cut(self, reason: str = "PowerLoss") -> None:
        for plug in self.plugs:
            if plug.tx is not None:
                self._stop(plug, reason)
            plug.tag, plug.told = None, None
        self.reboot()

    def finish(self) -> None:
        """Everybody drives home."""
        for plug in self.plugs:
            plug.faulted = False
            if plug.tx is not None:
                self._stop(plug, "Local")
            plug.cable, plug.used, plug.tag = False, False, None
            self._goes_on(plug)

    # -- commands ---------------------------------------------------------------------------------------------------

    def asked(self, call: Call, way: int) -> Payload | str | None:
        if way == 9:
            return None
        if way == 8:
            return "InternalError"
        if way == 7:
            return {"status": "Rejected"} if call.action != "UnlockConnector" else {"status": "UnlockFailed"}
        doing = getattr(self, f"_{call.action}", None)
        if doing is None:
            return "NotImplemented"
        answer: Payload = doing(call.payload)
        if self.traits.acts_first:
            self.pump()
        return answer

    def _RemoteStartTransaction(self, call: Payload) -> Payload:
        free = [plug for plug in self.plugs if plug.tx is None and not plug.used and not plug.tag]
        wanted = call.get("connectorId")
        plug = next((plug for plug in free if wanted in (None, plug.number)), None)
        if plug is None or plug.faulted:
            return {"status": "Rejected"}
        plug.tag = call["idTag"]
        self._goes_on_later(plug)
        return {"status": "Accepted"}

    def _RemoteStopTransaction(self, call: Payload) -> Payload:
        plug = next((plug for plug in self.plugs if plug.tx and plug.tx.number == call["transactionId"]), None)
        if plug is None:
            return {"status": "Rejected"}
        self._stop(plug, "Remote")
        self._goes_on_later(plug)
        return {"status": "Accepted"}

    def _UnlockConnector(self, call: Payload) -> Payload:
        plug = next((plug for plug in self.plugs if plug.number == call["connectorId"]), None)
        if plug is None:
            return {"status": "NotSupported"}
        if plug.tx is not None:
            self._stop(plug, "UnlockCommand")
        self._goes_on_later(plug)
        return {"status": "Unlocked"}

    def _ReserveNow(self, call: Payload) -> Payload:
        plug = next((plug for plug in self.plugs if call["connectorId"] in (0, plug.number)), None)
        if plug is None or plug.status() != "Available":
            return {"status": "Occupied"}
        plug.reserved = call["reservationId"]
        self._goes_on_later(plug)
        return {"status": "Accepted"}

    def _CancelReservation(self, call: Payload) -> Payload:
        for plug in self.plugs:
            if plug.reserved == call["reservationId"]:
                plug.reserved = None
                self._goes_on_later(plug)
                return {"status": "Accepted"}
        return {"status": "Rejected"}

    def _ChangeAvailability(self, call: Payload) -> Payload:
        for plug in self.plugs:
            if call["connectorId"] in (0, plug.number):
                plug.unavailable = call["type"] == "Inoperative"
                self._goes_on_later(plug)
        return {"status": "Accepted"}

    def _TriggerMessage(self, call: Payload) -> Payload:
        if call["requestedMessage"] != "StatusNotification":
            return {"status": "NotImplemented"}
        for plug in self.plugs:
            if call.get("connectorId", plug.number) == plug.number:
                self._status(plug.number, plug.status())
        return {"status": "Accepted"}

    def _Reset(self, call: Payload) -> Payload:
        self.reset_to_come = f"{call['type']}Reset"
        return {"status": "Accepted"}

    def _goes_on_later(self, plug: Plug) -> None:
        """After the answer, unless this station acts first."""
        if self.traits.acts_first:
            self._goes_on(plug)
        else:
            self.later.append(plug)

    later: list[Plug]

    def arrived(self, frame: Any, way: int) -> None:
        self.later = []
        super().arrived(frame, way)
        for plug in self.later:
            self._goes_on(plug)
        if self.reset_to_come is not None:
            reason, self.reset_to_come = self.reset_to_come, None
            self.power_cut(reason)
