"""Calls by which a CSMS could move a station or take its proof away: what becomes of each is what the backend's `guard`
says, and each is told (OCTT TC_A_19, TC_083, TC_075, TC_076)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.asyncio.client import ClientConnection

from gateway.passwords import hash_password
from tests.integration.secured import PASSWORD, Site, basic
from tests.support import Csms, Frame, Gateway, configuration, free_port, gateway

RULES = ("reject", "adopt", "forward")
HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a1" * 32,
    "issuerKeyHash": "b2" * 32,
    "serialNumber": "4711",
}
GUARDED = (
    *("ChangeConfiguration", "SetVariables", "SetNetworkProfile", "InstallCertificate", "DeleteCertificate"),
    *("CertificateSigned", "SignCertificate"),
)


def network_profile(profile: int, url: str = "wss://localhost:8443/", **more: Any) -> dict[str, Any]:
    data = {"ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": url, "messageTimeout": 30}
    data |= {"securityProfile": profile, "ocppInterface": "Wired0", **more}
    return {"configurationSlot": 1, "connectionData": data}


def variables(*pairs: tuple[str, str]) -> dict[str, Any]:
    """`Component.Variable` and value."""
    items = []
    for name, value in pairs:
        component, _, variable = name.partition(".")
        item = {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
        items.append(item)
    return {"setVariableData": items}


def key(name: str, value: str) -> dict[str, Any]:
    return {"key": name, "value": value}


# Action, payload, and by rule whether the call reaches a station that came in with profile 1.
CASES_16 = [
    ("ChangeConfiguration", key("SecurityProfile", "1"), (False, True, True)),
    ("ChangeConfiguration", key("SecurityProfile", "0"), (False, False, True)),
    ("ChangeConfiguration", key("SecurityProfile", "2"), (False, True, True)),
    ("ChangeConfiguration", key("SecurityProfile", "3"), (False, True, True)),
    ("ChangeConfiguration", key("CentralSystemURL", "wss://elsewhere.example/"), (False, False, True)),
    ("ChangeConfiguration", key("ocpp_server-url", "wss://elsewhere.example/"), (False, False, True)),
    ("ChangeConfiguration", key("ChargeBoxId", "OTHER"), (False, False, True)),
    ("ChangeConfiguration", key("HeartbeatInterval", "300"), (True, True, True)),
    (
        "InstallCertificate",
        {"certificateType": "CentralSystemRootCertificate", "certificate": "x"},
        (False, True, True),
    ),
    ("InstallCertificate", {"certificateType": "ManufacturerRootCertificate", "certificate": "x"}, (True, True, True)),
    ("DeleteCertificate", {"certificateHashData": HASHES}, (False, True, True)),
    # A vendor's own way is nobody's business.
    (
        "DataTransfer",
        {"vendorId": "com.example", "messageId": "SetUrl", "data": "wss://elsewhere/"},
        (True, True, True),
    ),
]
CASES_201 = [
    ("SetNetworkProfile", network_profile(2), (False, True, True)),
    ("SetNetworkProfile", network_profile(3), (False, True, True)),
    ("SetNetworkProfile", network_profile(0), (False, False, True)),
    ("SetNetworkProfile", network_profile(2, "wss://elsewhere.example/"), (False, False, True)),
    ("SetNetworkProfile", network_profile(2, "wss://localhost.elsewhere.example/"), (False, False, True)),
    ("SetNetworkProfile", network_profile(2, "no address"), (False, False, True)),
    ("SetVariables", variables(("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1")), (False, True, True)),
    ("SetVariables", variables(("OCPPCommCtrlr.NetworkConfigurationPriority", "")), (False, False, True)),
    ("SetVariables", variables(("SecurityCtrlr.SecurityProfile", "0")), (False, False, True)),
    ("SetVariables", variables(("SecurityCtrlr.Identity", "OTHER")), (False, False, True)),
    ("SetVariables", variables(("NetworkConfiguration.OcppCsmsUrl", "wss://elsewhere/")), (False, False, True)),
    ("SetVariables", variables(("VendorCtrlr.OcppServerURL", "wss://elsewhere/")), (False, False, True)),
    (
        "SetVariables",
        variables(("AuthCtrlr.Enabled", "true"), ("SecurityCtrlr.Identity", "OTHER")),
        (False, False, True),
    ),
    ("SetVariables", variables(("AuthCtrlr.Enabled", "true")), (True, True, True)),
    ("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": "x"}, (False, True, True)),
    ("DeleteCertificate", {"certificateHashData": HASHES}, (False, True, True)),
    (
        "DataTransfer",
        {"vendorId": "com.example", "messageId": "SetUrl", "data": "wss://elsewhere/"},
        (True, True, True),
    ),
]


CARRIED = {
    "ocpp1.6": ("ChangeConfiguration", key("AuthorizationKey", "00ff")),
    "ocpp2.0.1": ("SetNetworkProfile", network_profile(2, "wss://elsewhere.example/")),
}
for _version, _cases in (("ocpp1.6", CASES_16), ("ocpp2.0.1", CASES_201)):
    _message, _data = CARRIED[_version]
    # What only some of it can be said of cannot be followed: it needs `forward`.
    _transfer = {"vendorId": "com.example", "messageId": _message, "data": json.dumps(_data)}
    _cases.append(("DataTransfer", _transfer, (False, False, True)))


def accepts(call: Frame) -> Frame:
    """What a station says that takes everything, and has the root in question."""
    if call[2] == "GetInstalledCertificateIds":
        chain = [{"certificateType": "CSMSRootCertificate", "certificateHashData": HASHES}]
        is_16 = isinstance(call[3]["certificateType"], str)
        answer: dict[str, Any] = {"certificateHashData": [HASHES]} if is_16 else {"certificateHashDataChain": chain}
        return [3, call[1], {"status": "Accepted", **answer}]
    if call[2] != "SetVariables":
        return [3, call[1], {"status": "Accepted"}]
    results = [
        {"attributeStatus": "Accepted", "component": item["component"], "variable": item["variable"]}
        for item in call[3]["setVariableData"]
    ]
    return [3, call[1], {"setVariableResult": results}]


class Stations:
    """A gateway with a plain and a TLS listener, and a backend for each rule: stations are sent to the one of their
    name."""

    def __init__(self, folder: Path, *backends: Csms, **more: Any) -> None:
        self.site = Site(folder)
        hash_ = hash_password(PASSWORD.encode())
        names = ["CP-1", *RULES]
        (folder / "stations.yaml").write_text(yaml.safe_dump({name: {"password_hash": hash_} for name in names}))
        config = configuration(*zip(RULES, backends, strict=False), stations_file="stations.yaml", **more)
        config["routes"] = [{"match": {"identity": f"{name}*"}, "backend": name} for name in config["backends"]]
        config["routes"].append({"backend": RULES[0]})
        self.secure = free_port()
        ways = {"bind": f"127.0.0.1:{self.secure}", "auth": ["mtls", "basic"], "tls": self.site.mutual()}
        config["listeners"] = [{"bind": "", "auth": ["basic"]}, ways]
        for rule, backend in config["backends"].items():
            adoptable = [*GUARDED, "AuthorizationKey", "SecurityProfile", "NetworkConfigurationPriority"]
            backend["guard"] = dict.fromkeys(adoptable, rule)
        self.config = config


async def tried(csms: Csms, station: ClientConnection, action: str, payload: Any, number: int) -> tuple[bool, Any]:
    """Whether the call of the CSMS reached the station, and what the CSMS was answered."""
    await csms.send([2, f"c{number}", action, payload])
    reached = False

    def answer() -> Any:
        return next((frame for frame in csms.frames if frame[0] in (3, 4) and frame[1] == f"c{number}"), None)

    async def serve() -> None:
        nonlocal reached
        while True:
            frame = json.loads(await station.recv())
            reached = reached or frame[2] == action
            await station.send(json.dumps(accepts(frame)))

    serving = asyncio.create_task(serve())
    try:
        found = await csms.wait(answer)
    finally:
        serving.cancel()
    return reached, found[2]


@pytest.mark.parametrize(("version", "cases"), [("ocpp1.6", CASES_16), ("ocpp2.0.1", CASES_201)])
async def test_as_configured_by_backend(tmp_path: Path, version: str, cases: list[Any]) -> None:
    async with (
        Csms(subprotocols=(version,)).running() as first,
        Csms(subprotocols=(version,)).running() as second,
        Csms(subprotocols=(version,)).running() as third,
    ):
        stations = Stations(tmp_path, first, second, third)
        async with gateway(tmp_path, stations.config) as running:
            for place, (rule, csms) in enumerate(zip(RULES, (first, second, third), strict=True)):
                station = await running.station(f"/{rule}", version, additional_headers=basic(rule))
                await csms.wait(lambda: csms.connections)  # noqa: B023
                for number, (action, payload, expected) in enumerate(cases):
                    reached, answer = await tried(csms, station, action, payload, number)
                    assert reached == expected[place], (rule, action, payload)
                    told = json.dumps(answer)
                    assert ("Accepted" in told) == reached, (rule, action, payload, answer)
                await station.close()
                guarded = [case for case in cases if not all(case[2])]
                told_of = await running.told("guarded", (place + 1) * len(guarded))
                audits = [one for one in told_of if one["backend"] == rule]
                assert len(audits) == len(guarded)
                for one, (action, payload, expected) in zip(audits, guarded, strict=True):
                    outcome = "accepted" if expected[place] else "refused"
                    assert (one["action"], one["rule"], one["outcome"]) == (action, rule, outcome), payload
                    assert one["station"] == rule
                    assert one["name"]
                    assert "elsewhere" not in json.dumps(one)
            counted = await running.metric('ocpp_gateway_guarded_calls_total{action="InstallCertificate"}')
            assert counted == 3


async def test_a_station_that_was_raised_never_comes_back_below(tmp_path: Path) -> None:
    """TC_A_19, TC_083: the CSMS raises the profile through the gateway; then the way down is shut for both of them."""
    async with Csms().running() as csms:
        stations = Stations(tmp_path, Csms(), csms)
        stations.config["store"] = f"sqlite:{tmp_path / 'store.db'}"
        async with gateway(tmp_path, stations.config) as running:
            secure = Gateway(running.process, stations.secure, running.admin, None)
            plain = await running.station("/adopt", additional_headers=basic("adopt"))
            await csms.wait(lambda: csms.connections)
            change = key("SecurityProfile", "2")
            assert await tried(csms, plain, "ChangeConfiguration", change, 1) == (True, {"status": "Accepted"})
            await plain.close()
            # Until it has come in with the new one, the old one holds.
            assert await _plain(running) == 101
            raised = await stations.site.connect(secure, "/adopt", additional_headers=basic("adopt"))
            await csms.wait(lambda: len(csms.connections) == 3)
            for number, profile in enumerate(("1", "0", "nonsense", "4"), 2):
                change = key("SecurityProfile", profile)
                told = await tried(csms, raised, "ChangeConfiguration", change, number)
                assert told == (False, {"status": "Rejected"})
            await raised.close()
            assert await _plain(running) == 401
        async with gateway(tmp_path, stations.config) as running:
            assert await _plain(running) == 401


async def test_a_profile_for_which_there_is_no_way_in(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        stations = Stations(tmp_path, Csms(), csms)
        stations.config["listeners"][1]["auth"] = ["basic"]
        async with gateway(tmp_path, stations.config) as running:
            station = await running.station("/adopt", additional_headers=basic("adopt"))
            await csms.wait(lambda: csms.connections)
            for number, (profile, may) in enumerate({"2": True, "3": False}.items()):
                reached, _ = await tried(csms, station, "ChangeConfiguration", key("SecurityProfile", profile), number)
                assert reached is may
            await station.close()


async def test_a_network_profile_with_a_password_and_a_name(tmp_path: Path) -> None:
    """2.1 has both in it (TC_B_100): the password is adopted, another name is refused."""
    new = "canary 4711 canary"
    async with Csms(subprotocols=("ocpp2.1",)).running() as csms:
        stations = Stations(tmp_path, Csms(), csms)
        async with gateway(tmp_path, stations.config) as running:
            station = await running.station("/adopt", "ocpp2.1", additional_headers=basic("adopt"))
            await csms.wait(lambda: csms.connections)
            for number, (identity, may) in enumerate({"OTHER": False, "adopt": True}.items()):
                data = network_profile(2, identity=identity, basicAuthPassword=new)
                data["connectionData"].pop("ocppVersion")
                reached, _ = await tried(csms, station, "SetNetworkProfile", data, number)
                assert reached is may
            await station.close()
            assert await _plain(running, new, "ocpp2.1") == 101
            assert await _plain(running, PASSWORD, "ocpp2.1") == 401
        assert new not in "".join(running.log)


async def _plain(running: Gateway, password: str = PASSWORD, version: str = "ocpp1.6") -> int:
    from websockets.exceptions import InvalidStatus

    try:
        ws = await running.station("/adopt", version, additional_headers=basic("adopt", password))
    except InvalidStatus as refused:
        return refused.response.status_code
    await ws.close()
    return 101
