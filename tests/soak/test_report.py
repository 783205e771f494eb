"""The table, and the page it is written to."""

import json
from pathlib import Path

from tests.soak.checker import Violation
from tests.soak.play import Outcome
from tests.soak.report import BEGIN, DOCS, END, markdown, row, table, write_docs
from tests.soak.scenarios import ALL


def outcome(name: str, mode: str = "16", **figures: float) -> Outcome:
    return Outcome(name, "T01", mode, {"stations": 5, "lost": 0, **figures}, [], "", Path("h.jsonl"))


def test_a_row_tells_whether_it_held() -> None:
    good = outcome("kills", recover=1.25)
    bad = Outcome("kills", "T01", "16", {"lost": 1}, [Violation("I1", "S", "gone", ())], "", Path("h"))
    assert row(good).startswith("held")
    assert "recover=1.25" in row(good)
    assert row(bad).startswith("VIOLATED")
    assert not Outcome("kills", "T01", "16", {}, [], "Traceback", Path("h")).held


def test_the_table_leaves_empty_what_was_not_measured() -> None:
    lines = table([outcome("kills", takeover=0.5)]).splitlines()
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    titles = [cell.strip() for cell in lines[0].strip("|").split("|")]
    assert dict(zip(titles, cells, strict=True)) | {"take-over s": "0.50", "detect s": "", "lost": "0"} == dict(
        zip(titles, cells, strict=True)
    )


def test_the_page_keeps_the_runs_that_were_not_played_again(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_docs([outcome("kills"), outcome("kills", "16-201")], 1, tmp_path)
    write_docs([outcome("kills", recover=3.5)], 2, tmp_path)
    runs = json.loads((tmp_path / "reliability.json").read_text())["runs"]
    assert [(run["mode"], run["seed"], run.get("recover")) for run in runs] == [("16", 2, 3.5), ("16-201", 1, None)]
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n| scenario")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text


def test_the_page_in_docs_says_what_its_json_says() -> None:
    text, runs = (DOCS / "reliability.md").read_text(), json.loads((DOCS / "reliability.json").read_text())["runs"]
    assert markdown(runs) in text
    assert all(run["held"] for run in runs)
    for scenario in ALL:
        assert f"`{scenario.name}`" in text
