"""What two management systems bill for charges that were moved between them, and whether it is what was delivered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.demo.csms16 import Csms16
from gateway.demo.csms201 import Csms201

_SAME_KWH = 0.0005
"""Half a Wh: registers are whole Wh."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a station says that it delivered."""

    identity: str
    kwh: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction in a book; kWh is None as long as it is open."""

    identity: str
    kwh: float | None


@dataclass(frozen=True, slots=True)
class Book:
    """Of one management system."""

    name: str
    entries: list[Entry]

    @property
    def open(self) -> int:
        return sum(1 for entry in self.entries if entry.kwh is None)

    @property
    def billed(self) -> int:
        """Transactions that somebody pays for."""
        return sum(1 for entry in self.entries if _is_billed(entry))

    @property
    def kwh(self) -> float:
        return sum(entry.kwh or 0.0 for entry in self.entries)


def book_of(name: str, csms: Csms16 | Csms201) -> Book:
    """A transaction that was handed on ends with the reading it began with: 0 kWh."""
    if isinstance(csms, Csms16):
        return Book(name, [Entry(bill.identity, bill.kwh) for bill in csms.bills.values()])
    # One that was handed on has no register of its end but that of its begin.
    return Book(
        name,
        [
            Entry(bill.identity, (bill.kwh if bill.kwh is not None else 0.0) if bill.ended else None)
            for bill in csms.bills.values()
        ],
    )


def mistakes_of(charges: Sequence[Charge], books: Iterable[Book]) -> list[str]:
    """What does not balance: open transactions, charges billed by nobody, twice, or with another number of kWh."""
    entries = [(book.name, entry) for book in books for entry in book.entries]
    wrong = [f"{name} has an open transaction of {entry.identity}" for name, entry in entries if entry.kwh is None]
    for charge in charges:
        billed = [(name, entry) for name, entry in entries if entry.identity == charge.identity and _is_billed(entry)]
        if len(billed) != 1:
            wrong.append(f"{charge.identity} is billed {len(billed)} times")
        elif abs((billed[0][1].kwh or 0.0) - charge.kwh) > _SAME_KWH:
            wrong.append(
                f"{charge.identity} delivered {charge.kwh:.3f} kWh, {billed[0][0]} bills {billed[0][1].kwh:.3f}"
            )
    known = {charge.identity for charge in charges}
    return wrong + [
        f"{name} bills {entry.identity}, which is no station" for name, entry in entries if entry.identity not in known
    ]


def _is_billed(entry: Entry) -> bool:
    return entry.kwh is not None and abs(entry.kwh) > _SAME_KWH
