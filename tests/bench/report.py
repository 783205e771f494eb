"""From rounds to figures, and the figures as a table, as JSON, and in the documentation."""

from pathlib import Path
from statistics import median
from typing import Any

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
Rows = list[dict[str, Any]]

_COLUMNS = (
    ("ratio", "x HAProxy", "{:.3f}"),
    ("round_trips_per_cpu_second", "RT/s per core", "{:,.0f}"),
    ("round_trips_per_second", "RT/s", "{:,.0f}"),
    ("busy", "core busy", "{:.2f}"),
    ("added_p50_us", "added p50 us", "{:,.0f}"),
    ("added_p99_us", "added p99 us", "{:,.0f}"),
    ("rss_mib", "RSS MiB", "{:.0f}"),
)


def rows(results: dict[str, list[dict[str, Any]]]) -> Rows:
    """A row for each proxy: medians over its rounds, or `error`.

    `ratio` is to HAProxy of the same run; `added_*` is to `direct` of the same round, at light load; `busy` is the share
    of its core that the proxy used at full load.
    """
    table = [_row(name, rounds, results.get("direct", [])) for name, rounds in results.items()]
    peer = next((row for row in table if row["proxy"] == "haproxy"), {}).get("round_trips_per_cpu_second")
    for row in table:
        own = row.get("round_trips_per_cpu_second")
        row["ratio"] = own / peer if own and peer else None
    return table


def _row(name: str, rounds: list[dict[str, Any]], direct: list[dict[str, Any]]) -> dict[str, Any]:
    error = next((one["error"] for one in rounds if "error" in one), None)
    if error:
        return {"proxy": name, "error": error}
    full = [one["full"] for one in rounds]
    row: dict[str, Any] = {
        "proxy": name,
        "error": None,
        "round_trips_per_second": median(one["round_trips"] / one["seconds"] for one in full),
        "full_p50_us": median(one["p50_us"] for one in full),
        "full_p99_us": median(one["p99_us"] for one in full),
        "light_p50_us": median(one["light"]["p50_us"] for one in rounds),
        "light_p99_us": median(one["light"]["p99_us"] for one in rounds),
        "tls": full[0]["tls"],
    }
    if full[0]["proxy_cpu_seconds"] is None:
        return row
    row |= {
        "round_trips_per_cpu_second": median(one["round_trips"] / max(one["proxy_cpu_seconds"], 0.01) for one in full),
        "busy": median(one["proxy_cpu_seconds"] / one["seconds"] for one in full),
        "rss_mib": median(one["proxy_rss_kib"] for one in full) / 1024,
    }
    pairs = [(one["light"], base["light"]) for one, base in zip(rounds, direct, strict=False) if "light" in base]
    if pairs:
        row |= {
            f"added_{which}_us": median(one[f"{which}_us"] - base[f"{which}_us"] for one, base in pairs)
            for which in ("p50", "p99")
        }
    return row


def _cells(row: dict[str, Any]) -> list[str]:
    return [layout.format(row[key]) if row.get(key) is not None else "-" for key, _, layout in _COLUMNS]


def table(rows: Rows) -> str:
    """For a terminal."""
    lines = [["proxy", *(title for _, title, _ in _COLUMNS)]]
    lines += [[row["proxy"], *_cells(row)] for row in rows if not row["error"]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    text += [f"{row['proxy'].ljust(widths[0])}  FAILED: {row['error']}" for row in rows if row["error"]]
    return "\n".join(text)


def costs(translation_us: dict[str, float]) -> str:
    """What translation alone costs, for a terminal."""
    width = max(map(len, translation_us), default=0)
    lines = [f"{name.ljust(width)}  {cost:6.1f}" for name, cost in translation_us.items()]
    return "\n".join(["", "translation alone: us of one core for a call and its answer", *lines])


def markdown(result: dict[str, Any]) -> str:
    """For the documentation: the tables and the sentence that says what they were measured on."""
    lines = [
        "| proxy | " + " | ".join(title for _, title, _ in _COLUMNS) + " |",
        "| --- |" + " ---: |" * len(_COLUMNS),
    ]
    for row in result["rows"]:
        cells = ["not measured", *["-"] * (len(_COLUMNS) - 1)] if row["error"] else _cells(row)
        lines.append(f"| {row['proxy']} | {' | '.join(cells)} |")
    machine, parameters = result["machine"], result["parameters"]
    base = next((row for row in result["rows"] if row["proxy"] == "direct" and not row["error"]), None)
    measured_on = (
        f"Measured {result['date'][:10]}: {parameters['connections']} connections at full load, windows of"
        f" {parameters['seconds']:g} s, {parameters['rounds']} rounds; light load {parameters['rate']:g} RT/s over"
        f" {parameters['light_connections']} connections. {machine['cpu']}, {machine['cores']} cores, kernel"
        f" {machine['kernel']}, Python {machine['python']}, {machine['openssl']}, HAProxy {machine['haproxy']}."
    )
    if base:
        measured_on += f" Direct at light load: p50 {base['light_p50_us']:,.0f} us, p99 {base['light_p99_us']:,.0f} us."
    alone = [
        "| translation alone | us of one core |",
        "| --- | ---: |",
        *(f"| {name.replace('->', 'to')} | {cost:.0f} |" for name, cost in result["translation_us"].items()),
    ]
    return "\n".join([*lines, "", measured_on, "", *alone])


def write_docs(page: Path, result: dict[str, Any]) -> None:
    """Put the table between the two marks of `page`. Raises ValueError if they are not there."""
    text = page.read_text()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} lacks {BEGIN} or {END}")
    page.write_text(f"{head}{BEGIN}\n\n{markdown(result)}\n\n{END}{tail}")
