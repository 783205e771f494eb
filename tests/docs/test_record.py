"""The demo as a picture: what was printed, line by line, and nothing from elsewhere."""

import re
from xml.etree import ElementTree

from rich.text import Text

from docs.record import PICTURE, drawn


def test_each_line_appears_after_the_one_before() -> None:
    svg = drawn([Text("first line"), Text("second line", "bold")])
    ElementTree.fromstring(svg)
    delays = dict(re.findall(r'animation-delay:([\d.]+)s"[^>]*>(first|second)', svg))
    assert delays == {"0.0": "first", "0.3": "second"}


def test_the_picture_fetches_nothing_and_shows_a_whole_charge() -> None:
    svg = PICTURE.read_text(encoding="utf-8")
    assert "@font-face" not in svg
    assert set(re.findall(r"https?://[^\"'\s)<]+", svg)) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}
    shown = svg.replace("&#160;", " ")
    assert "StartTransaction" in shown
    assert "StopTransaction" in shown
    assert "OK: every expected message arrived" in shown
