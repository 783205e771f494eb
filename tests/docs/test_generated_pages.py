"""The generated pages are what the code says."""

import pytest

from docs.generate import FOLDER, PAGES, README, readme
from gateway.cli import VERBS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_the_table_of_the_readme_is_up_to_date() -> None:
    assert README.read_text(encoding="utf-8") == readme(), "run `make docs`"


def test_every_verb_is_on_the_page_of_the_command_line() -> None:
    headings = [line.removeprefix("## ") for line in PAGES["cli.md"]().splitlines() if line.startswith("## ")]
    assert headings == list(VERBS)


def test_every_request_is_on_the_page_of_the_api_with_what_it_may_answer() -> None:
    page = PAGES["api-reference.md"]()
    assert "| `POST /api/v1/stations/{id}/call` |" in page
    section = page.partition("## PUT /stations/{id}/route\n")[2].partition("\n## ")[0]
    assert "| `backend` |" in section
    assert "| 409 |" in section
