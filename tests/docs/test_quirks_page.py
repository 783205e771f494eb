"""docs/quirks.md tells of every quirk as the package has it, and of no other."""

from tests.docs.tables import rows
from translators.quirks import QUIRKS

_PAGE = "quirks.md"


def test_the_table_is_the_packages() -> None:
    told = {row[0]: row for row in rows(_PAGE) if len(row) == 6 and row[0] != "name"}
    assert list(told) == list(QUIRKS)
    for name, quirk in QUIRKS.items():
        _, _, mend, by, same_version, seen = told[name]
        assert mend == quirk.summary
        assert by == ("configuration" if quirk.of is None else "maker")
        assert same_version == ("when named" if quirk.passthrough else "-")
        assert seen == ", ".join(quirk.seen)
