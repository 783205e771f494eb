"""A 2.0.1 station: EVSEs with connectors, cars, cards and a meter each."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.lives.station import Message, Payload, Station, Traits
from tests.lives.station16 import BAD_TAG, GOOD_TAGS
from tests.lives.world import World
from translators.frames import Call

TYPES = {GOOD_TAGS[0]: "Central", GOOD_TAGS[1]: "ISO14443", GOOD_TAGS[2]: "KeyCode", BAD_TAG: "ISO14443"}


@dataclass
class Tx:
    """A transaction as the station has it."""

    station: "Station201"
    uuid: str
    evse: int
    connector: int
    begin: int
    started: str
    state: str = "Idle"
    seq: int = 0
    tag: str | None = None
    """The token it runs on."""
    token: Payload | None = None
    deauthorized: bool = False
    refused: bool = False
    """A token of it was."""
    remote: int | None = None
    last: str = ""
    values: list[tuple[str, int]] = field(default_factory=list)
    """Registers told between the start of the charging and its end."""
    ended: str | None = None
    end: int | None = None
    reason: str | None = None
    charged: bool = False
    dropped: int = 0

    def spoilt(self) -> bool:
        return bool(self.station.world.csms.is_spoilt(self))  # type: ignore[attr-defined]


@dataclass
class Evse:
    number: int
    plugs: int
    meter: int
    plug: int = 1
    """The connector in use."""
    cable: bool = False
    token: Payload | None = None
    remote: int | None = None
    tx: Tx | None = None
    over: bool = False
    """Stopped, and the cable is still in."""
    faulted: bool = False
    unavailable: bool = False
    reserved: int | None = None
    told: dict[int, str] = field(default_factory=dict)

    def status(self, connector: int) -> str:
        if self.faulted:
            return "Faulted"
        if self.unavailable and self.tx is None:
            return "Unavailable"
        if self.cable and connector == self.plug:
            return "Occupied"
        return "Reserved" if self.reserved is not None and self.tx is None else "Available"


class Station201(Station):
    def __init__(self, world: World, traits: Traits) -> None:
        super().__init__(world, traits)
        self.evses = [Evse(number, plugs, 1000 * number) for number, plugs in enumerate(traits.plugs, 1)]
        self.txs: list[Tx] = []
        self.ids = count(1)
        self.later: list[Evse] = []
        self.reset_to_come = False
        self.reason = "PowerUp"

    def boot(self) -> Payload:
        return {"reason": self.reason, "chargingStation": {"vendorName": "Acme", "model": "Two"}}

    def booted(self) -> None:
        self.came_back(every=True)

    def came_back(self, every: bool = False) -> None:
        for evse in self.evses:
            if every:
                evse.told.clear()
            self._tell(evse)

    def _tell(self, evse: Evse) -> None:
        for connector in range(1, evse.plugs + 1):
            status = evse.status(connector)
            if evse.told.get(connector) != status and self.online and self.registered:
                evse.told[connector] = status
                said = {"timestamp": self.world.time, "connectorStatus": status, "evseId": evse.number}
                self.errand("StatusNotification", said | {"connectorId": connector})

    def lost(self) -> None:
        for message in self.errands:
            if message.action == "StatusNotification" and message.payload is None:
                said = message.build()
                self.evses[said["evseId"] - 1].told.pop(said["connectorId"], None)
        super().lost()

    # -- what happens at the station --------------------------------------------------------------------------------

    def acts(self, place: int, way: int) -> None:
        """The next thing that happens at an EVSE."""
        self.world.now += 1.0
        evse = self.evses[place % len(self.evses)]
        tx = evse.tx
        if evse.faulted or (evse.unavailable and tx is None):
            evse.faulted = evse.unavailable = False
        elif tx is not None and tx.charged:
            self._charges(evse, tx, way)
        elif evse.over:
            self._unplug(evse)
        elif way == 9 and tx is None:
            evse.faulted = True
        elif evse.cable and way == 8:
            self._unplug(evse)
        elif evse.token is not None and not evse.cable and way == 7:
            evse.token = None
            if tx is not None:
                self._end(evse, "EVConnectTimeout", "Timeout")
        elif evse.cable or (evse.token is None and way % 2):
            self._card(evse, BAD_TAG if way == 7 else GOOD_TAGS[way % 3])
        else:
            evse.cable, evse.plug = True, 1 + way % evse.plugs
            self._plugged(evse)
        self._goes_on(evse)

    def _charges(self, evse: Evse, tx: Tx, way: int) -> None:
        if way < 5 and tx.state != "EVConnected":
            evse.meter += 137 * (way + 1)
            kind = "Clock" if way == 4 else "Periodic"
            self._event(evse, tx, f"MeterValue{kind}", reading=f"Sample.{kind}")
        elif way == 5 and tx.state != "EVConnected":
            tx.state = {"Charging": "SuspendedEV", "SuspendedEV": "SuspendedEVSE"}.get(tx.state, "Charging")
            self._event(evse, tx, "ChargingStateChanged")
        elif way == 8 or tx.state == "EVConnected":
            self._unplug(evse)
        elif way == 9:
            evse.faulted = True
            self._end(evse, "AbnormalCondition", "GroundFault")
        else:
            evse.meter += 11
            self._stop(evse, "StopAuthorized", "Local", tx.token)

    def _card(self, evse: Evse, tag: str) -> None:
        token = {"idToken": tag, "type": TYPES[tag]}

        def answered(answer: Payload) -> None:
            if answer["idTokenInfo"]["status"] == "Accepted" and evse.token is None and not evse.over:
                self._authorized(evse, token)
                self._goes_on(evse)

        if self.online and self.registered:
            self.errand("Authorize", {"idToken": token}, answered)
        elif evse.token is None:
            self._authorized(evse, token)  # OfflineTxForUnknownIdEnabled

    def _authorized(self, evse: Evse, token: Payload, remote: int | None = None) -> None:
        evse.token, evse.remote = token, remote
        trigger = "RemoteStart" if remote is not None else "Authorized"
        if evse.tx is not None:
            evse.tx.remote = remote
            self._event(evse, evse.tx, trigger, token=token)
        elif self.traits.start_point == "Authorized" or (self.traits.start_point == "PowerPathClosed" and evse.cable):
            self._begin(evse, trigger, token)
        self._closes(evse)

    def _plugged(self, evse: Evse) -> None:
        if evse.tx is not None:
            evse.tx.state, evse.tx.connector = "EVConnected", evse.plug
            self._event(evse, evse.tx, "CablePluggedIn", here=True)
        elif self.traits.start_point == "EVConnected" or (
            self.traits.start_point == "PowerPathClosed" and evse.token is not None
        ):
            self._begin(evse, "CablePluggedIn", evse.token)
        self._closes(evse)

    def _closes(self, evse: Evse) -> None:
        """The power path: the car may charge."""
        tx = evse.tx
        if tx is not None and evse.cable and evse.token is not None and not tx.charged and not tx.deauthorized:
            self.world.now += 1.0
            tx.charged, tx.state = True, "Charging"
            self._event(evse, tx, "ChargingStateChanged", reading="Sample.Periodic")

    def _unplug(self, evse: Evse) -> None:
        evse.cable = evse.over = False
        tx = evse.tx
        evse.token = None
        if tx is not None:
            tx.state = "Idle"
            if tx.reason is not None:
                self._end(evse, "EVDeparted", tx.reason)
            else:
                self._end(evse, "EVCommunicationLost", "EVDisconnected")

    def _stop(self, evse: Evse, trigger: str, reason: str, token: Payload | None = None) -> None:
        """By somebody's will; the transaction ends now, or when the cable is out."""
        tx = evse.tx
        assert tx is not None
        evse.token = None
        tx.state = "EVConnected" if evse.cable else "Idle"
        if self.traits.stop_point == "Authorized" or not evse.cable:
            self._end(evse, trigger, reason, token)
        else:
            tx.reason = reason
            self._event(evse, tx, trigger, token=token)
            evse.over = True

    def _goes_on(self, evse: Evse) -> None:
        self._tell(evse)
        self.pump()

    # -- events -----------------------------------------------------------------------------------------------------

    def _begin(self, evse: Evse, trigger: str, token: Payload | None) -> None:
        self.world.now += 1.0
        number = next(self.ids)
        tx = Tx(self, f"0000000{number}-tx", evse.number, evse.plug, evse.meter, self.world.time)
        tx.state = "EVConnected" if evse.cable else "Idle"
        tx.remote, evse.tx = evse.remote, tx
        self.txs.append(tx)
        self._event(evse, tx, trigger, "Started", token, "Transaction.Begin", here=True)

    def _end(self, evse: Evse, trigger: str, reason: str, token: Payload | None = None) -> None:
        tx = evse.tx
        assert tx is not None
        self.world.now += 1.0
        tx.end, tx.reason, tx.ended = evse.meter, reason, self.world.time
        self._event(evse, tx, trigger, "Ended", token, "Transaction.End")
        evse.tx, evse.token, evse.remote = None, None, None
        evse.over = evse.cable

    def _event(
        self,
        evse: Evse,
        tx: Tx,
        trigger: str,
        kind: str = "Updated",
        token: Payload | None = None,
        reading: str | None = None,
        here: bool = False,
    ) -> None:
        at = self.world.time
        info = {
            "transactionId": tx.uuid,
            "chargingState": tx.state,
            "stoppedReason": tx.reason if kind == "Ended" else None,
            "remoteStartId": tx.remote if trigger == "RemoteStart" else None,
        }
        event: dict[str, Any] = {
            "eventType": kind,
            "timestamp": at,
            "triggerReason": trigger,
            "seqNo": tx.seq,
            "transactionInfo": {name: value for name, value in info.items() if value is not None},
        }
        tx.seq += 1
        if not self.online:
            event["offline"] = True
        if here:
            event["evse"] = {"id": evse.number, "connectorId": evse.plug} if evse.cable else {"id": evse.number}
        if token is not None:
            event["idToken"] = token
            if tx.token is None or tx.deauthorized:
                tx.deauthorized = False
                tx.token, tx.tag = token, token["idToken"]
            if evse.reserved is not None:
                event["reservationId"], evse.reserved = evse.reserved, None
        if reading is not None:
            event["meterValue"] = [{"timestamp": at, "sampledValue": [{"value": evse.meter, "context": reading}]}]
            if kind == "Updated":
                tx.values.append((at, evse.meter))

        def answered(answer: Payload) -> None:
            assert ("idTokenInfo" in answer) == (token is not None), f"{event} {answer}"
            if token is not None and answer["idTokenInfo"]["status"] != "Accepted":
                tx.refused = True
                if evse.tx is tx:
                    self._deauthorized(evse, tx)
                    self._goes_on(evse)

        def dropped() -> None:
            tx.dropped += 1

        self.queue.append(Message("TransactionEvent", lambda: event, answered, dropped, tx))

    def _deauthorized(self, evse: Evse, tx: Tx) -> None:
        """2.0.1 C10, E05: the token was not accepted after all."""
        tx.deauthorized = True
        evse.token = None
        if self.traits.stops_on_invalid and self.traits.stop_point == "Authorized":
            self._end(evse, "Deauthorized", "DeAuthorized")
        elif tx.charged:
            tx.state = "SuspendedEVSE"
            self._event(evse, tx, "Deauthorized")

    def power_cut(self) -> None:
        for evse in self.evses:
            if evse.tx is not None:
                self._end(evse, "AbnormalCondition", "PowerLoss")
            evse.token = None
        self.reason = "PowerUp"
        self.reboot()

    def finish(self) -> None:
        """Everybody drives home."""
        for evse in self.evses:
            evse.faulted = False
            if evse.cable:
                self._unplug(evse)
            if evse.tx is not None:
                self._end(evse, "EVConnectTimeout", "Timeout")
            evse.token = None
            self._goes_on(evse)

    # -- commands ---------------------------------------------------------------------------------------------------

    def asked(self, call: Call, way: int) -> Payload | str | None:
        if call.action == "SetVariables":
            return {
                "setVariableResult": [
                    {"attributeStatus": "Rejected", "component": one["component"], "variable": one["variable"]}
                    for one in call.payload["setVariableData"]
                ]
            }
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

    def _RequestStartTransaction(self, call: Payload) -> Payload:
        free = [evse for evse in self.evses if evse.token is None and not evse.over and not evse.faulted]
        free = [evse for evse in free if evse.tx is None or not evse.tx.charged]
        evse = next((evse for evse in free if call.get("evseId") in (None, evse.number)), None)
        if evse is None:
            return {"status": "Rejected"}
        answer = {"status": "Accepted"}
        if evse.tx is not None:
            answer["transactionId"] = evse.tx.uuid
        if self.traits.acts_first:
            self._authorized(evse, call["idToken"], call["remoteStartId"])
        else:
            self.remote_to_come = (evse, call["idToken"], call["remoteStartId"])
        return answer

    remote_to_come: tuple[Evse, Payload, int] | None = None

    def _RequestStopTransaction(self, call: Payload) -> Payload:
        evse = next((one for one in self.evses if one.tx is not None and one.tx.uuid == call["transactionId"]), None)
        if evse is None:
            return {"status": "Rejected"}
        if evse.tx is not None and evse.tx.reason is None:
            self._stop(evse, "RemoteStop", "Remote")
            self._goes_on_later(evse)
        return {"status": "Accepted"}

    def _UnlockConnector(self, call: Payload) -> Payload:
        evse = next((one for one in self.evses if one.number == call["evseId"]), None)
        if evse is None:
            return {"status": "UnknownConnector"}
        # F05.FR.02
        return {"status": "OngoingAuthorizedTransaction" if evse.token is not None and evse.tx else "Unlocked"}

    def _ReserveNow(self, call: Payload) -> Payload:
        evse = next((one for one in self.evses if call.get("evseId", one.number) == one.number), None)
        if evse is None or evse.cable or evse.tx is not None:
            return {"status": "Occupied"}
        evse.reserved = call["id"]
        self._goes_on_later(evse)
        return {"status": "Accepted"}

    def _CancelReservation(self, call: Payload) -> Payload:
        for evse in self.evses:
            if evse.reserved == call["reservationId"]:
                evse.reserved = None
                self._goes_on_later(evse)
                return {"status": "Accepted"}
        return {"status": "Rejected"}

    def _ChangeAvailability(self, call: Payload) -> Payload:
        for evse in self.evses:
            if call.get("evse", {}).get("id", evse.number) == evse.number:
                evse.unavailable = call["operationalStatus"] == "Inoperative"
                self._goes_on_later(evse)
        return {"status": "Accepted"}

    def _TriggerMessage(self, call: Payload) -> Payload:
        if call["requestedMessage"] != "StatusNotification":
            return {"status": "NotImplemented"}
        for evse in self.evses:
            if call.get("evse", {}).get("id", evse.number) == evse.number:
                evse.told.clear()
                self._goes_on_later(evse)
        return {"status": "Accepted"}

    def _Reset(self, call: Payload) -> Payload:
        self.reset_to_come = True
        return {"status": "Accepted"}

    def _goes_on_later(self, evse: Evse) -> None:
        if self.traits.acts_first:
            self._goes_on(evse)
        else:
            self.later.append(evse)

    def arrived(self, frame: Any, way: int) -> None:
        self.later = []
        super().arrived(frame, way)
        if self.remote_to_come is not None:
            (evse, token, number), self.remote_to_come = self.remote_to_come, None
            self._authorized(evse, token, number)
            self._goes_on(evse)
        for evse in self.later:
            self._goes_on(evse)
        if self.reset_to_come:
            self.reset_to_come = False
            for evse in self.evses:
                if evse.tx is not None:
                    self._end(evse, "ResetCommand", "ImmediateReset")
                evse.token = None
            self.reason = "RemoteReset"
            self.reboot()
