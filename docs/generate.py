"""Writes the pages that are told from the code: `make docs`."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docs import api_reference, cli_reference
from gateway.cli.mapping import fields_lost, rows
from translators.keys.markdown import constant_rows, key_rows

_KEYS_HEAD = """\
# Configuration keys

Which 2.0.1 variable stands for which 1.6 configuration key. This page is written by `make docs` from the table the
gateway runs on. Do not edit it.

Values are converted both ways and never shortened: a value that the other version cannot hold is refused. A vendor's
own key is the variable of that name in the component `OCPP16LegacyCtrlr`. Keys and variables that could move a station
away from the gateway are guarded: see [security.md](security.md).
"""

_HEAD = """\
# Mapping

What becomes of every action between two OCPP versions. Every action of both versions has exactly one row.

This page is written by `make docs` from the tables the gateway runs on. Do not edit it. The same rows are printed by
`ocpp-gateway mapping [ACTION]`, as JSON with `--json`.

- **caller**: who makes the call.
- **outcome** `translated`: the call goes to the other side in its version. `answered`: the gateway answers alone.
  `unsupported`: the gateway refuses, with the refusing status of the action where it has one, else with a CALLERROR.
- **becomes**: the actions of the other version that a call may lead to.

Below each table stands what may be lost: every field, word and sample that the other version cannot hold, of the call
and of its answer. `refused` means that the call is refused for it, or that its answer is one of failure. Each loss is counted when it
happens, by the field named here: the metric `ocpp_gateway_translation_losses_total`. Of a message that breaks its own
version more may be lost, and is counted the same.

Between OCPP 1.6 and 2.1 two translations stand in a row, and the rows of both apply.

The metric `ocpp_gateway_translations_total` counts calls by the same outcomes, and `invalid` beside them. How
translation works is told in [translation.md](translation.md).
"""
_COLUMNS = ("caller", "action", "outcome", "becomes", "summary")
_LOSS_COLUMNS = ("caller", "action", "of the", "field", "when, and what becomes of it")


def page() -> str:
    """The page's text as the tables are now."""
    found = rows(None)
    links = dict.fromkeys((row["station"], row["csms"]) for row in found)
    sections = [_section(station, csms, found) for station, csms in links]
    return "\n".join([_HEAD, *sections])


def keys_page() -> str:
    """The text of the page of keys as the table is now."""
    constants = "## Answered for a 1.6 station without asking it\n\n" + constant_rows()
    return "\n".join([_KEYS_HEAD, key_rows(), constants])


def _section(station: str, csms: str, found: list[dict[str, Any]]) -> str:
    here = [row for row in found if (row["station"], row["csms"]) == (station, csms)]
    counts = Counter(row["outcome"] for row in here)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    lines = [
        f"## An {_name(station)} station on an {_name(csms)} CSMS",
        "",
        f"{len(here)} actions: {told}.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"| {' | '.join('---' for _ in _COLUMNS)} |",
        *(f"| {' | '.join(_cells(row))} |" for row in here),
        "",
        f"### What may be lost between an {_name(station)} station and an {_name(csms)} CSMS",
        "",
        f"| {' | '.join(_LOSS_COLUMNS)} |",
        f"| {' | '.join('---' for _ in _LOSS_COLUMNS)} |",
        *(
            f"| {row['caller']} | `{row['action']}` | {part} | {_quoted(fields)} | {_escaped(why)} |"
            for row in here
            for part, why, fields in fields_lost(row)
        ),
    ]
    return "\n".join(lines) + "\n"


def _cells(row: dict[str, Any]) -> list[str]:
    becomes = ", ".join(row["becomes"]) or "-"
    return [row["caller"], f"`{row['action']}`", row["outcome"], becomes, _escaped(row["summary"])]


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _name(subprotocol: str) -> str:
    return f"OCPP {subprotocol.removeprefix('ocpp')}"


FOLDER = Path(__file__).parent
PAGES: dict[str, Callable[[], str]] = {
    "mapping.md": page,
    "configuration-keys.md": keys_page,
    "cli.md": cli_reference.page,
    "api-reference.md": api_reference.page,
}
"""What makes each page."""


README = FOLDER.parent / "README.md"
_BEGIN, _END = "<!-- written by `make docs` -->\n", "<!-- until here -->\n"
_REFUSED_NAMED = 3


def readme() -> str:
    """The text of the README, with its table of translations as the tables are now."""
    before, _, rest = README.read_text(encoding="utf-8").partition(_BEGIN)
    return before + _BEGIN + _in_short() + _END + rest.partition(_END)[2]


def _in_short() -> str:
    found = rows(None)
    lines = [
        "| station | CSMS | actions | translated | answered here | refused | fields that may be lost |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for station, csms in dict.fromkeys((row["station"], row["csms"]) for row in found):
        here = [row for row in found if (row["station"], row["csms"]) == (station, csms)]
        counts = Counter(row["outcome"] for row in here)
        refused = [f"`{row['action']}`" for row in here if row["outcome"] == "unsupported"]
        more = f" and {len(refused) - _REFUSED_NAMED} more" if len(refused) > _REFUSED_NAMED else ""
        lost = sum(len(fields) for row in here for _, _, fields in fields_lost(row))
        anchor = f"what-may-be-lost-between-an-{_anchor(station)}-station-and-an-{_anchor(csms)}-csms"
        lines.append(
            f"| {_name(station)} | {_name(csms)} | {len(here)} | {counts['translated']} | {counts['answered']} "
            f"| {counts['unsupported']}: {', '.join(refused[:_REFUSED_NAMED])}{more} "
            f"| [{lost}](docs/mapping.md#{anchor}) |"
        )
    return "\n".join(lines) + "\n"


def _anchor(subprotocol: str) -> str:
    return _name(subprotocol).lower().replace(" ", "-").replace(".", "")


def main() -> None:
    """`python -m docs.generate`"""
    README.write_text(readme(), encoding="utf-8")
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
