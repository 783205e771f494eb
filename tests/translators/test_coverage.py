"""Every row of every link is played by a transcript, and so is every way in which a row refuses."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from tests.transcript import TRANSCRIPTS, versions
from translators.links import LINKS
from translators.tables import Link, Row

SCENARIOS = "s01 s02 s03 s04 s07 s08 s10 s11 s12 s14 s15 s16 s17 s19 s20 s21 s22 s23 s24 s25 s28 s30".split()
"""The worked scenarios of the translation between 1.6 and 2.0.1."""

Played = dict[tuple[str, str], dict[str, set[str]]]
"""(who calls, action) -> what came of it: `asked` the other side's actions, `answered` statuses and CALLERROR codes."""


@lru_cache
def played(station: str, csms: str) -> Played:
    """What the transcripts of a link show of each call."""
    found: Played = {}
    for folder in TRANSCRIPTS.iterdir():
        if versions(folder.name) == (station, csms):
            for path in folder.rglob("*.txt"):
                _read(path.read_text(), found)
    return found


def _read(text: str, found: Played) -> None:
    calls: dict[tuple[str, str], str] = {}
    fed: set[tuple[str, str]] = set()
    for sent, side, frame in _frames(text):
        if frame[0] in (2, 6) and not sent:
            calls[side, str(frame[1])] = frame[2]
            found.setdefault((side, frame[2]), {"asked": set(), "answered": set()})
            fed.add((side, frame[2]))
        elif frame[0] == 2:
            # Which of the calls at work it comes of, the text does not tell.
            for caller in fed:
                found[caller]["asked"].add(frame[2])
        elif sent and (side, str(frame[1])) in calls:
            answer = frame[2] if frame[0] == 4 else frame[2].get("status", "Result")
            found[side, calls[side, str(frame[1])]]["answered"].add(answer)


def _frames(text: str) -> Iterator[tuple[bool, str, list[Any]]]:
    for line in text.splitlines():
        match = re.match(r"(>?)(station|csms)(>?)\s*(\[.*)", line)
        if match:
            try:
                yield match[1] == ">", match[2], json.loads(match[4])
            except ValueError:
                continue  # a text that is no JSON is what that transcript is about


def rows() -> list[tuple[Link, str, str, Row]]:
    return [
        (link, side, action, row)
        for link in LINKS.values()
        for side, table in (("station", link.from_station), ("csms", link.from_csms))
        for action, row in sorted(table.items())
    ]


def _name(part: object) -> str:
    return part.name if isinstance(part, Link) else part if isinstance(part, str) else ""


@pytest.mark.parametrize(("link", "side", "action", "row"), rows(), ids=_name)
def test_a_row_is_played(link: Link, side: str, action: str, row: Row) -> None:
    shown = played(link.station_version, link.csms_version).get((side, action))
    assert shown is not None, f"no transcript of {link.name} has a {action} of the {side}"
    assert not row.becomes or shown["asked"] & set(row.becomes), f"no transcript shows what becomes of {action}"


@pytest.mark.parametrize("number", SCENARIOS)
def test_a_scenario_has_its_transcript(number: str) -> None:
    assert len(list(TRANSCRIPTS.rglob(f"{number}_*.txt"))) == 1


@pytest.mark.parametrize(
    ("link", "side", "action", "row"), [one for one in rows() if one[3].outcome == "unsupported"], ids=_name
)
def test_a_refusal_is_played_to_its_end(link: Link, side: str, action: str, row: Row) -> None:
    shown = played(link.station_version, link.csms_version)[side, action]
    if action == "NotifyPeriodicEventStream":
        assert not shown["answered"]  # a SEND has no answer
    else:
        assert shown["answered"]
        assert "Accepted" not in shown["answered"]
