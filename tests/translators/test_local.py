import pytest

from translators import local, schemas


@pytest.mark.parametrize("version", schemas.VERSIONS)
def test_every_local_answer_is_valid(version: str) -> None:
    for action in local.ANSWERABLE & schemas.STATION_ACTIONS[version]:
        answer = local.answer(version, action, "2026-11-21T10:00:00.000Z")
        assert answer is not None
        assert not schemas.offences(version, action, answer, answer=True), action


def test_what_only_a_csms_can_decide_is_not_answered() -> None:
    for action in (
        "BootNotification",
        "Authorize",
        "StartTransaction",
        "StopTransaction",
        "TransactionEvent",
        "MeterValues",
    ):
        assert local.answer("ocpp1.6", action, "x") is None
        assert action not in local.ANSWERABLE
