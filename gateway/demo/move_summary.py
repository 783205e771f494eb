"""The fleet's move as lines for people, and what came of it, also as JSON for programs."""

from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.demo.move import Outcome

_WORDS = {
    "done": ("→", "moved", "green"),
    "failed": ("✗", "stays", "red"),
    "waiting_idle": ("…", "waits for the end of its charge", "yellow"),
    "returned": ("←", "at home", "cyan"),
    "stayed": ("·", "its wave never came", "dim"),
    "offline": ("·", "is not connected", "yellow"),
}


class Lines:
    """Prints it as it happens."""

    def __init__(self, to: Console) -> None:
        self._console = to
        self._began = perf_counter()

    def begins(self, stations: int) -> None:
        self._console.print(Text(f"{stations} stations, 1.6 and 2.0.1, on a 1.6 management system", "bold"))

    def says(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(text, "bold"))

    def moved(self, identity: str, version: str, state: str, why: str) -> None:
        arrow, words, colour = _WORDS.get(state, ("·", state, "dim"))
        at = f"{perf_counter() - self._began:6.1f}"
        line = Text(f"{at}  ", "dim").append(f"{arrow} {identity}  {version:<10} {words}", colour)
        if why and state == "failed":
            line.append(f"  {why}", "dim")
        self._console.print(line)


class Nobody:
    """Prints nothing."""

    def begins(self, stations: int) -> None: ...

    def says(self, text: str) -> None: ...

    def moved(self, identity: str, version: str, state: str, why: str) -> None: ...


def show(outcome: Outcome, console: Console) -> None:
    """The books, the checks, the verdict last."""
    console.print()
    console.print(Text("Summary", "bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for place, title in enumerate(("  book", "transactions", "billed", "handed on at 0 kWh", "open", "kWh")):
        table.add_column(title, justify="left" if place == 0 else "right", no_wrap=True)
    for book in outcome.books:
        handed_on = len(book.entries) - book.billed - book.open
        row = (len(book.entries), book.billed, handed_on, book.open)
        table.add_row(f"  {book.name}", *map(str, row), f"{book.kwh:.3f}")
    billed, open_ = sum(book.billed for book in outcome.books), sum(book.open for book in outcome.books)
    table.add_row("  together", "", str(billed), "", str(open_), f"{sum(book.kwh for book in outcome.books):.3f}")
    table.add_row("  delivered by the stations", "", "", "", "", f"{outcome.delivered_kwh:.3f}")
    console.print(table)
    for check in outcome.checks:
        mark = Text("  ✓ ", "green") if check.ok else Text("  ✗ ", "red")
        console.print(mark.append(check.what, "default").append(f"  {check.why}" if check.why else "", "dim"))
    console.print()
    if outcome.ok:
        console.print(Text(f"OK: moved, stopped and brought home, {outcome.seconds:.1f} s", "bold green"))
        return
    console.print(Text(f"FAILED: {sum(not check.ok for check in outcome.checks)} not as expected", "bold red"))
    if outcome.complaints:
        console.print("The gateway's last warnings and errors:")
    for line in outcome.complaints:
        console.print(Text(f"  {line}", "dim"))


def as_json(outcome: Outcome) -> dict[str, Any]:
    """`ok`, `seconds`, `checks`, `books` with transactions and kWh, `delivered_kwh`."""
    return {
        "ok": outcome.ok,
        "seconds": round(outcome.seconds, 3),
        "checks": [{"what": one.what, "ok": one.ok, **({"why": one.why} if one.why else {})} for one in outcome.checks],
        "books": [
            {
                "name": book.name,
                "transactions": len(book.entries),
                "billed": book.billed,
                "open": book.open,
                "kwh": round(book.kwh, 3),
            }
            for book in outcome.books
        ],
        "delivered_kwh": round(outcome.delivered_kwh, 3),
        "complaints": outcome.complaints,
    }
