"""The generated pages are what the tables say."""

from docs.generate import KEYS_PAGE, PAGE, keys_page, page


def test_the_mapping_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_configuration_keys_are_up_to_date() -> None:
    assert KEYS_PAGE.read_text(encoding="utf-8") == keys_page(), "run `make docs`"
