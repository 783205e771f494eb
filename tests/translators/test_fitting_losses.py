"""What is read from the schemas beforehand is what the fitting loses."""

import pytest

from tests.translators.witness import witnesses
from translators import schemas
from translators.fitting import Misfit, fit
from translators.fitting_losses import losses
from translators.links import LINKS
from translators.tables import Link
from translators.words.v21 import RULES

BETWEEN_20_AND_21 = [link for link in LINKS.values() if "ocpp1.6" not in (link.station_version, link.csms_version)]
FITTED = [
    (near, far, action)
    for near, far in (("ocpp2.0.1", "ocpp2.1"), ("ocpp2.1", "ocpp2.0.1"))
    for action in sorted(schemas.actions("ocpp2.0.1"))
]


@pytest.mark.parametrize("part", ["call", "answer"])
@pytest.mark.parametrize(("near", "far", "action"), FITTED)
def test_what_is_read_from_schemas_is_what_happens(near: str, far: str, action: str, part: str) -> None:
    """Of payloads that go to the limits of their version everywhere, neither more nor less."""
    answer = part == "answer"
    old, new = (far, near) if answer else (near, far)
    seen: set[str] = set()
    for payload in witnesses(old, new, action, answer=answer):
        assert schemas.valid(old, action, payload, answer=answer)
        try:
            _, fields = fit(RULES, new, action, payload, answer=answer)
            seen.update(fields)
        except Misfit as misfit:
            seen.add(misfit.field)
    assert seen == {loss.field for loss in losses(RULES, near, far, action) if loss.part == part}


@pytest.mark.parametrize("link", BETWEEN_20_AND_21, ids=lambda link: link.name)
def test_a_carried_row_has_the_losses_of_its_schemas(link: Link) -> None:
    up = (link.station_version, link.csms_version)
    for way, table in ((up, link.from_station), (up[::-1], link.from_csms)):
        for action, row in table.items():
            expected = losses(RULES, *way, action) if row.outcome == "translated" else ()
            assert row.losses() == expected, action


def test_how_it_is_said() -> None:
    told = {(loss.field, loss.part, loss.why) for loss in losses(RULES, "ocpp2.1", "ocpp2.0.1", "TransactionEvent")}
    assert ("triggerReason", "call", "LimitSet becomes Trigger") in told
    assert ("costDetails", "call", "left out") in told
    assert ("idTokenInfo.evseId", "answer", "refused: less than 0") in told
