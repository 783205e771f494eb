"""A full run's result as the generated parts of docs/performance.md. Each part stands between `<!-- bench:NAME -->` and
`<!-- bench:end -->`."""

import re
from pathlib import Path
from typing import Any

from tests.bench import targets
from tests.bench.figures import Figure, Figures

_VERDICTS = {
    "aim reached": "**aim reached**",
    "reached": "reached",
    "not reached": "**not reached**",
    "failed": "**failed**",
    "not measured": "not measured",
}
_ORDER = ("haproxy", "nginx", "naive", targets.PASS, targets.FORTH, targets.BACK)
_PART = re.compile(r"(<!-- bench:(\w+) -->\n).*?(<!-- bench:end -->)", re.DOTALL)
_QUIET = 0.7
PARTS = ("machine", "targets", "throughput", "latency", "pairs", "fleet", "redis", "alone")


def parts(result: dict[str, Any]) -> dict[str, str]:
    """The text of every generated part."""
    figures, failures = Figures.of(result["figures"]), result["failures"]
    return {
        "machine": _machine(result),
        "targets": _targets(figures, failures),
        "throughput": _throughput(figures, failures, result["scale"]["connections"]),
        "latency": _latency(figures, failures),
        "pairs": _pairs(figures, failures, result["scale"]),
        "fleet": _fleet(figures, failures, result["scale"]),
        "redis": _redis(figures, failures, result["scale"]["claims"]),
        "alone": _alone(figures, failures),
    }


def write_docs(page: Path, result: dict[str, Any]) -> None:
    """Put every part into its place on the page. Raises ValueError if the page lacks one."""
    text = page.read_text(encoding="utf-8")
    made = parts(result)
    absent = set(made) - {name for _, name, _ in _PART.findall(text)}
    if absent:
        raise ValueError(f"{page} lacks a place for {', '.join(sorted(absent))}")
    filled = _PART.sub(lambda at: f"{at[1]}\n{made[at[2]]}\n\n{at[3]}" if at[2] in made else at[0], text)
    page.write_text(filled, encoding="utf-8")


def spread(figure: Figure | None, digits: int = 0) -> str:
    """The median, and how far the rounds lay apart."""
    if figure is None:
        return "-"
    middle = f"{figure.middle:,.{digits}f}"
    return middle if len(figure.values) < 2 else f"{middle} ({figure.least:,.{digits}f}-{figure.most:,.{digits}f})"


def _table(head: list[str], lines: list[list[str]]) -> str:
    if not lines:
        return "Not measured."
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines])


def _why(failures: dict[str, str], name: str) -> str | None:
    return next((why for prefix, why in failures.items() if name == prefix or name.startswith(f"{prefix}/")), None)


def _machine(result: dict[str, Any]) -> str:
    machine, scale = result["machine"], result["scale"]
    busy = ""
    if machine["load"] > _QUIET:
        busy = (
            f" **The machine had other work (load {machine['load']:g}): absolute figures and times are worse than they"
            " would be, and only ratios mean something.**"
        )
    return (
        f"Measured {result['date'][:10]} at commit {machine['commit']}: {machine['cpu']}, {machine['cores']} cores,"
        f" {machine['memory_gib']:g} GiB, kernel {machine['kernel']}; Python {machine['python']}, {machine['openssl']},"
        f" uvloop {machine['uvloop']}, HAProxy {machine['haproxy']}, nginx {machine['nginx']}, Redis {machine['redis']}."
        f" A {scale['name']} run: {scale['rounds']} rounds, windows of {scale['window']:g} s. Figures are medians of the rounds, with the least"
        f" and the greatest.{busy}"
    )


def _targets(figures: Figures, failures: dict[str, str]) -> str:
    lines = []
    for one in targets.results(figures, failures):
        target = one.target
        measured = one.why or ("-" if one.measured is None else target.told(one.measured))
        aim = target.bound(target.aim) if target.aim != target.least else ""
        verdict = _VERDICTS[one.verdict] if aim or one.verdict != "aim reached" else "reached"
        lines.append([target.what, target.bound(target.least), aim, measured, verdict, f"`{target.command}`"])
    return _table(["figure", "at least", "aim", "measured", "", "command"], lines)


def _throughput(figures: Figures, failures: dict[str, str], sizes: list[int]) -> str:
    blocks = []
    for connections in sizes:
        base, lines = f"full/{connections}", []
        for proxy in _ORDER:
            name = f"{base}/{proxy}"
            if why := _why(failures, name):
                lines.append([proxy, f"failed: {why}", *["-"] * 5])
            elif (own := figures.get(f"{name}/per core")) is not None:
                lines.append(
                    [
                        proxy,
                        spread(figures.get(f"{name}/of haproxy"), 2),
                        spread(figures.get(f"{name}/of naive"), 0),
                        spread(own),
                        spread(figures.get(f"{name}/busy"), 2),
                        spread(figures.get(f"{name}/p99"), 0),
                        spread(figures.get(f"{name}/memory"), 0),
                    ]
                )
        head = [
            f"{connections:,} connections",
            "x HAProxy",
            "x naive",
            "RT/s per core",
            "core busy",
            "p99 µs",
            "PSS MiB",
        ]
        direct = figures.get(f"{base}/direct/per second")
        note = "" if direct is None else f"\n\nLoad and CSMS alone, without proxy and TLS: {spread(direct)} RT/s."
        blocks.append(_table(head, lines) + note)
    return "\n\n".join(blocks)


def _latency(figures: Figures, failures: dict[str, str]) -> str:
    lines = []
    for proxy in ("direct", *_ORDER):
        name = f"light/{proxy}"
        if why := _why(failures, name):
            lines.append([proxy, f"failed: {why}", *["-"] * 4])
        elif figures.get(f"{name}/p50") is not None:
            cells = ("p50", "added p50", "above haproxy", "added p99", "cpu")
            lines.append([proxy, *(spread(figures.get(f"{name}/{cell}")) for cell in cells)])
    return _table(["", "p50 µs", "added p50", "above HAProxy's", "added p99", "CPU µs per round trip"], lines)


def _pairs(figures: Figures, failures: dict[str, str], scale: dict[str, Any]) -> str:
    lines = []
    for proxy in _ORDER:
        names = [
            (f"memory/{proxy}/pair", 1),
            (f"churn/{proxy}/pair", 1),
            (f"churn/{proxy}/growth", 1),
            (f"connects/full/{proxy}/per core", 0),
            (f"connects/resumed/{proxy}/per core", 0),
            (f"connects/resumed/{proxy}/share", 2),
        ]
        if any(figures.get(name) or _why(failures, name) for name, _ in names):
            cells = ["failed" if _why(failures, name) else spread(figures.get(name), digits) for name, digits in names]
            lines.append([proxy, *cells])
    head = ["", "KiB a pair", f"KiB after {scale['churn_rounds']} rounds", "growth %", "connects/s/core"]
    return _table([*head, "with TLS resumed", "share resumed"], lines)


def _fleet(figures: Figures, failures: dict[str, str], scale: dict[str, Any]) -> str:
    lines = []
    for proxy in _ORDER:
        name = f"idle/{scale['idle']}/{proxy}"
        if figures.get(f"{name}/p99"):
            what = f"{scale['idle']:,} pairs, {scale['idle_rate']:g} RT/s: p50 / p99 ms"
            lines.append(
                [what, proxy, f"{spread(figures.get(f'{name}/p50'), 2)} / {spread(figures.get(f'{name}/p99'), 2)}"]
            )
        if figures.get(f"{name}/watched"):
            watched = figures.middle(f"{name}/watched") or 0
            longest, above = figures.middle(f"{name}/pause") or 0, figures.middle(f"{name}/pauses") or 0
            lines.append(
                [f"collector pauses in {watched:g} s", proxy, f"{above:.0f} above 10 ms, longest ≤ {longest:g} ms"]
            )
    for proxy in _ORDER:
        name = f"storm/{scale['storm']}/{proxy}"
        if figures.get(f"{name}/seconds"):
            seconds, p99 = spread(figures.get(f"{name}/seconds"), 1), spread(figures.get(f"{name}/live p99"), 1)
            lines.append(
                [f"{scale['storm']:,} come back, 2 workers", proxy, f"{seconds} s; p99 of the others {p99} ms"]
            )
    name = f"crowd/{scale['crowd']}"
    if figures.get(f"{name}/back"):
        value = {
            what: figures.middle(f"{name}/{what}") or 0 for what in "seconds dropped memory held lost back".split()
        }
        workers = f"{scale['crowd_workers']} workers"
        text = f"open after {value['seconds']:.0f} s, {value['dropped']:.0f} dropped, {value['memory']:.1f} KiB a pair"
        lines.append([f"{scale['crowd']:,} connected, {workers}", targets.PASS, text])
        text = f"{value['lost']:,.0f} of its {value['held']:,.0f} lost, all back after {value['back']:.1f} s"
        lines.append(["one of them killed (-9)", targets.PASS, text])
    lines += [
        [name, "", f"failed: {why}"] for name, why in failures.items() if name.startswith(("idle", "storm", "crowd"))
    ]
    return _table(["", "", ""], lines).replace("---:", "---")


def _redis(figures: Figures, failures: dict[str, str], sizes: list[int]) -> str:
    sizes = [
        stations for stations in sizes if figures.below(f"claims/{stations}/") or _why(failures, f"claims/{stations}")
    ]
    lines: list[list[str]] = []
    for what in ("claim", "write", "hold", "release"):
        cells = []
        for stations in sizes:
            cpu, rate = (figures.get(f"claims/{stations}/{what}{more}") for more in ("", " a second"))
            cells.append(_why(failures, f"claims/{stations}") or f"{spread(cpu, 1)} µs, {spread(rate)}/s")
        lines.append([what, *cells])
    if not sizes:
        return _table([], [])
    memory = [f"{spread(figures.get(f'claims/{stations}/memory'), 2)} KiB" for stations in sizes]
    lines.append(["memory of a station", *memory])
    return _table(["Redis' core for one", *(f"{stations:,} stations" for stations in sizes)], lines)


def _alone(figures: Figures, failures: dict[str, str]) -> str:
    lines = [[figure.name.split("/", 1)[1].replace("/", ": "), spread(figure)] for figure in figures.below("alone/")]
    return _table(["without kernel, TLS and loop", "µs of one core"], lines)
