"""The table of keys for the documentation."""

from translators.keys.constants import CONSTANTS
from translators.keys.table import ROWS, Key


def key_rows() -> str:
    """Every key as a row of a Markdown table, its head first."""
    head = "| 1.6 key | Type | Access | 2.0.1 variable | Remarks |\n| --- | --- | --- | --- | --- |"
    return "\n".join([head, *map(_row, ROWS)]) + "\n"


def constant_rows() -> str:
    """Every variable that is answered for a 1.6 station without asking it."""
    head = "| 2.0.1 variable | Type | Value |\n| --- | --- | --- |"
    rows = (f"| `{one.variable}` | {one.data_type} | {one.text} |" for one in CONSTANTS.values())
    return "\n".join([head, *rows]) + "\n"


def _row(key: Key) -> str:
    limits = (
        "" if key.kind.least is None and key.kind.most is None else f" {_end(key.kind.least)}..{_end(key.kind.most)}"
    )
    unit = f" {key.kind.unit}" if key.kind.unit else ""
    shown = " and ".join(f"`{one}`" for one in key.variables) or "none"
    if key.characteristic:
        shown += f" ({key.characteristic})"
    return f"| `{key.name}` | {key.kind.type_16}{unit}{limits} | {key.access} | {shown} | {key.remark} |"


def _end(limit: int | None) -> str:
    return "" if limit is None else str(limit)
