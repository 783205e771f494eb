"""A 1.6 station's integer ids and one CSMS's, kept apart: a stage around the stage that faces that CSMS.

In 1.6 the CSMS gives a transaction its number (section 4.8), and reservations and charging profiles theirs. Where a
station has a number that this CSMS does not know it by - the gateway gave it while the CSMS was away, or another CSMS
did - the two are a pair, and every frame with such a number is rewritten on its way. All other frames pass as the text
they came as. The data of a DataTransfer is nobody's to read. What is remembered: `translators.pairs`.
"""

from translators.around import Around
from translators.effects import Effect, ToCsms
from translators.frames import CALL, BadFrame, Call, Frame, NoAnswer, Payload, Reply, Result
from translators.pairs import KINDS, Kind, Pairs
from translators.stage import Stage

_FROM_STATION: dict[str, tuple[tuple[str, Kind], ...]] = {
    "StartTransaction": (("reservationId", "reservationId"),),
    "StopTransaction": (("transactionId", "transactionId"),),
    "MeterValues": (("transactionId", "transactionId"),),
}
_PROFILE: tuple[tuple[str, Kind], ...] = (
    ("chargingProfileId", "chargingProfileId"),
    ("transactionId", "transactionId"),
)
_FROM_CSMS: dict[str, tuple[str | None, tuple[tuple[str, Kind], ...], str]] = {
    # action: the member that holds the numbers (None: the payload itself), the numbers, the status of a refusal
    "RemoteStopTransaction": (None, (("transactionId", "transactionId"),), "Rejected"),
    "RemoteStartTransaction": ("chargingProfile", _PROFILE, "Rejected"),
    "SetChargingProfile": ("csChargingProfiles", _PROFILE, "Rejected"),
    "ClearChargingProfile": (None, (("id", "chargingProfileId"),), "Unknown"),
    "ReserveNow": (None, (("reservationId", "reservationId"),), "Rejected"),
    "CancelReservation": (None, (("reservationId", "reservationId"),), "Rejected"),
}
_NAMES_NEW = frozenset({"RemoteStartTransaction", "SetChargingProfile", "ReserveNow"})
"""Calls that give a reservation or a charging profile its number; in all others a number means what has it already."""


class Numbers:
    """Puts calls and answers into the other side's numbers. One that needs no change is given back as it came."""

    __slots__ = ("_kinds", "_starts", "_stops", "pairs")

    def __init__(self, pairs: Pairs, kinds: tuple[Kind, ...] = KINDS) -> None:
        self.pairs = pairs
        self._kinds = kinds
        self._starts: dict[str, int | None] = {}
        self._stops: dict[str, int] = {}

    def close(self) -> None:
        self._starts.clear()
        self._stops.clear()

    def sent(self, call: Call) -> Call:
        """A call of the station's with the CSMS's numbers."""
        numbers = _FROM_STATION.get(call.action)
        payload = _payload(call) if numbers is not None else None
        if numbers is None or payload is None:
            return call
        if call.action == "StartTransaction":
            self._starts[call.key] = self.pairs.promised(call.key)
        elif call.action == "StopTransaction" and _is_number(payload.get("transactionId")):
            self._stops[call.key] = payload["transactionId"]
        changed = {
            name: self.pairs.to_csms(kind, payload[name])
            for name, kind in numbers
            if kind in self._kinds and _is_number(payload.get(name))
        }
        if all(payload[name] == number for name, number in changed.items()):
            return call
        return Call(call.message_id, call.action, {**payload, **changed})

    def called(self, call: Call) -> tuple[Call | Result, list[Effect]]:
        """A call of the CSMS's with the station's numbers, or the answer to one that names what it has not given; and
        what is to be remembered."""
        effects: list[Effect] = []
        if call.type != CALL or call.action not in _FROM_CSMS:
            return call, effects
        payload = _payload(call)
        member, numbers, refusal = _FROM_CSMS[call.action]
        inside = payload if member is None or payload is None else payload.get(member)
        if payload is None or not isinstance(inside, dict):
            return call, effects
        changed: Payload = {}
        for name, kind in numbers:
            if kind not in self._kinds or not _is_number(inside.get(name)):
                continue
            station: int | None
            if kind != "transactionId" and call.action in _NAMES_NEW:
                station, remembered = self.pairs.met(kind, inside[name])
                effects += remembered
            else:
                station = self.pairs.to_station(kind, inside[name])
            if station is None:
                return Result(call.message_id, {"status": refusal}), []
            if station != inside[name]:
                changed[name] = station
        if not changed:
            return call, effects
        inside = {**inside, **changed}
        renumbered = Call(call.message_id, call.action, inside if member is None else {**payload, member: inside})
        return renumbered, effects

    def answered(self, reply: Reply, unix_time: float) -> tuple[Reply, list[Effect]]:
        """The CSMS's answer with the station's numbers; and what is to be remembered."""
        effects: list[Effect] = []
        stopped = self._stops.pop(reply.key, None)
        starts = reply.key in self._starts
        promised = self._starts.pop(reply.key, None)
        if not isinstance(reply, Result):
            return reply, effects
        if stopped is not None:
            effects += self.pairs.ended(stopped, unix_time)
        elif starts:
            payload = _payload(reply)
            if payload is not None and _is_number(payload.get("transactionId")) and "transactionId" in self._kinds:
                station, remembered = self.pairs.met("transactionId", payload["transactionId"], promised)
                effects += remembered
                if station != payload["transactionId"]:
                    reply = Result(reply.message_id, {**payload, "transactionId": station})
        return reply, effects


class Aliases(Around):
    """A Stage around another, on the CSMS's side of it; no member of a chain, for it asks nothing by itself."""

    __slots__ = ("_numbers", "pairs")

    def __init__(self, inner: Stage, pairs: Pairs, kinds: tuple[Kind, ...] = KINDS) -> None:
        super().__init__(inner)
        self.pairs = pairs
        self._numbers = Numbers(pairs, kinds)

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if isinstance(frame, Call):
            called, effects = self._numbers.called(frame)
            if isinstance(called, Result):
                return [ToCsms(called)]
            frame = called
        else:
            frame, effects = self._numbers.answered(frame, now + self.epoch)
        return effects + super().from_csms(frame, now)

    def close(self) -> None:
        self._numbers.close()
        super().close()

    def _out(self, effects: list[Effect], now: float) -> list[Effect]:
        return [
            ToCsms(self._numbers.sent(effect.frame))
            if isinstance(effect, ToCsms) and isinstance(effect.frame, Call) and effect.frame.type == CALL
            else effect
            for effect in effects
        ]


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _payload(frame: Call | Result) -> Payload | None:
    try:
        return frame.payload
    except BadFrame:
        return None
