"""What the transcripts of the guard do not show: every name, every action, every odd payload."""

from typing import Any

import pytest

from translators import guard, keys, schemas
from translators.effects import Note, ToCsms, ToStation
from translators.frames import Call, Error, Result, decode
from translators.links import LINKS, between
from translators.options import Options
from translators.passthrough import Passthrough

HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "0A", "issuerKeyHash": "b", "serialNumber": "0F"}


def item(component: str, variable: str) -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": "1"}


def test_names_that_configuration_may_hold() -> None:
    assert all(guard.is_known(name) for name in guard.NAMES)
    assert guard.is_known("ocpp-server_url")
    assert not guard.is_known("setvariables")
    assert not guard.is_known("HeartbeatInterval")
    assert not guard.is_known("")


@pytest.mark.parametrize("version", schemas.VERSIONS)
def test_only_calls_of_the_version_are_looked_at_and_the_rules_count(version: str) -> None:
    default = guard.looked_at(version, {})
    assert default <= schemas.csms_actions(version)
    assert guard.looked_at(version, dict.fromkeys(guard.ACTIONS, "forward")) == frozenset()
    kept = guard.looked_at(version, dict.fromkeys(guard.ACTIONS, "reject"))
    assert kept == default | {"SignCertificate", "CertificateSigned"}


@pytest.mark.parametrize("name", keys.GUARDED)
def test_every_guarded_name_is_refused_unless_it_or_its_call_is_forwarded(name: str) -> None:
    component = "NetworkConfiguration" if name == "NetworkConfiguration" else "SecurityCtrlr"
    if name in ("ActiveNetworkProfile", "NetworkConfigurationPriority"):
        component = "OCPPCommCtrlr"
    one = item(component, name)
    assert guard.refused_variable(one, {}) == name
    for rule in (name, name.upper(), "SetVariables"):
        assert guard.refused_variable(one, {rule: "forward"}) is None
        assert guard.refused_variable(one, {rule: "reject"}) == name
    if keys.guarded_key(name):
        assert guard.refused_key(name, {}) == name
        for rule in (name, name.lower(), "ChangeConfiguration"):
            assert guard.refused_key(name, {rule: "forward"}) is None


def test_a_key_and_its_variable_are_one_name() -> None:
    assert guard.refused_key("AuthorizationKey", {"BasicAuthPassword": "forward"}) is None
    assert guard.refused_variable(item("SecurityCtrlr", "BasicAuthPassword"), {"AuthorizationKey": "forward"}) is None


@pytest.mark.parametrize("version", schemas.VERSIONS)
@pytest.mark.parametrize("payload", [{}, {"certificateType": []}, {"key": {}}, {"certificateHashData": "x"}])
def test_odd_payloads_are_no_defect(version: str, payload: dict[str, Any]) -> None:
    for action in guard.looked_at(version, dict.fromkeys(("SignCertificate", "CertificateSigned"), "reject")):
        for told in (None, {"status": "NotFound"}):
            refused = guard.refusal(version, action, payload, {}, told)
            if refused is not None:
                assert schemas.valid(version, action, refused.answer, answer=True)


@pytest.mark.parametrize(
    "data",
    [
        [item("SecurityCtrlr", "SecurityProfile"), 1],
        [item("SecurityCtrlr", "SecurityProfile") | {"attributeType": 1}],
        [{"component": {"name": "SecurityCtrlr"}, "variable": {"name": "Identity", "instance": []}}],
        item("SecurityCtrlr", "Identity"),
    ],
)
def test_what_breaks_its_schema_is_refused_all_the_same(data: Any) -> None:
    stage = Passthrough("ocpp2.0.1", validation="off")
    note, effect = stage.from_csms(Call("a", "SetVariables", {"setVariableData": data}), 0)
    assert isinstance(note, Note)
    assert note.facts == {"from": "ocpp2.0.1", "to": "ocpp2.0.1", "action": "SetVariables", "call": note.facts["call"]}
    assert isinstance(effect, ToCsms)
    assert isinstance(effect.frame, Error) or schemas.valid(
        "ocpp2.0.1", "SetVariables", effect.frame.payload, answer=True
    )
    assert stage.idle()


def test_what_is_no_object_is_refused() -> None:
    stage = Passthrough("ocpp1.6", validation="off")
    effects = stage.from_csms(decode('[2,"a","ChangeConfiguration",["AuthorizationKey"]]'), 0)
    assert isinstance(effects[-1], ToCsms)
    assert isinstance(effects[-1].frame, Error)
    assert effects[-1].frame.code == "FormationViolation"


@pytest.mark.parametrize("data", [None, [], [None], [{"component": {}, "variable": 5}]])
def test_what_names_nothing_goes_on(data: Any) -> None:
    stage = Passthrough("ocpp2.0.1", validation="off")
    frame = Call("a", "SetVariables", {"setVariableData": data})
    assert stage.from_csms(frame, 0) == [ToStation(frame)]


def test_a_station_may_use_the_names_of_a_csms() -> None:
    stage = Passthrough("ocpp1.6", validation="off")
    frame = Call("a", "ChangeConfiguration", {"key": "AuthorizationKey", "value": ""})
    assert stage.from_station(frame, 0) == [ToCsms(frame)]


def test_a_question_ends_with_the_connection() -> None:
    stage = Passthrough("ocpp1.6", lambda: "g1")
    stage.from_csms(Call("a", "DeleteCertificate", {"certificateHashData": HASH}), 0)
    assert not stage.idle()
    stage.close()
    assert stage.idle()
    (effect,) = stage.from_station(Result("g1", {"status": "NotFound"}), 1)
    assert isinstance(effect, Note)
    assert effect.kind == "unmatched"


def test_a_root_is_known_by_its_hash_or_its_serial_number() -> None:
    assert guard.may_be({**HASH, "issuerNameHash": "a", "serialNumber": "f"}, HASH)
    assert guard.may_be({**HASH, "hashAlgorithm": "SHA512", "issuerNameHash": "x"}, HASH)
    assert not guard.may_be({**HASH, "issuerKeyHash": "c"}, HASH)
    assert not guard.may_be({**HASH, "serialNumber": "1"}, HASH)
    assert not guard.may_be(None, HASH)


@pytest.mark.parametrize("station", schemas.VERSIONS)
@pytest.mark.parametrize("csms", schemas.VERSIONS)
def test_by_default_no_link_lets_a_station_be_moved(station: str, csms: str) -> None:
    """Whatever the two versions: what names the password, the profile or the address never reaches the station."""
    calls: list[tuple[str, dict[str, Any]]] = (
        [("ChangeConfiguration", {"key": key, "value": "2"}) for key in ("AuthorizationKey", "CentralSystemURL")]
        if csms == "ocpp1.6"
        else [
            ("SetVariables", {"setVariableData": [item("SecurityCtrlr", "SecurityProfile")]}),
            (
                "SetNetworkProfile",
                {
                    "configurationSlot": 1,
                    "connectionData": {
                        **({"ocppVersion": "OCPP20"} if csms == "ocpp2.0.1" else {}),
                        "ocppTransport": "JSON",
                        "ocppCsmsUrl": "wss://elsewhere/",
                        "messageTimeout": 30,
                        "securityProfile": 2,
                        "ocppInterface": "Wired0",
                    },
                },
            ),
        ]
    )
    for action, payload in calls:
        stage = between(station, csms, options=Options(), memory={}, new_id=lambda: "g", connected_at=0.0, epoch=0.0)
        effects = stage.open(0.0) + stage.from_csms(Call("a", action, payload), 1.0)
        assert not [one for one in effects if isinstance(one, ToStation) and one.frame.action == action]  # type: ignore[union-attr]
        assert [one.facts["action"] for one in effects if isinstance(one, Note) and one.kind == "guarded"] == [action]
        assert [one.frame.key for one in effects if isinstance(one, ToCsms) and isinstance(one.frame, Result)] == ["a"]


def test_the_printed_table_tells_of_the_guard() -> None:
    for link in LINKS.values():
        if "ocpp1.6" not in (link.station_version, link.csms_version):
            assert "unless configured" in link.from_csms["SetNetworkProfile"].summary
            assert link.from_csms["DeleteCertificate"].becomes == ("DeleteCertificate", "GetInstalledCertificateIds")
