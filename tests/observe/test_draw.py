"""Pictures of the dashboards: from answers of the shapes that Prometheus gives."""

from pathlib import Path

import pytest

from tests.observe.boards import files, load, panels, targets
from tests.observe.draw import draw, picture_of


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.stem))
def test_a_board_is_drawn_with_all_its_panels(path: Path, tmp_path: Path) -> None:
    board = load(path)
    answers: dict[tuple[str, str], list[tuple[str, list[dict[str, object]]]]] = {}
    for panel, target in targets(board):
        labels = {"le": "0.5", "action": "Heartbeat"}
        values = [[100.0 + second, str(second)] for second in range(5)]
        found = [] if panel["title"] == "Workers" else [{"metric": labels, "values": values}]
        answers.setdefault((path.stem, panel["title"]), []).append((target["legendFormat"], found))
    figure = draw(path, answers)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [panel["title"] for panel in panels(board)]
    figure.savefig(tmp_path / "board.png")
    assert (tmp_path / "board.png").read_bytes().startswith(b"\x89PNG")


def test_every_board_has_its_picture_in_the_documentation() -> None:
    page = (picture_of(files()[0]).parents[1] / "monitoring.md").read_text(encoding="utf-8")
    for path in files():
        assert picture_of(path).exists()
        assert f"(pictures/{picture_of(path).name})" in page
