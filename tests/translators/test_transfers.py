"""Guarded calls inside a DataTransfer: what is one, and what is not."""

import json
from typing import Any

import pytest

from translators import schemas, transfers
from translators.effects import Effect, Note, ToCsms, ToStation
from translators.frames import Call, Error, Frame, NoAnswer, Result
from translators.links import between
from translators.options import Options

HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "0a", "issuerKeyHash": "0b", "serialNumber": "0f"}
PROFILE = {"configurationSlot": 1, "connectionData": {"ocppCsmsUrl": "wss://elsewhere/"}}
KEY = {"key": "AuthorizationKey", "value": "00ff"}
ROOT = {"certificateType": "CSMSRootCertificate", "certificate": "x"}
VARIABLE = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}, "attributeValue": "x"}


def transfer(message: str | None, data: Any) -> dict[str, Any]:
    named = {"messageId": message} if message is not None else {}
    return {"vendorId": "org.openchargealliance.iso15118pnc", **named, "data": data}


def stage(rules: dict[str, Any], version: str = "ocpp1.6", csms: str = "") -> Any:
    numbers = iter(range(100))
    return between(
        version,
        csms or version,
        options=Options(guard=rules),
        memory={},
        new_id=lambda: f"g{next(numbers)}",
        connected_at=0,
        epoch=0,
    )


def frames(effects: list[Effect], kind: type[ToStation | ToCsms]) -> list[Frame]:
    return [effect.frame for effect in effects if isinstance(effect, kind)]


@pytest.mark.parametrize(
    ("message", "data", "name"),
    [
        ("SetNetworkProfile", PROFILE, "SetNetworkProfile"),
        ("set_network_profile.req", PROFILE, "SetNetworkProfile"),
        ("SetNetworkProfileRequest", PROFILE, "SetNetworkProfile"),
        ("ChangeConfiguration", KEY, "AuthorizationKey"),
        ("ChangeConfiguration", {"key": "ocpp-server-url"}, "OcppServerURL"),
        ("SetVariables", {"setVariableData": [VARIABLE]}, "BasicAuthPassword"),
        ("InstallCertificate", ROOT, "InstallCertificate"),
        ("DeleteCertificate", {"certificateHashData": HASH}, "DeleteCertificate"),
        (None, [2, "x", "ChangeConfiguration", KEY], "AuthorizationKey"),
        ("Tunnel", [2, "x", "SetNetworkProfile", PROFILE], "SetNetworkProfile"),
    ],
)
@pytest.mark.parametrize("pack", [json.dumps, lambda data: data])
def test_a_guarded_call_by_its_name(message: str | None, data: Any, name: str, pack: Any) -> None:
    call = transfer(message, pack(data))
    for rules in ({}, {name: "adopt"}, {"DataTransfer": "reject"}):
        found = transfers.guarded(call, rules)
        assert found is not None
        assert found.name == name
        assert found.rule != "forward"
    forwarded = transfers.guarded(call, {name: "forward"})
    assert forwarded is not None
    assert forwarded.rule == "forward"
    assert transfers.guarded(call, {"DataTransfer": "forward"}) is None


def test_one_of_several_variables_is_enough() -> None:
    other = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "Identity"}, "attributeValue": "x"}
    call = transfer("SetVariables", {"setVariableData": [VARIABLE, other]})
    found = transfers.guarded(call, {"BasicAuthPassword": "forward"})
    assert found is not None
    assert (found.name, found.rule) == ("Identity", "reject")


@pytest.mark.parametrize(
    "call",
    [
        {},
        transfer("SetUrl", "wss://elsewhere/"),
        transfer("SetNetworkProfile", "no JSON"),
        transfer("SetNetworkProfile", "[" * 5000),
        transfer("SetNetworkProfile", ["no object"]),
        transfer("SetNetworkProfile", None),
        transfer("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "1"}),
        transfer("ChangeConfiguration", {"key": 1}),
        transfer("SetVariables", {"setVariableData": []}),
        transfer("InstallCertificate", {"certificateType": "V2GRootCertificate", "certificate": "x"}),
        transfer("CertificateSigned", {"certificateChain": "x"}),
        transfer("Tunnel", [3, "x", KEY, {}]),
        transfer("Tunnel", [2, "x", 5, {}]),
        {"vendorId": "v", "messageId": 5, "data": KEY},
        # Addresses of the station in a vendor's own words are no change of them.
        transfer("Tariff", {"chargeBoxId": "CP-1", "price": 1}),
    ],
)
def test_what_is_none(call: dict[str, Any]) -> None:
    assert transfers.guarded(call, {}) is None


@pytest.mark.parametrize("csms", schemas.VERSIONS)
@pytest.mark.parametrize("station", schemas.VERSIONS)
def test_it_reaches_no_station_whatever_the_versions(station: str, csms: str) -> None:
    data = transfer("SetNetworkProfile", json.dumps(PROFILE)) | {"vendorId": "com.example"}
    found = stage({}, station, csms)
    effects = found.from_csms(Call("c", "DataTransfer", data), 1)
    assert frames(effects, ToStation) == []
    (answer,) = frames(effects, ToCsms)
    assert isinstance(answer, Result)
    assert answer.payload["status"] == "Rejected"
    notes = [effect for effect in effects if isinstance(effect, Note) and effect.kind == "guarded"]
    facts = {"action": "DataTransfer", "call": "SetNetworkProfile", "rule": "reject", "outcome": "refused"}
    assert [note.facts for note in notes] == [facts | {"why": "in a DataTransfer"}]
    forwarding = stage({"SetNetworkProfile": "forward"}, station, csms)
    (frame,) = frames(forwarding.from_csms(Call("c", "DataTransfer", data), 1), ToStation)
    assert isinstance(frame, Call)
    assert frame.payload == data
    answered = forwarding.from_station(Result(frame.message_id, {"status": "Accepted"}), 2)
    (note,) = (effect for effect in answered if isinstance(effect, Note) and effect.kind == "guarded")
    assert note.facts == facts | {"rule": "forward", "outcome": "accepted"}


@pytest.mark.parametrize(
    ("reply", "goes_on"),
    [
        (Result("g0", {"status": "Accepted", "certificateHashData": [HASH]}), False),
        (Result("g0", {"status": "Accepted", "certificateHashData": [HASH | {"serialNumber": "1"}]}), True),
        (Result("g0", {"status": "NotFound"}), True),
        (Result("g0", {"status": "nonsense"}), False),
        (Error("g0", "NotImplemented", "", {}), True),
        (Error("g0", "InternalError", "", {}), False),
        (NoAnswer("g0", 25.0), False),
    ],
)
def test_the_station_says_which_roots_are_not_to_be_deleted(reply: Any, goes_on: bool) -> None:
    found = stage({})
    call = Call("c", "DataTransfer", transfer("DeleteCertificate", json.dumps({"certificateHashData": HASH})))
    (question,) = frames(found.from_csms(call, 1), ToStation)
    assert isinstance(question, Call)
    assert (question.action, question.payload) == (
        "GetInstalledCertificateIds",
        {"certificateType": "CentralSystemRootCertificate"},
    )
    assert not found.idle()
    effects = found.from_station(reply, 2)
    if goes_on:
        assert frames(effects, ToStation) == [call]
    else:
        assert frames(effects, ToStation) == []
        (answer,) = frames(effects, ToCsms)
        assert isinstance(answer, Result)
        assert answer.payload == {"status": "Rejected"}
        assert found.idle()


def test_a_stations_own_transfer_is_its_own_business() -> None:
    call = Call("s", "DataTransfer", transfer("SetNetworkProfile", json.dumps(PROFILE)))
    assert frames(stage({}).from_station(call, 1), ToCsms) == [call]
