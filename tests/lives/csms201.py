"""A 2.0.1 CSMS and its books: the events of each transaction, by seqNo."""

from itertools import count
from typing import Any

from tests.lives.csms import Csms, Payload
from tests.lives.station16 import BAD_TAG, GOOD_TAGS
from tests.lives.world import World

ABSENT = object()


class Csms201(Csms):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.books: dict[str, dict[int, Payload]] = {}
        """transactionId -> seqNo -> the event, in the order they first came."""
        self.starts: dict[str, tuple[int, str]] = {}
        self.numbers = count(1)
        self.remote: dict[int, str] = {}
        self.reservations: list[int] = []

    def noticed(self, action: str, payload: Payload) -> None:
        if action == "TransactionEvent" and payload["eventType"] == "Started":
            self.starts[payload["transactionInfo"]["transactionId"]] = (payload["evse"]["id"], payload["timestamp"])

    def is_spoilt(self, connector: int, started: str) -> bool:
        """Whether this CSMS refuses a part of that transaction."""
        mine = {uuid for uuid, start in self.starts.items() if start == (connector, started)}
        return any(
            payload.get("transactionInfo", {}).get("transactionId") in mine
            for action, payload in self.grudges
            if action == "TransactionEvent"
        )

    def taken(self, action: str, payload: Payload, refuses: bool) -> Payload:
        if action == "BootNotification":
            status = ("Pending" if self.world.now % 2 < 1 else "Rejected") if refuses else "Accepted"
            return {"status": status, "currentTime": self.world.time, "interval": 30}
        if action == "Heartbeat":
            return {"currentTime": self.world.time}
        if action == "Authorize":
            return {"idTokenInfo": {"status": self._says(payload["idToken"])}}
        if action == "TransactionEvent":
            return self._event(payload)
        return {}

    def _event(self, event: Payload) -> Payload:
        book = self.books.setdefault(event["transactionInfo"]["transactionId"], {})
        known = book.setdefault(event["seqNo"], event)
        assert known == event, f"two events under one seqNo: {known} {event}"
        return {"idTokenInfo": {"status": self._says(event["idToken"])}} if "idToken" in event else {}

    def _says(self, token: Payload) -> str:
        return "Blocked" if token["idToken"] == BAD_TAG else "Accepted"

    # -- commands ---------------------------------------------------------------------------------------------------

    def commands(self, kind: int, place: int, way: int) -> None:
        token = {"idToken": (*GOOD_TAGS, BAD_TAG)[way % 4], "type": ("ISO14443", "Central")[way % 2]}
        evse = place + 1
        here = {"evse": {"id": evse, "connectorId": 1}} if way % 3 else {}
        if kind == 0:
            number = next(self.numbers)
            self.remote[number] = token["idToken"]
            body: dict[str, Any] = {"idToken": token, "remoteStartId": number}
            self.ask("RequestStartTransaction", body | ({"evseId": evse} if way % 3 else {}))
        elif kind in (1, 2):
            open_ones = [uuid for uuid, book in self.books.items() if not _ended(book)] or list(self.books)
            if open_ones:
                self.ask("RequestStopTransaction", {"transactionId": open_ones[place % len(open_ones)]})
        elif kind == 3:
            self.ask("UnlockConnector", {"evseId": evse, "connectorId": 1})
        elif kind == 4:
            number = next(self.numbers)
            self.reservations.append(number)
            expiry = {"id": number, "expiryDateTime": "2027-01-01T00:00:00Z", "idToken": token}
            self.ask("ReserveNow", expiry | ({"evseId": evse} if way % 3 else {}))
        elif kind == 5:
            self.ask("CancelReservation", {"reservationId": (self.reservations or [1])[-1]})
        elif kind == 6:
            self.ask("Reset", {"type": "OnIdle" if way % 2 else "Immediate"})
        elif kind == 7:
            self.ask("ChangeAvailability", {"operationalStatus": ("Operative", "Inoperative")[way % 2]} | here)
        elif kind == 8:
            self.ask("TriggerMessage", {"requestedMessage": "StatusNotification"} | here)
        else:
            self.ask("GetTransactionStatus", {"transactionId": next(iter(self.books), "none")})


def _ended(book: dict[int, Payload]) -> bool:
    return any(event["eventType"] == "Ended" for event in book.values())
