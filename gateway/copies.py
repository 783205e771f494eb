"""The copies that wait for one follower, and what it must know of a station's transactions before it hears more. PURE.

Of each open transaction the begin is kept, and its end until the follower has it: what a follower missed is told late,
and never not at all. Memory, in a place of the follower's own:

    open/<transaction>   {"begin": payload text; "mark": of a 1.6 start; "told": the follower has it; "end": payload
                         text, once it has ended; "tries": how often the follower refused the begin,
                         or, when that is told, the end}

A transaction goes by the station's own name for it: in 1.6 the transactionId that the primary gave.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from translators.effects import Copy, Effect, Forget, Remember
from translators.frames import BadFrame, Call, Error, Payload, Result
from translators.ids import start_fingerprint

MOST_COPIES = 256
MOST_OPEN = 64
MOST_TRIES = 3
_LONGEST_KEPT = 65536
"""Characters. Longer begins and ends wait in the queue alone."""
_LONGEST_NAME = 255
"""Characters. A 2.x transactionId has 36 at most."""
_PREFIX = "open/"

Phase = Literal["begins", "goes_on", "ends", ""]
_PHASE_201: dict[Any, Phase] = {"Started": "begins", "Updated": "goes_on", "Ended": "ends"}
_ACTION: dict[tuple[bool, Phase], str] = {
    (True, "begins"): "StartTransaction",
    (True, "ends"): "StopTransaction",
    (False, "begins"): "TransactionEvent",
    (False, "ends"): "TransactionEvent",
}


class Place(NamedTuple):
    """Of which transaction a call speaks, if of any. A begin whose transaction has no name is of the transaction ""."""

    phase: Phase
    transaction: str


@dataclass(slots=True)
class Item:
    """A copy that waits. `answer`: what the station was told, None where there is nothing to compare with. `mark`: of the
    transaction as it is kept; None where it is not, also when another of the same name is kept later."""

    call: Call
    answer: Result | Error | None
    seconds: float
    place: Place
    mark: str | None = None
    tries: int = 0


def place_of(version: str, call: Call, answer: Result | Error | None) -> Place:
    """Of which transaction the call speaks, to which the station was answered this."""
    try:
        if version != "ocpp1.6":
            if call.action != "TransactionEvent":
                return Place("", "")
            info = call.payload.get("transactionInfo")
            name = info.get("transactionId") if isinstance(info, dict) else None
            if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
                return Place("", "")
            return Place(_PHASE_201.get(str(call.payload.get("eventType")), "goes_on"), name)
        if call.action == "StartTransaction":
            number = answer.payload.get("transactionId") if isinstance(answer, Result) else None
            return Place("begins", str(number) if _is_int(number) else "")
        if call.action in ("StopTransaction", "MeterValues") and "transactionId" in call.payload:
            number = number_of(call.payload["transactionId"])
            return Place(
                "ends" if call.action == "StopTransaction" else "goes_on", "" if number is None else str(number)
            )
    except BadFrame:
        pass
    return Place("", "")


def number_of(value: object) -> int | None:
    """A 1.6 transactionId, which some stations write as a text."""
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 12:
        return int(value)
    return value if isinstance(value, int) and _is_int(value) else None


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class Copies:
    """What waits, in order, and the open transactions; bounded both."""

    def __init__(
        self, version: str, memory: dict[str, Any], new_id: Callable[[], str], most: int = MOST_COPIES
    ) -> None:
        self._version = version
        self._memory = memory
        self._new_id = new_id
        self._most = most
        self._waiting: deque[Item] = deque()
        self._gap = True
        """Whether something of a transaction may be kept that does not wait."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> Item | None:
        return self._waiting[0] if self._waiting else None

    def boots(self) -> bool:
        """Whether a boot waits."""
        return any(item.call.action == "BootNotification" for item in self._waiting)

    def put(self, copy: Copy) -> tuple[list[Effect], int]:
        """Queue a copy; how many were dropped for it."""
        place = place_of(self._version, copy.call, copy.answer)
        if place == ("begins", ""):
            # The station was not told a number: it asks again, or gives up; nothing will refer to this start.
            return [], 1
        out: list[Effect] = []
        if place.phase in ("begins", "ends") and len(text := copy.call.payload_text) <= _LONGEST_KEPT:
            record = self._memory.get(_PREFIX + place.transaction)
            if place.phase == "begins":
                out += self._begun(place.transaction, copy.call)
            elif record is not None:
                out.append(self._keep(place.transaction, {**record, "end": text}))
        kept = self._memory.get(_PREFIX + place.transaction, {})
        self._waiting.append(Item(copy.call, copy.answer, copy.seconds, place, kept.get("mark")))
        if len(self._waiting) <= self._most:
            return out, 0
        droppable = (at for at, item in enumerate(self._waiting) if item.place.phase not in ("begins", "ends"))
        del self._waiting[next(droppable, 0)]
        self._gap = True
        return out, 1

    def take(self) -> Item:
        return self._waiting.popleft()

    def back(self, item: Item) -> None:
        """To be told again, before all others."""
        self._waiting.appendleft(item)

    def missed(self) -> None:
        """The follower has a new connection: what is kept and does not wait is to be told."""
        self._gap = True

    def recall(self) -> None:
        """Begins before all that waits, ends behind it."""
        if not self._gap:
            return
        self._gap = False
        waiting = {item.place for item in self._waiting}
        begins: list[Item] = []
        for key, record in list(self._memory.items()):
            if not key.startswith(_PREFIX):
                continue
            name = key.removeprefix(_PREFIX)
            if not record["told"] and record["tries"] < MOST_TRIES and Place("begins", name) not in waiting:
                begins.append(self._again("begins", name, record))
            if record["end"] is not None and Place("ends", name) not in waiting:
                self._waiting.append(self._again("ends", name, record))
        self._waiting.extendleft(reversed(begins))

    # -- transactions -----------------------------------------------------------------------------------------------

    def record(self, item: Item) -> dict[str, Any] | None:
        """What is kept of its transaction."""
        record: dict[str, Any] | None = self._memory.get(_PREFIX + item.place.transaction)
        return record if record is not None and record["mark"] == item.mark else None

    def lacking(self, item: Item) -> Item | None:
        """What the follower has to hear before this: the begin of its transaction."""
        record = self.record(item) if item.place.phase in ("goes_on", "ends") else None
        if record is None or record["told"] or record["tries"] >= MOST_TRIES:
            return None
        return self._again("begins", item.place.transaction, record)

    def told(self, item: Item, *, taken: bool) -> list[Effect]:
        """The follower has answered this; `taken`: not with an error."""
        record = self.record(item)
        if record is None:
            return []
        ends = item.place.phase == "ends"
        if ends and (taken or not record["told"] or record["end"] is None or record["tries"] + 1 >= MOST_TRIES):
            return [self._drop(item.place.transaction)]
        if not ends and (item.place.phase != "begins" or record["told"]):
            return []
        change = {"told": True, "tries": 0} if taken else {"tries": record["tries"] + 1}
        return [self._keep(item.place.transaction, {**record, **change})]

    def twin(self, item: Item) -> int | None:
        """The transaction that this 1.6 start has begun already, under another number."""
        record = self.record(item)
        for key, other in self._memory.items():
            name = key.removeprefix(_PREFIX)
            if (
                key.startswith(_PREFIX)
                and record is not None
                and name != item.place.transaction
                and other["mark"] == record["mark"]
                and other["told"]
            ):
                return number_of(name)
        return None

    def _begun(self, transaction: str, call: Call) -> list[Effect]:
        is_16 = self._version == "ocpp1.6"
        mark = start_fingerprint("", call.payload) if is_16 else ""
        before = self._memory.get(_PREFIX + transaction)
        if before is not None and before["mark"] == mark:
            return []  # a repetition; in 1.6 the primary may count its numbers from one again
        kept = [key for key in self._memory if key.startswith(_PREFIX)]
        out = [self._drop(key.removeprefix(_PREFIX)) for key in kept[: max(0, len(kept) + 1 - MOST_OPEN)]]
        record = {"begin": call.payload_text, "mark": mark, "told": False, "end": None, "tries": 0}
        return [*out, self._keep(transaction, record)]

    def _again(self, phase: Phase, transaction: str, record: dict[str, Any]) -> Item:
        call = Call.again(
            self._new_id(),
            _ACTION[self._version == "ocpp1.6", phase],
            record["begin" if phase == "begins" else "end"],
        )
        return Item(call, None, 0.0, Place(phase, transaction), record["mark"])

    def _keep(self, transaction: str, record: Payload) -> Effect:
        self._memory[_PREFIX + transaction] = record
        return Remember(_PREFIX + transaction, record, behind=True)

    def _drop(self, transaction: str) -> Effect:
        self._memory.pop(_PREFIX + transaction, None)
        return Forget(_PREFIX + transaction)
