"""What a guarded call would change, and what stands against it."""

from typing import Any

import pytest

from translators import schemas
from translators.frames import Error, NoAnswer, Result
from translators.looks import Look, looked_at, outcomes, refusal
from translators.options import Adoption, Options

ADOPTION = Adoption(verifies_password=True, verifies_certificate=True, profiles=frozenset({2, 3}), host="gw.example")


def looks(action: str, call: Any, rules: dict[str, str], version: str = "ocpp2.0.1", **more: Any) -> list[Look]:
    options = Options(identity="CP-1", guard=rules, adoption=Adoption(**more) if more else ADOPTION)
    return looked_at(version, action, call, options, lambda name: rules.get(name, "adopt"))


def item(component: str, variable: str, value: Any) -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}


def test_items_of_one_request() -> None:
    items = [
        item("AuthCtrlr", "Enabled", "true"),
        item("SecurityCtrlr", "BasicAuthPassword", "secret"),
        item("NetworkConfiguration", "BasicAuthPassword", "other"),
    ]
    found = looks("SetVariables", {"setVariableData": items}, {"SetVariables": "adopt"})
    assert [(one.name, one.place, one.secret) for one in found] == [
        ("BasicAuthPassword", 1, "secret"),
        ("NetworkConfiguration", 2, "other"),
    ]
    assert "secret" not in repr(found)
    answer = Result("1", {"setVariableResult": [{**one, "attributeStatus": "Accepted"} for one in items[::-1]]})
    assert outcomes("SetVariables", answer, found) == ["accepted", "accepted"]


def test_a_result_is_known_by_its_variable() -> None:
    found = looks(
        "SetVariables",
        {"setVariableData": [item("AuthCtrlr", "Enabled", "1"), item("SecurityCtrlr", "BasicAuthPassword", "x")]},
        {"SetVariables": "adopt"},
    )
    results = [
        {**item("SecurityCtrlr", "basicAuthPassword", ""), "attributeStatus": "Rejected"},
        {**item("AuthCtrlr", "Enabled", ""), "attributeStatus": "Accepted"},
    ]
    assert outcomes("SetVariables", Result("1", {"setVariableResult": results}), found) == ["rejected"]
    assert outcomes("SetVariables", Result("1", {"setVariableResult": results[1:]}), found) == ["failed"]
    assert outcomes("SetVariables", Result("1", {}), found) == ["failed"]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Result("1", {"status": "Accepted"}), "accepted"),
        (Result("1", {"status": "RebootRequired"}), "reboot_required"),
        (Result("1", {"status": "NotSupported"}), "rejected"),
        (Result("1", {}), "failed"),
        (Error("1", "NotImplemented"), "rejected"),
        (Error("1", "InternalError"), "failed"),
        (NoAnswer("1", 25.0), "unanswered"),
    ],
)
def test_outcomes(reply: Any, outcome: str) -> None:
    assert outcomes("ChangeConfiguration", reply, [Look("AuthorizationKey", "adopt")]) == [outcome]


def test_the_action_of_the_other_version_counts() -> None:
    """A 1.6 CSMS's ChangeConfiguration has become a SetVariables here."""
    call = {"setVariableData": [item("SecurityCtrlr", "BasicAuthPassword", "secret")]}
    assert looks("SetVariables", call, {"ChangeConfiguration": "adopt"})[0].secret == "secret"
    assert looks("SetVariables", call, {"ChangeConfiguration": "forward"})[0].secret is None


def test_where_nothing_is_verified_nothing_is_followed() -> None:
    rules = {"AuthorizationKey": "adopt"}
    call = {"key": "AuthorizationKey", "value": "00ff"}
    assert looks("ChangeConfiguration", call, rules)[0].works
    assert not looks("ChangeConfiguration", call, rules, verifies_password=False)[0].works
    chain = {"certificateChain": "x"}
    assert looks("CertificateSigned", chain, {})[0].works
    assert not looks("CertificateSigned", chain, {"CertificateSigned": "forward"})[0].works
    assert not looks("CertificateSigned", chain, {}, verifies_certificate=False)[0].works
    assert looks("CertificateSigned", {**chain, "certificateType": "V2GCertificate"}, {}) == []
    assert looks("CertificateSigned", chain, {"CertificateSigned": "reject"}) == []


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
@pytest.mark.parametrize("action", ["ChangeConfiguration", "SetVariables", "SetNetworkProfile", "CertificateSigned"])
def test_refusals_keep_their_schemas(version: str, action: str) -> None:
    if action not in schemas.actions(version):
        return
    call = {"setVariableData": [item("AuthCtrlr", "Enabled", "1"), item("SecurityCtrlr", "Identity", "x")]}
    answer = refusal(version, action, call, [Look("Identity", "adopt", 1, objection="no")])
    assert schemas.valid(version, action, answer, answer=True)
    assert "Accepted" not in str(answer)


@pytest.mark.parametrize("call", [{}, {"connectionData": 1}, {"connectionData": {"ocppCsmsUrl": "wss://[", "x": 1}}])
def test_calls_of_no_shape(call: Any) -> None:
    assert looks("SetNetworkProfile", call, {"SetNetworkProfile": "adopt"})[0].objection
    assert looks("ChangeConfiguration", {"key": "SecurityProfile"}, {"SecurityProfile": "adopt"})[0].objection
    assert looks("SetVariables", {"setVariableData": 7}, {"SetVariables": "adopt"}) == []
