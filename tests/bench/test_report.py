"""A result becomes the parts of a page, and two pictures."""

from pathlib import Path
from typing import Any

import pytest

from tests.bench import plots, report, targets, terminal
from tests.bench.figures import Figures
from tests.bench.scale import FULL

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def result() -> dict[str, Any]:
    figures = Figures()
    for number in (1, 2, 3):
        for connections in (100, 500):
            for proxy, rate in (("haproxy", 40_000), ("naive", 600), (targets.PASS, 20_000), (targets.FORTH, 16_000)):
                name = f"full/{connections}/{proxy}"
                figures.add(f"{name}/per core", rate + number * 100, "RT/s", "more")
                figures.add(f"{name}/busy", 0.9, "core")
                figures.add(f"{name}/p99", 900 + number, "us", "less")
                figures.add(f"{name}/memory", 60, "MiB", "less")
            figures.add(f"full/{connections}/direct/per second", 50_000, "RT/s")
        figures.add("light/haproxy/p50", 100, "us", "less")
        figures.add("light/haproxy/added p50", 90, "us", "less")
        figures.add(f"light/{targets.FORTH}/p50", 150, "us", "less")
        figures.add(f"light/{targets.FORTH}/added p50", 140 + number, "us", "less")
    figures.add(f"churn/{targets.FORTH}/pair", 61.5, "KiB", "less")
    figures.add(f"idle/5000/{targets.FORTH}/p50", 0.4, "ms", "less")
    figures.add(f"idle/5000/{targets.FORTH}/p99", 1.4, "ms", "less")
    figures.add("claims/10000/claim", 9.5, "us", "less")
    figures.add("claims/10000/claim a second", 10_000, "1/s", "more")
    figures.add("alone/translation/Heartbeat 1.6 to 2.0.1", 12.4, "us", "less")
    targets.ratios(figures)
    machine = dict.fromkeys("cpu cores kernel python openssl haproxy nginx redis uvloop commit".split(), "x")
    percents = {name: float(name) * 10 for name in ("5", "25", "50", "75", "90", "95", "99", "99.9")}
    return {
        "date": "2026-01-01T00:00:00+00:00",
        "machine": {**machine, "memory_gib": 23.5, "load": 2.5},
        "scale": {
            "name": "full",
            "connections": [100, 500],
            "rounds": 3,
            "window": 3.0,
            "churn_rounds": 20,
            "idle": 5000,
            "idle_rate": 500.0,
            "storm": 10_000,
            "crowd": 20_000,
            "crowd_workers": 3,
            "claims": [10_000],
        },
        "figures": figures.plain(),
        "failures": {"full/500/nginx": "nginx is missing", "crowd/20000": "not done after 420 s"},
        "distributions": {"light/haproxy": [percents], f"light/{targets.FORTH}": [percents, percents]},
    }


def test_targets_say_what_was_reached_what_was_not_and_what_failed() -> None:
    lines = report.parts(result())["targets"].splitlines()
    assert len(lines) == 2 + len(targets.TARGETS)
    told = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in lines[2:]}
    row = told["passthrough, 500 connections, of HAProxy's RT/s per core"]
    assert row == ["≥ 0.50", "≥ 0.90", "0.50", "reached", "`python -m tests.bench --only-row load`"]
    assert told["memory of an idle wss pair after 20 rounds of 1,000, translated"][2:4] == ["62 KiB", "**not reached**"]
    assert told["p99 at 500 RT/s, 5,000 nearly idle pairs in one worker"][2:4] == ["1.4 ms", "**aim reached**"]
    assert told["stations connected at once"][2:4] == ["not done after 420 s", "**failed**"]
    assert told["start to readiness"][2:4] == ["-", "not measured"]


def test_figures_come_with_their_spread_and_failures_with_their_reason() -> None:
    parts = report.parts(result())
    assert "| haproxy | - | - | 40,200 (40,100-40,300) | 0.90 (0.90-0.90) |" in parts["throughput"]
    assert "| nginx | failed: nginx is missing | - | - | - | - | - |" in parts["throughput"]
    assert "Load and CSMS alone, without proxy and TLS: 50,000" in parts["throughput"]
    assert f"| {targets.FORTH} | 150 (150-150) | 142 (141-143) | 52 (51-53) | - | - |" in parts["latency"]
    assert "| claim | 9.5 µs, 10,000/s |" in parts["redis"]
    assert "failed: not done after 420 s" in parts["fleet"]
    assert "other work (load 2.5)" in parts["machine"]
    for name, part in parts.items():
        widths = {line.count("|") for line in part.split("\n\n")[0].splitlines() if line.startswith("|")}
        assert len(widths) <= 1, f"{name}: every line of a table has as many cells"


def test_the_page_keeps_what_stands_around_the_parts(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(
        "".join(
            f"before {name}\n<!-- bench:{name} -->\nof earlier\n<!-- bench:end -->\nafter\n" for name in report.PARTS
        )
    )
    report.write_docs(page, result())
    once = page.read_text()
    assert "of earlier" not in once
    assert once.count("before ") == once.count("after\n") == len(report.PARTS)
    report.write_docs(page, result())
    assert page.read_text() == once, "written twice is written once"
    page.write_text("no place for anything")
    with pytest.raises(ValueError, match="lacks a place for alone"):
        report.write_docs(page, result())


def test_the_real_page_has_a_place_for_every_part() -> None:
    assert set(report.parts(result())) == set(report.PARTS)
    assert {name for _, name, _ in report._PART.findall(PAGE.read_text(encoding="utf-8"))} == set(report.PARTS)


def test_pictures_are_small_and_need_no_background(tmp_path: Path) -> None:
    for picture in plots.draw(result(), tmp_path):
        text = picture.read_text()
        assert len(text) < 200_000
        assert targets.FORTH in text
        assert "fill: #ffffff" not in text


def test_the_terminal_shows_everything() -> None:
    text = terminal.told(result())
    assert "full/100/haproxy/per core" in text
    assert "(40,100 - 40,300)" in text
    assert "full/500/nginx  FAILED: nginx is missing" in text
    assert "not reached" in text


def test_full_is_what_the_targets_speak_of() -> None:
    measured = {f"full/{connections}" for connections in FULL.connections}
    measured |= {f"idle/{FULL.idle}", f"storm/{FULL.storm}", f"crowd/{FULL.crowd}"}
    for target in targets.TARGETS:
        row, size, *_ = target.figure.split("/")
        assert row in ("light", "churn", "connects", "store", "starts") or f"{row}/{size}" in measured
