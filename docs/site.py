"""Builds the documentation as a site: `make docs`, into `build/site`. What the site has beside the pages is in `zensical.toml`.

The pages are written for the repository: their links lead to files in it, wherever those are. For the site they are
copied, and so is every file that a page links to: nothing it leads to is missing, and nothing is fetched from elsewhere.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BUILD = ROOT / "build"
_ELSEWHERE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md", "README.md": "readme.md"}
"""Pages outside of `docs`, and where they are in the site."""
_LINK = re.compile(r"(?P<mark>\]\(|src=\")(?P<target>[^)\s#\"]+)(?P<anchor>#[^)\s\"]*)?(?P<end>[)\"])")
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


class BrokenLinkError(Exception):
    """A page links to what is not there."""


def pages() -> dict[str, str]:
    """Every page: where it is in the repository, and where in the site."""
    found = {path.relative_to(ROOT).as_posix(): path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    return {**found, **_ELSEWHERE}


def stage(folder: Path) -> None:
    """Copy the pages and what they lead to into an empty folder. Raises BrokenLinkError."""
    shutil.rmtree(folder, ignore_errors=True)
    known = pages()
    for source, place in known.items():
        page = folder / place
        page.parent.mkdir(parents=True, exist_ok=True)
        parts = _CODE.split((ROOT / source).read_text(encoding="utf-8"))
        # Every other part is code, where nothing is a link.
        parts[::2] = [_LINK.sub(lambda link, here=source: _led(link, here, known, folder), part) for part in parts[::2]]
        page.write_text("".join(parts), encoding="utf-8")


def _led(link: re.Match[str], source: str, known: dict[str, str], folder: Path) -> str:
    """The link as it is in the site, with what it leads to put there."""
    target, anchor = link["target"], link["anchor"] or ""
    if "://" in target or target.startswith("mailto:"):
        return link[0]
    named = os.path.normpath(PurePosixPath(source).parent / target)
    if not (ROOT / named).exists():
        raise BrokenLinkError(f"{source}: {target}")
    place = known.get(named) or known.get(f"{named}/README.md") or _copied(named, folder)
    base = PurePosixPath(known[source]).parent
    return f"{link['mark']}{os.path.relpath(place, base)}{anchor}{link['end']}"


def _copied(named: str, folder: Path) -> str:
    """A file of the repository in the site; a folder is a page that lists its files."""
    source = ROOT / named
    if source.is_dir():
        files = sorted(path.relative_to(ROOT).as_posix() for path in source.rglob("*") if _is_ours(path))
        lines = [f"- [{name}]({os.path.relpath(_copied(name, folder), 'files')})" for name in files]
        place = f"files/{named.replace('/', '-')}.md"
        (folder / "files").mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(f"# {named}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return place
    # Text that a browser would offer to save, or take for a page, is shown instead.
    picture = source.suffix in (".png", ".svg")
    place = f"{'' if picture else 'files/'}{named.removeprefix('docs/')}{'' if picture else '.txt'}"
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, folder / place)
    return place


def _is_ours(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def build() -> int:
    """The exit code of the builder: with a warning it is not 0."""
    stage(BUILD / "pages")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", str(ROOT / "zensical.toml")]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - nobody else says what is run


if __name__ == "__main__":
    sys.exit(build())
