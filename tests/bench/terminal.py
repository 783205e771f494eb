"""A run's result for a terminal. PURE."""

from typing import Any

from tests.bench import targets
from tests.bench.figures import Figure, Figures


def told(result: dict[str, Any]) -> str:
    """Every figure with its spread, what failed, and every target with its verdict."""
    figures = Figures.of(result["figures"])
    lines = [_line(figure) for figure in figures.below("")]
    lines += [f"{name}  FAILED: {why}" for name, why in result["failures"].items()]
    lines.append("")
    for one in targets.results(figures, result["failures"]):
        if one.verdict == "not measured":
            continue
        measured = "-" if one.measured is None else one.target.told(one.measured)
        why = f": {one.why}" if one.why else ""
        lines.append(
            f"{one.target.what:<62} {one.target.bound(one.target.least):>14} {measured:>14}  {one.verdict}{why}"
        )
    return "\n".join(lines)


def _line(figure: Figure) -> str:
    spread = f"  ({_number(figure.least)} - {_number(figure.most)})" if len(figure.values) > 1 else ""
    return f"{figure.name:<56} {_number(figure.middle):>10} {figure.unit}{spread}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
