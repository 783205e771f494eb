"""The documentation as a site: no page left out, no link that leads nowhere."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from docs import site

NAVIGATION = tomllib.loads((site.ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]


def places(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    return [place for one in (entry.values() if isinstance(entry, dict) else entry) for place in places(one)]


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(places(NAVIGATION)) == sorted(site.pages().values())


def test_the_site_is_built_without_a_warning() -> None:
    assert site.build() == 0
    assert (site.BUILD / "site" / "mapping.html").read_text(encoding="utf-8").count("<table") > 4
    assert (site.BUILD / "site" / "pictures" / "overview.svg").exists()


def test_what_a_page_leads_to_outside_of_the_pages_is_in_the_site(tmp_path: Path) -> None:
    site.stage(tmp_path)
    page = (tmp_path / "deploy.md").read_text(encoding="utf-8")
    assert "](files/deploy/compose.yaml.txt)" in page
    assert (tmp_path / "files/deploy/compose.yaml.txt").exists()
    assert "](files/deploy-kubernetes.md)" in page
    assert "(deploy/kubernetes/service.yaml.txt)" in (tmp_path / "files/deploy-kubernetes.md").read_text(
        encoding="utf-8"
    )


def test_a_link_to_what_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "_ELSEWHERE", {"LICENSE": "licence.md"})
    monkeypatch.setattr(site, "DOCS", tmp_path / "none")
    monkeypatch.setattr(site, "ROOT", tmp_path)
    (tmp_path / "LICENSE").write_text("see [this](nowhere.md), not `[that](elsewhere.md)`")
    with pytest.raises(site.BrokenLinkError, match=r"LICENSE: nowhere\.md"):
        site.stage(tmp_path / "out")
