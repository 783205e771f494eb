"""Every difference between the schemas of 2.0.1 and 2.1 has been looked at: it has a rule, or is refused on purpose."""

from tests.translators.differences import differences, messages
from translators.words import v21

ALL = [(kind, place, what) for action, answer in messages() for kind, place, what in differences(action, answer)]


def has(rules: object, place: str) -> bool:
    names = place.split(".")
    return any(".".join(names[start:]) in rules for start in range(len(names)))  # type: ignore[operator]


def places(*kinds: str) -> list[str]:
    return sorted({place for kind, place, _ in ALL if kind in kinds})


def test_nothing_of_201_is_gone() -> None:
    assert not places("gone", "minLength", "minItems", "maxItems")
    assert all(now is None or before <= now for kind, _, (before, now) in _of("words"))
    assert all(before is None or now is None or before <= now for kind, _, (before, now) in _of("maxLength"))
    assert {what for _, _, what in _of("type")} == {("integer", "number")}


def _of(kind: str) -> list[tuple[str, str, object]]:
    return [one for one in ALL if one[0] == kind]  # type: ignore[misc]


def test_every_new_field_is_left_out_or_refused() -> None:
    for place in places("added"):
        known = [has(rules, place) for rules in (v21.LEFT_OUT, v21.UNLESS_DEFAULT, v21.REFUSED)]
        assert known.count(True) == 1, place


def test_every_field_that_one_version_wants_is_put_in_or_refused() -> None:
    wanted = [place for kind, place, must in ALL if kind in ("required", "optional") or (kind == "added" and must)]
    left = {place.split(".")[-1] for place in wanted if not has(v21.ADDED, place)}
    assert left == {"limit"}


REFUSED_WORDS = {
    # new in 2.1 and for the refusing answer of the action, or for the place that is dropped as a whole
    "CertificateSigned.certificateType",
    "ClearChargingProfile.chargingProfileCriteria.chargingProfilePurpose",
    "GetChargingProfiles.chargingProfile.chargingLimitSource",
    "GetChargingProfiles.chargingProfile.chargingProfilePurpose",
    "GetDisplayMessages.state",
    "GetInstalledCertificateIds.certificateType",
    "GetInstalledCertificateIdsResponse.certificateHashDataChain.certificateType",
    "GetLog.logType",
    "InstallCertificate.certificateType",
    "NotifyDisplayMessages.messageInfo.state",
    "NotifyMonitoringReport.monitor.variableMonitoring.type",
    "ReserveNow.connectorType",
    "SetDisplayMessage.message.message.format",
    "SetDisplayMessage.message.state",
    "SetNetworkProfile.connectionData.ocppInterface",
    "SetVariableMonitoring.setMonitoringData.type",
    "SetVariableMonitoringResponse.setMonitoringResult.type",
    "SignCertificate.certificateType",
    "TriggerMessage.requestedMessage",
}
REFUSED_NAMES = {"chargingProfileKind", "chargingProfilePurpose", "format", "location", "measurand"}


def test_every_new_word_has_another_or_is_refused() -> None:
    left = {place for place in places("words") if not has(v21.WORDS, place)}
    assert {place for place in left if place.split(".")[-1] not in REFUSED_NAMES} <= REFUSED_WORDS <= left


def test_every_text_that_may_be_longer_is_cut_or_refused() -> None:
    left = {place.split(".")[-1] for kind, place, (before, _) in _of("maxLength") if before and not has(v21.CUT, place)}  # type: ignore[misc,has-type]
    assert left == set(
        "additionalIdToken apn apnPassword apnUserName attributeValue certificate exiRequest exiResponse group idToken"
        " location ocppCsmsUrl ocspResult password remoteLocation responderURL server signedMeterData user".split()
    )


def test_every_number_that_need_not_be_whole_is_rounded() -> None:
    assert all(has(v21.ROUNDED, place) for place in places("type"))


def test_no_rule_is_about_nothing() -> None:
    def used(rule: str, among: list[str]) -> bool:
        return any(has({rule}, place) for place in among)

    for rules, among in (
        (v21.LEFT_OUT, places("added")),
        (v21.UNLESS_DEFAULT, places("added")),
        (v21.REFUSED, places("added")),
        (v21.WORDS, places("words")),
        (v21.ADDED, places("required", "optional", "added")),
        (v21.ROUNDED, places("type")),
    ):
        assert not [rule for rule in rules if not used(rule, among)]
    words = {place: what for kind, place, what in _of("words")}
    for rule, meanings in v21.WORDS.items():
        for place, (before, now) in words.items():  # type: ignore[misc]
            if has({rule}, place) and now is not None:
                assert set(meanings) <= now - before, place
                assert set(meanings.values()) <= before, place
