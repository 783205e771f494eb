"""How the console's files are served: to everybody, under a strict policy, and only what has changed."""

import re
from pathlib import Path

import aiohttp
import pytest

from gateway.admin import console
from tests.support import Csms, configuration, gateway

FOLDER = Path(console.__file__).parents[1] / "console"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def test_it_is_served_with_its_policy_and_by_etag(tmp_path: Path) -> None:
    config = configuration(("only", Csms()))
    async with gateway(tmp_path, config, admin={"token": "a token long enough"}) as running:
        base = f"http://127.0.0.1:{running.admin}"
        async with aiohttp.ClientSession(base) as session:
            async with session.get("/") as page:
                assert (page.status, page.content_type) == (200, "text/html")
                assert page.headers["Content-Security-Policy"] == POLICY
                assert page.headers["X-Content-Type-Options"] == "nosniff"
                assert page.headers["Referrer-Policy"] == "no-referrer"
                assert page.headers["Cache-Control"] == "no-cache"
                tag, text = page.headers["ETag"], await page.text()
            async with session.get("/", headers={"If-None-Match": tag}) as page:
                assert (page.status, await page.read()) == (304, b"")
                assert page.headers["ETag"] == tag
            for path in [*re.findall(r'(?:href|src)="(console/[^"]+)"', text), "console/dom.js"]:
                async with session.get(f"/{path}") as file:
                    assert file.status == 200, path
                    assert file.headers["Content-Security-Policy"] == POLICY
            for path in ("/console/", "/console/nothing.js", "/console/..%2f__init__.py", "/console/a/b.js"):
                async with session.get(path) as file:
                    assert file.status == 404, path
            async with session.post("/") as refused:
                assert refused.status == 405
            # The files are for everybody, what they show is not.
            async with session.get("/api/v1/stations") as refused:
                assert refused.status == 401


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_file_makes_markup_of_data_or_asks_anybody_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # Of the whole ways from a text to markup, or to code.
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "Function(",
        "localStorage",
    ):
        assert way not in text, way
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert len(text.splitlines()) <= 300
    for name in re.findall(r'from "\./([^"]+)"', text):
        assert (FOLDER / name).exists(), name
