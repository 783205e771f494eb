"""Two runs against each other: what has become worse by more than the spread. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench.figures import Figure, Figures

_ALONE = 0.20
"""A figure of one round has no spread: so much worse counts."""
_LEAST = 0.05
"""Less than this is noise, whatever the spread of three rounds says."""
_PORTABLE = ("/of haproxy", "/of naive", "store/", "/dropped", "/lost of others", "/pauses")
"""Figures that mean the same on another machine."""
_FINEST = {"us": 3.0, "ms": 0.5, "s": 0.05, "commands": 0.005, "MiB": 1.0, "KiB": 1.0, "%": 1.0}
"""Differences that nobody can notice."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure in both runs. `worse` is what makes the comparison fail, `better` the same the other way."""

    name: str
    unit: str
    before: float
    after: float
    worse: bool
    better: bool


def same_machine(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether absolute figures of the two can be compared."""
    return all(a["machine"].get(what) == b["machine"].get(what) for what in ("cpu", "cores", "kernel"))


def differences(before: Figures, after: Figures, *, portable_only: bool) -> list[Difference]:
    """Every figure that both have and of which one way is better."""
    found = []
    for figure in before.below(""):
        other = after.get(figure.name)
        if other is None or not figure.better or (portable_only and not any(part in figure.name for part in _PORTABLE)):
            continue
        worse, better = _worse(figure, other), _worse(other, figure)
        found.append(Difference(figure.name, figure.unit, figure.middle, other.middle, worse, better))
    return found


def _worse(a: Figure, b: Figure) -> bool:
    """Whether b is worse than a, beyond the spread of both: its best round is worse than a's worst."""
    if a.better == "less":
        gap = b.least - a.most
        step = b.middle - a.middle
    else:
        gap = a.least - b.most
        step = a.middle - b.middle
    alone = min(len(a.values), len(b.values)) == 1
    return gap > 0 and step > max((_ALONE if alone else _LEAST) * abs(a.middle), _FINEST.get(a.unit, 0.0))


def missing(before: Figures, after: Figures, failures: Mapping[str, str]) -> list[str]:
    """Figures of the earlier run that failed in the later one."""
    return [
        figure.name
        for figure in before.below("")
        if after.get(figure.name) is None and any(figure.name.startswith(name) for name in failures)
    ]


def told(found: list[Difference], gone: list[str]) -> str:
    """For a terminal: what is worse, what is better, and how many are neither."""
    worse = [one for one in found if one.worse]
    better = [one for one in found if one.better]
    lines = [_line("worse ", one) for one in worse] + [f"failed  {name}" for name in gone]
    lines += [_line("better", one) for one in better]
    return "\n".join([*lines, f"{len(found) - len(worse) - len(better)} of {len(found)} figures are as they were"])


def _line(word: str, one: Difference) -> str:
    change = f" ({(one.after / one.before - 1) * 100:+.0f} %)" if one.before else ""
    return f"{word}  {one.name}: {one.before:,.3g} -> {one.after:,.3g} {one.unit}{change}"
