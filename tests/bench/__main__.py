"""`python -m tests.bench`: every proxy beside every other, in one run."""

import argparse
import json
import signal
import sys
import tempfile
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import certificates, compare, machine, targets, terminal
from tests.bench.figures import Figures
from tests.bench.lab import Lab, deadline
from tests.bench.peer import RowError
from tests.bench.proxies import PROXIES, install_peers
from tests.bench.rows import ROWS, Row
from tests.bench.scale import SCALES, Scale

_HOME = Path(__file__).parent
_DOCS = _HOME.parents[1] / "docs"


def _options() -> argparse.Namespace:
    proxies = ", ".join(proxy.name for proxy in PROXIES)
    rows = "\n".join(f"  {row.name:<9} {row.what}" for row in ROWS)
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="What a message costs, proxy beside proxy.",
        epilog=f"rows:\n{rows}\nproxies: {proxies}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scale", choices=SCALES, default="full", help="how much of everything (default full)")
    parser.add_argument("--only-row", action="append", metavar="ROW", help="leave out the others; may be repeated")
    parser.add_argument("--only", action="append", metavar="PROXY", help="leave out the others; may be repeated")
    parser.add_argument("--connections", type=int, action="append", help="at full load; may be repeated")
    parser.add_argument("--seconds", type=float, help="of a window at full load")
    parser.add_argument("--rounds", type=int, help="of which the median counts")
    parser.add_argument("--idle-seconds", type=float, help="how long pauses are watched for")
    parser.add_argument("--json", type=Path, help="where every figure goes (default: tests/bench/results/SCALE.json)")
    parser.add_argument("--write-docs", action="store_true", help="put the tables and plots of a full run into docs/")
    parser.add_argument(
        "--compare", type=Path, nargs=2, metavar=("A", "B"), help="measure nothing; exit 1 if B is worse than A"
    )
    parser.add_argument("--docs-from", type=Path, metavar="JSON", help="measure nothing; write docs/ from this result")
    options = parser.parse_args()
    for given, known in ((options.only, [one.name for one in PROXIES]), (options.only_row, [row.name for row in ROWS])):
        unknown = set(given or ()) - set(known)
        if unknown:
            parser.error(f"not known: {', '.join(sorted(unknown))} (there are {', '.join(known)})")
    if options.write_docs and (options.only or options.only_row or options.scale != "full"):
        parser.error("--write-docs is for a whole run at full scale")
    return options


def _tell(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


def _scale(options: argparse.Namespace) -> Scale:
    given = {
        "connections": tuple(options.connections) if options.connections else None,
        "window": options.seconds,
        "rounds": options.rounds,
        "idle_seconds": options.idle_seconds,
    }
    return replace(SCALES[options.scale], **{name: value for name, value in given.items() if value is not None})


def measure(lab: Lab, rows: list[Row]) -> None:
    """Row after row. What goes wrong in one is its own failure, and no row takes longer than it may."""
    for row in rows:
        began = datetime.now(UTC)
        try:
            with deadline(row.deadline(lab.scale)):
                row.measure(lab)
        except RowError as error:
            lab.fail(row.name, error)
        except Exception as error:  # the other rows are not to be lost for a mistake in this one
            lab.fail(row.name, RowError(f"{type(error).__name__}: {error}"))
        _tell(f"{row.name}: {(datetime.now(UTC) - began).total_seconds():.0f} s")
    targets.ratios(lab.figures)


def _compare(before: Path, after: Path) -> int:
    a, b = json.loads(before.read_text()), json.loads(after.read_text())
    same = compare.same_machine(a, b)
    if not same:
        print("not the same machine: ratios and counts only")
    figures_a, figures_b = Figures.of(a["figures"]), Figures.of(b["figures"])
    found = compare.differences(figures_a, figures_b, portable_only=not same)
    gone = compare.missing(figures_a, figures_b, b["failures"])
    print(compare.told(found, gone))
    return 1 if gone or any(one.worse for one in found) else 0


def _write_docs(result: dict[str, Any]) -> None:
    from tests.bench import plots, report  # matplotlib takes a second to load

    report.write_docs(_DOCS / "performance.md", result)
    plots.draw(result, _DOCS / "pictures")


def _run(options: argparse.Namespace) -> dict[str, Any]:
    scale = _scale(options)
    machine.raise_file_limit()
    cores = machine.cores()
    if cores[0] is None:
        _tell("one core only: load and proxy share it, and the figures are worth little")
    described = machine.describe()  # before the bench is itself the machine's load
    with tempfile.TemporaryDirectory(prefix="ocpp-bench-") as scratch:
        made = certificates.make(Path(scratch))
        lab = Lab(scale, cores, made, Path(scratch), frozenset(options.only or ()), _tell)
        measure(lab, [row for row in ROWS if not options.only_row or row.name in options.only_row])
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": described,
        "scale": asdict(scale) | {"cores": cores},
        "figures": lab.figures.plain(),
        "failures": lab.failures,
        "distributions": lab.distributions,
    }


def main() -> int:
    """Exit code 0: all was measured (or, comparing, nothing is worse); 1: some was not; 2: usage."""
    options = _options()
    if options.compare:
        return _compare(*options.compare)
    if options.docs_from:
        _write_docs(json.loads(options.docs_from.read_text()))
        return 0
    # Whoever ends the bench ends what it started: proxies have sessions of their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        install_peers()
    except RowError as error:
        _tell(str(error))  # the rows that need it fail, and say so
    result = _run(options)
    path = options.json or _HOME / "results" / f"{options.scale}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(terminal.told(result))
    if options.write_docs:
        _write_docs(result)
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
