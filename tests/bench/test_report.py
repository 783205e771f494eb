"""Rounds in, figures out."""

from pathlib import Path
from typing import Any

import pytest

from tests.bench.report import BEGIN, END, costs, rows, table, write_docs


def one(round_trips: int, cpu: float | None, p50: float, p99: float) -> dict[str, Any]:
    load = {
        "round_trips": round_trips,
        "seconds": 2.0,
        "proxy_cpu_seconds": cpu,
        "tls": None,
        "p50_us": p50,
        "p99_us": p99,
    }
    return {"full": {**load, "proxy_rss_kib": cpu and 2048}, "light": load}


ROUNDS = {
    "direct": [one(9000, None, 20, 50), one(9000, None, 30, 90)],
    "haproxy": [one(4000, 1.0, 120, 250), one(6000, 1.0, 110, 190)],
    "naive": [one(100, 2.0, 2000, 3000), one(100, 2.0, 2000, 3000)],
    "gateway translate": [one(1, 1.0, 1, 1), {"error": "ended with 1"}],
}


def test_figures_are_medians_and_differences_within_a_round() -> None:
    direct, haproxy, naive, gateway = rows(ROUNDS)
    assert "round_trips_per_cpu_second" not in direct
    assert (haproxy["round_trips_per_cpu_second"], haproxy["ratio"], haproxy["busy"]) == (5000, 1.0, 0.5)
    assert (haproxy["added_p50_us"], haproxy["added_p99_us"], haproxy["rss_mib"]) == (90, 150, 2)
    assert naive["ratio"] == 0.01
    assert gateway == {"proxy": "gateway translate", "error": "ended with 1", "ratio": None}


def test_a_row_that_failed_is_told_and_nothing_of_it_shown_as_a_figure() -> None:
    assert table(rows(ROUNDS)).splitlines()[-1] == "gateway translate  FAILED: ended with 1"


def test_the_documentation_keeps_what_stands_around_the_table(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}old{END}\nafter\n")
    machine = dict.fromkeys(("cpu", "cores", "kernel", "python", "openssl", "haproxy"), "x")
    parameters = dict.fromkeys(("connections", "seconds", "rounds", "rate", "light_connections"), 1)
    result = {
        "date": "2026-01-01T00:00:00+00:00",
        "rows": rows(ROUNDS),
        "translation_us": {"A 1.6 -> 2.0.1": 59.4},
        "machine": machine,
        "parameters": parameters,
    }
    write_docs(page, result)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| haproxy | 1.000 | 5,000 |" in text
    assert "| gateway translate | not measured |" in text
    assert "| A 1.6 to 2.0.1 | 59 |" in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="lacks"):
        write_docs(page, result)


def test_what_translation_costs_is_told_by_action() -> None:
    assert costs({"Heartbeat": 12.34, "MeterValues": 59.0}).splitlines()[-2:] == [
        "Heartbeat      12.3",
        "MeterValues    59.0",
    ]
