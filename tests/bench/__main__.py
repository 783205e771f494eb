"""`python -m tests.bench`: every proxy beside every other, in one run."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import certificates, machine, report, translation
from tests.bench.proxies import PROXIES, RowError, install_haproxy
from tests.bench.rounds import Bench, Parameters

_HOME = Path(__file__).parent
_PAGE = _HOME.parent / "docs" / "performance.md"


def _options() -> argparse.Namespace:
    names = ", ".join(proxy.name for proxy in PROXIES)
    parser = argparse.ArgumentParser(prog="bench", description="What a message costs, proxy beside proxy.")
    parser.add_argument("--seconds", type=float, default=None, help="of one window at full load (default 4)")
    parser.add_argument("--connections", type=int, default=100, help="at full load (default 100)")
    parser.add_argument("--rate", type=float, default=200.0, help="round trips a second at light load (default 200)")
    parser.add_argument("--rounds", type=int, default=None, help="of which the median counts (default 2)")
    parser.add_argument(
        "--quick", action="store_true", help="one round of one second: does it work, not how fast is it"
    )
    parser.add_argument(
        "--only", action="append", metavar="PROXY", help=f"leave out the others; may be repeated: {names}"
    )
    parser.add_argument("--json", type=Path, default=_HOME / "results" / "latest.json", help="where every figure goes")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    unknown = set(options.only or ()) - {proxy.name for proxy in PROXIES}
    if unknown:
        parser.error(f"no such proxy: {', '.join(sorted(unknown))} (there are {names})")
    if options.write_docs and (options.quick or options.only):
        parser.error("--write-docs is for a whole run, without --quick and --only")
    return options


def _tell(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Exit code 0: every row was measured; 1: some were not."""
    options = _options()
    proxies = tuple(proxy for proxy in PROXIES if not options.only or proxy.name in options.only)
    parameters = Parameters(
        seconds=options.seconds or (1.0 if options.quick else 4.0),
        light_seconds=1.5 if options.quick else 4.0,
        warmup=0.3 if options.quick else 0.5,
        rounds=options.rounds or (1 if options.quick else 2),
        connections=options.connections,
        light_connections=min(50, options.connections),
        rate=options.rate,
    )
    if any(proxy.name == "haproxy" for proxy in proxies):
        try:
            install_haproxy()
        except RowError as error:
            _tell(str(error))
            return 1
    cores = machine.cores()
    if cores[0] is None:
        _tell("one core only: load and proxy share it, and the figures are worth little")
    machine.raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="ocpp-bench-") as scratch:
        bench = Bench(parameters, cores, certificates.make(Path(scratch)), Path(scratch))
        rounds = bench.run(proxies, _tell)
    rows = report.rows(rounds)
    result = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "parameters": asdict(parameters) | {"cores": cores},
        "rows": rows,
        "translation_us": translation.costs(series=5 if options.quick else translation.SERIES),
        "rounds": rounds,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(report.table(rows))
    print(report.costs(result["translation_us"]))
    if options.write_docs:
        report.write_docs(_PAGE, result)
    return 1 if any(row["error"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
