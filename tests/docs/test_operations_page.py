"""docs/operations.md tells of every log event, and of every reason why a connection is refused or ends."""

import ast
import re
from functools import cache
from pathlib import Path

from gateway.observer import _HANDLERS
from tests.docs.tables import DOCS

ROOT = Path(__file__).parents[2]
_LEVELS = ("debug", "info", "warning", "error")


@cache
def calls() -> list[tuple[str, list[ast.expr]]]:
    """Every call in the code: the last part of the callee's name, and its arguments."""
    found = []
    for folder in ("gateway", "translators"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                    found.append((name, node.args))
    return found


def texts(name: str, place: int = 0) -> set[str]:
    """The literal texts given at this place to calls of this name."""
    arguments = (arguments[place] for found, arguments in calls() if found == name and len(arguments) > place)
    return {str(one.value) for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def words() -> set[str]:
    """Every word in code marks on the page."""
    lines = (DOCS / "operations.md").read_text(encoding="utf-8").splitlines()
    return {word for line in lines for code in re.findall(r"`([^`]+)`", line) for word in re.findall(r"\w+", code)}


def test_every_log_event_is_on_the_page() -> None:
    events = (texts("Note") - set(_HANDLERS)) | texts("_log", 1)
    events |= {text for level in _LEVELS for text in texts(level) if re.fullmatch(r"[a-z_]+", text)}
    assert not events - words()


def test_every_reason_is_on_the_page() -> None:
    assert not (texts("RefusedError", 1) | texts("end", 2) | texts("Ending", 2)) - words()
    assert not {f"backend_{outcome}" for outcome in texts("DialError")} - words()
