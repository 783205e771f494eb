"""The numbers of one CSMS for what a 1.6 station knows by another, and the other way round.

Memory, for each CSMS its own: `number/<kind>/<the station's number>` -> {"csms": its number there, None as long as it
has none; "ended": Unix time}. `retold`, which is never stored: {"transactionId": the number the station has already of
the transaction whose StartTransaction this CSMS is told now}.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from translators.effects import Effect, Forget, Remember
from translators.ids import LARGEST_INT

Kind = Literal["transactionId", "reservationId", "chargingProfileId"]
KINDS: tuple[Kind, ...] = ("transactionId", "reservationId", "chargingProfileId")

KEPT_AFTER_END = 24 * 3600.0
MOST_OF_A_KIND = 512


class Pairs:
    """The numbers of one CSMS and those of the station, one to one among those in use."""

    __slots__ = ("_memory", "_of_csms", "_promised", "_taken")

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


def _key(kind: Kind, number: object) -> str:
    return f"number/{kind}/{number}"
