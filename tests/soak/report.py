"""The table of figures: for the terminal, and for docs/reliability.md with its JSON beside it."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.soak.play import Outcome

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"
_COLUMNS = (
    ("scenario", "scenario"),
    ("mode", "mode"),
    ("stations", "stations"),
    ("acknowledged", "acknowledged"),
    ("lost", "lost"),
    ("doubled", "doubled"),
    ("owners", "two owners"),
    ("callerrors", "CALLERRORs by weather"),
    ("other", "other violations"),
    ("closes", "closes"),
    ("detect", "detect s"),
    ("takeover", "take-over s"),
    ("recover", "recover s"),
    ("seconds", "run s"),
)


def entry(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it stands in the JSON."""
    return {
        "scenario": outcome.scenario,
        "proves": outcome.proves,
        "mode": outcome.mode,
        "held": outcome.held,
        **{name: round(value, 3) for name, value in outcome.figures.items()},
    }


def row(outcome: Outcome) -> str:
    """One line for the terminal."""
    cells = [f"{name}={_number(outcome.figures[name])}" for name, _ in _COLUMNS[2:] if name in outcome.figures]
    verdict = "held    " if outcome.held else "VIOLATED"
    return f"{verdict} {outcome.scenario:15} {outcome.mode:7} {' '.join(cells)}"


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown."""
    return markdown(entry(outcome) for outcome in outcomes)


def markdown(entries: Iterable[dict[str, Any]]) -> str:
    lines = [
        "| " + " | ".join(title for _, title in _COLUMNS) + " |",
        "| " + " | ".join("---" if name in ("scenario", "mode") else "---:" for name, _ in _COLUMNS) + " |",
    ]
    for one in entries:
        cells = (one.get(name, "") for name, _ in _COLUMNS)
        lines.append("| " + " | ".join(cell if isinstance(cell, str) else _number(cell) for cell in cells) + " |")
    return "\n".join(lines)


def write_docs(outcomes: Sequence[Outcome], seed: int, docs: Path = DOCS) -> None:
    """These figures in place of those of the same scenario and mode; the others stay."""
    path = docs / "reliability.json"
    known = json.loads(path.read_text())["runs"] if path.exists() else []
    runs = {(one["scenario"], one["mode"]): one for one in known}
    runs.update({(outcome.scenario, outcome.mode): {**entry(outcome), "seed": seed} for outcome in outcomes})
    ordered = [runs[key] for key in sorted(runs)]
    path.write_text(json.dumps({"runs": ordered}, indent=1) + "\n")
    page = docs / "reliability.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{markdown(ordered)}\n{END}{after}")


def _number(value: float) -> str:
    return f"{value:.2f}" if isinstance(value, float) and value != int(value) else f"{int(value)}"
