"""Reads the Markdown tables of the pages."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_CELLS = re.compile(r"(?<!\\)\|")


def rows(page: str, heading: str | None = None) -> list[list[str]]:
    """The cells of every table row whose first cell is code, of the whole page or of one section, code marks removed
    from cells that are nothing but code."""
    text = (DOCS / page).read_text(encoding="utf-8")
    if heading is not None:
        parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
        text = dict(zip(parts[1::2], parts[2::2], strict=True))[heading]
    found = []
    for line in text.splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in _CELLS.split(line.strip().strip("|"))]
            found.append([re.sub(r"^`([^`]*)`$", r"\1", cell) for cell in cells])
    return found
