"""A 1.6 station's integer ids and one CSMS's, kept apart: a stage around the stage that faces that CSMS.

In 1.6 the CSMS gives a transaction its number (section 4.8), and reservations and charging profiles theirs. Where a
station has a number that this CSMS does not know it by - the gateway gave it while the CSMS was away, or another CSMS
did - the two are a pair, and every frame with such a number is rewritten on its way. All other frames pass as the text
they came as. The data of a DataTransfer is nobody's to read.

Memory, for each CSMS its own: `number/<kind>/<the station's number>` -> {"csms": its number there, None as long as it
has none; "ended": Unix time}. `retold`, which is never stored: {"transactionId": the number the station has already of
the transaction whose StartTransaction this CSMS is told now}.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from translators.effects import Effect, Forget, Remember, ToCsms
from translators.frames import CALL, BadFrame, Call, Frame, NoAnswer, Payload, Reply, Result
from translators.ids import LARGEST_INT
from translators.stage import Stage

Kind = Literal["transactionId", "reservationId", "chargingProfileId"]
KINDS: tuple[Kind, ...] = ("transactionId", "reservationId", "chargingProfileId")

KEPT_AFTER_END = 24 * 3600.0
MOST_OF_A_KIND = 512

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


class Pairs:
    """The numbers of one CSMS and those of the station, one to one among those in use."""

    def __init__(self, memory: dict[str, Any], taken: Callable[[Kind, int], bool] = lambda kind, number: False) -> None:
        """`taken`: whether the station has this number from somebody else, so that it must not get it from here."""
        self._memory = memory
        self._taken = taken
        self._promised: dict[str, int] = {}
        self._of_csms: dict[tuple[Kind, int], int] = {
            (kind, record["csms"]): number
            for kind in KINDS
            # A number that came again means what has not ended.
            for number, record in sorted(self._records(kind), key=lambda entry: "ended" not in entry[1])
            if record["csms"] is not None
        }

    def to_csms(self, kind: Kind, number: int) -> int:
        """The CSMS's number for one of the station's; the same where there is no pair."""
        csms = self._memory.get(_key(kind, number), {}).get("csms")
        return number if csms is None else int(csms)

    def to_station(self, kind: Kind, number: int) -> int | None:
        """The station's number for one of the CSMS's; None when the station means something else by it."""
        known = self._of_csms.get((kind, number))
        if known is not None:
            return known
        return None if self._blocked(kind, number, number) else number

    def knows(self, number: int) -> bool:
        """Whether the station has, or lately had, a transaction of this number."""
        return _key("transactionId", number) in self._memory or self._taken("transactionId", number)

    def has_met(self, number: int) -> bool:
        """Whether the CSMS has a number for the station's transaction of this number."""
        return self._memory.get(_key("transactionId", number), {}).get("csms") is not None

    def is_owed(self, number: object) -> bool:
        """Whether the station has a transaction of this number and the CSMS has given it none yet."""
        record = self._memory.get(_key("transactionId", number))
        return record is not None and record["csms"] is None

    def owed(self, number: int) -> list[Effect]:
        """The gateway gave the station this transactionId; the CSMS's own comes later."""
        return [self._remember("transactionId", number, None)]

    def promise(self, message_id: str, number: int) -> None:
        """The answer to this StartTransaction names the transaction that the station knows by this number."""
        self._promised[message_id] = number

    def promised(self, message_id: str) -> int | None:
        retold: int | None = self._memory.get("retold", {}).get("transactionId")
        return self._promised.pop(message_id, retold)

    def met(self, kind: Kind, number: int, station: int | None = None) -> tuple[int, list[Effect]]:
        """The CSMS has given this number: the station's for it (`station`, where it has one already), and the pair."""
        known = self._of_csms.get((kind, number))
        if station is None and known is not None and "ended" not in self._memory[_key(kind, known)]:
            return known, []
        if station is None:
            station = number
            while self._blocked(kind, station, number):
                station = station % LARGEST_INT + 1
        former = self._memory.get(_key(kind, station), {}).get("csms")
        if former is not None and self._of_csms.get((kind, former)) == station:
            del self._of_csms[kind, former]
        self._of_csms[kind, number] = station
        # The same number on both sides is what it is without a record as well.
        return station, [self._remember(kind, station, number, behind=station == number), *self._trimmed(kind)]

    def ended(self, number: int, at: float) -> list[Effect]:
        """The transaction is over, `at` in Unix time: its number may be used again, and is forgotten after a day."""
        record = self._memory.get(_key("transactionId", number))
        out: list[Effect] = []
        if record is not None and "ended" not in record:
            out.append(self._remember("transactionId", number, record["csms"], behind=True, ended=at))
        for old, entry in list(self._records("transactionId")):
            if at - float(entry.get("ended", at)) > KEPT_AFTER_END:
                out.append(self._forget("transactionId", old))
        return out

    def _blocked(self, kind: Kind, station: int, number: int) -> bool:
        record = self._memory.get(_key(kind, station))
        in_use = record is not None and "ended" not in record and record["csms"] != number
        return in_use or self._taken(kind, station)

    def _records(self, kind: Kind) -> Iterator[tuple[int, dict[str, Any]]]:
        prefix = f"number/{kind}/"
        return ((int(key[len(prefix) :]), value) for key, value in self._memory.items() if key.startswith(prefix))

    def _trimmed(self, kind: Kind) -> list[Effect]:
        """Forget the oldest where too many have gathered: of some, nobody ever says that they are over."""
        numbers = [number for number, _ in self._records(kind)]
        return [self._forget(kind, number) for number in numbers[: max(0, len(numbers) - MOST_OF_A_KIND)]]

    def _remember(self, kind: Kind, number: int, csms: int | None, *, behind: bool = False, **more: float) -> Remember:
        record = {"csms": csms, **more}
        self._memory[_key(kind, number)] = record
        return Remember(_key(kind, number), record, behind)

    def _forget(self, kind: Kind, number: int) -> Forget:
        csms = self._memory.pop(_key(kind, number))["csms"]
        if self._of_csms.get((kind, csms)) == number:
            del self._of_csms[kind, csms]
        return Forget(_key(kind, number))


class Numbers:
    """Puts calls and answers into the other side's numbers. One that needs no change is given back as it came."""

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


class Aliases:
    """A Stage around another, on the CSMS's side of it; no member of a chain, for it asks nothing by itself."""

    def __init__(self, inner: Stage, pairs: Pairs, kinds: tuple[Kind, ...] = KINDS) -> None:
        self.inner = inner
        self.pairs = pairs
        self._numbers = Numbers(pairs, kinds)

    @property
    def epoch(self) -> float:
        return self.inner.epoch

    @epoch.setter
    def epoch(self, epoch: float) -> None:
        self.inner.epoch = epoch

    def open(self, now: float) -> list[Effect]:
        return self._out(self.inner.open(now))

    def away(self, now: float) -> list[Effect]:
        return self._out(self.inner.away(now))

    def resumed(self, now: float) -> list[Effect]:
        return self._out(self.inner.resumed(now))

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self._out(self.inner.from_station(frame, now))

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if isinstance(frame, Call):
            called, effects = self._numbers.called(frame)
            if isinstance(called, Result):
                return [ToCsms(called)]
            frame = called
        else:
            frame, effects = self._numbers.answered(frame, now + self.epoch)
        return effects + self._out(self.inner.from_csms(frame, now))

    def tick(self, now: float) -> list[Effect]:
        return self._out(self.inner.tick(now))

    def deadline(self) -> float | None:
        return self.inner.deadline()

    def close(self) -> None:
        self._numbers.close()
        self.inner.close()

    def idle(self) -> bool:
        return self.inner.idle()

    def _out(self, effects: list[Effect]) -> list[Effect]:
        return [
            ToCsms(self._numbers.sent(effect.frame))
            if isinstance(effect, ToCsms) and isinstance(effect.frame, Call) and effect.frame.type == CALL
            else effect
            for effect in effects
        ]


def _key(kind: Kind, number: object) -> str:
    return f"number/{kind}/{number}"


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _payload(frame: Call | Result) -> Payload | None:
    try:
        return frame.payload
    except BadFrame:
        return None
