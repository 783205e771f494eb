"""A 1.6 CSMS and its books: transactions by the number it gave them."""

from dataclasses import dataclass, field
from typing import Any

from tests.lives.csms import Csms, Payload
from tests.lives.station16 import BAD_TAG, GOOD_TAGS
from tests.lives.world import World


@dataclass
class Account:
    """One number it gave out."""

    number: int
    start: Payload
    values: list[Payload] = field(default_factory=list)
    stops: list[Payload] = field(default_factory=list)
    order: list[str] = field(default_factory=list)


class Csms16(Csms):
    def __init__(self, world: World, *, first_number: int = 0, knows_again: bool = True) -> None:
        super().__init__(world)
        self.accounts: dict[int, Account] = {}
        self.next_number = first_number
        self.knows_again = knows_again
        """Whether a start that is sent again gets the number it had."""
        self.reservations = 0
        self.loose: list[Payload] = []
        """Values without a transaction."""

    def is_spoilt(self, tx: Any) -> bool:
        """Whether this CSMS refuses a part of that transaction."""
        return any(self.is_of(payload, tx) for _, payload in self.grudges)

    def is_of(self, payload: Payload, tx: Any) -> bool:
        """Whether a message speaks of this transaction of the station."""
        if "transactionId" in payload:
            account = self.accounts.get(payload["transactionId"])
            return account is not None and self.is_of(account.start, tx)
        numbers = self.world.store.get("station/connectors", {})
        mine = {number for place, number in numbers.items() if int(place.split(".")[0]) == tx.evse}
        until = tx.ended if tx.ended is not None else self.world.time
        if "meterStart" not in payload:
            return False
        return payload["connectorId"] in mine and bool(tx.started <= payload["timestamp"] <= until)

    def taken(self, action: str, payload: Payload, refuses: bool) -> Payload:
        if action == "BootNotification":
            status = ("Pending" if self.world.now % 2 < 1 else "Rejected") if refuses else "Accepted"
            return {"status": status, "currentTime": self.world.time, "interval": 30}
        if action == "Heartbeat":
            return {"currentTime": self.world.time}
        if action == "Authorize":
            return {"idTagInfo": {"status": self._says(payload)}}
        if action == "StartTransaction":
            return self._start(payload, refuses)
        if action == "StopTransaction":
            account = self.accounts.get(payload["transactionId"])
            assert account is not None, f"a stop of nothing: {payload}"
            account.order.append("stop")
            if payload not in account.stops:
                account.stops.append(payload)
            return {"idTagInfo": {"status": "Accepted"}} if "idTag" in payload else {}
        if action == "MeterValues":
            account = self.accounts.get(payload.get("transactionId", object()))
            assert account is not None or "transactionId" not in payload, f"values of nothing: {payload}"
            if account is None:
                self.loose.append(payload)
            else:
                account.order.append("values")
                if payload not in account.values:
                    account.values.append(payload)
        return {}

    def _start(self, start: Payload, refuses: bool) -> Payload:
        known = next((one for one in self.accounts.values() if one.start == start), None)
        if known is None or not self.knows_again:
            known = self.accounts[self.next_number] = Account(self.next_number, start)
            self.next_number += 1
        known.order.append("start")
        status = "ConcurrentTx" if refuses else self._says(start)
        return {"transactionId": known.number, "idTagInfo": {"status": status}}

    def _says(self, payload: Payload) -> str:
        return "Blocked" if payload["idTag"] == BAD_TAG else "Accepted"

    # -- commands ---------------------------------------------------------------------------------------------------

    def commands(self, kind: int, place: int, way: int) -> None:
        tag = (*GOOD_TAGS, BAD_TAG)[way % 4]
        here = {"connectorId": place + 1}
        if kind == 0:
            self.ask("RemoteStartTransaction", {"idTag": tag} | (here if way % 3 else {}))
        elif kind in (1, 2):
            numbers = [number for number, one in self.accounts.items() if not one.stops] or [7]
            self.ask("RemoteStopTransaction", {"transactionId": numbers[place % len(numbers)]})
        elif kind == 3:
            self.ask("UnlockConnector", here)
        elif kind == 4:
            self.reservations += 1
            asked = {"expiryDate": "2027-01-01T00:00:00Z", "idTag": tag, "reservationId": self.reservations}
            self.ask("ReserveNow", asked | (here if way % 3 else {"connectorId": 0}))
        elif kind == 5:
            self.ask("CancelReservation", {"reservationId": self.reservations})
        elif kind == 6:
            self.ask("Reset", {"type": "Soft" if way % 2 else "Hard"})
        elif kind == 7:
            asked = {"type": ("Operative", "Inoperative")[way % 2]}
            self.ask("ChangeAvailability", asked | (here if way % 3 else {"connectorId": 0}))
        else:
            self.ask("TriggerMessage", {"requestedMessage": "StatusNotification"} | (here if way % 3 else {}))
