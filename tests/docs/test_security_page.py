"""docs/security.md names tests for certification cases, and they exist."""

import re
from pathlib import Path

from tests.docs.tables import rows

TESTS = Path(__file__).parents[1]


def test_every_test_it_names_exists() -> None:
    named = {name for row in rows("security.md", "Certification cases") for name in re.findall(r"test_\w+", row[-1])}
    written = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    assert len(named) > 6
    assert not {name for name in named if f"def {name}(" not in written}
