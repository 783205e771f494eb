"""Canaries: unique texts wherever a secret may stand. None may come out of a log, the metrics, the admin pages or, but
for what the translation works with, the store."""

import asyncio
import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.exceptions import InvalidHandshake

from gateway import passwords
from tests import minimal
from tests.support import Csms, configuration, gateway

FUNCTIONAL = {"CANARYTAG1", "CANARYTAG2", "CANARYTAG3"}
"""Id tags of transactions and authorizations: the translation answers the CSMS with them (docs/security.md)."""
SECRETS = {
    "password": "CANARY-password-0001",
    "wrong": "CANARY-password-0002",
    "backend": "CANARY-password-0003",
    "admin": "CANARY-token-000000004",
    "key": "CANARYAuthKey005",
    "basic": "CANARY-basic-0006",
    "userinfo": "CANARY-fw-user-07",
    "query": "CANARY-fw-query-08",
    "private": "CANARYprivate09",
    "broken": "CANARYbroken10",
}
PEM = f"-----BEGIN PRIVATE KEY-----\n{SECRETS['private']}\n-----END PRIVATE KEY-----"
URL = f"ftp://user:{SECRETS['userinfo']}@fw.example/a.bin?sig={SECRETS['query']}"
AT = "2026-11-21T10:00:00Z"

OF_STATION_16: list[tuple[str, Any]] = [
    ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "chargeBoxSerialNumber": "S" * 60}),
    ("Authorize", {"idTag": "CANARYTAG1"}),
    ("Authorize", {"idTag": "CANARYTAG3", "nonsense": {"idTag": "CANARYTAG3"}}),
    ("StartTransaction", {"connectorId": 1, "idTag": "CANARYTAG2", "meterStart": 1, "timestamp": AT}),
    ("StartTransaction", {"connectorId": "x", "idTag": "CANARYTAG3", "meterStart": None, "timestamp": 7}),
    ("DataTransfer", {"vendorId": "v", "data": PEM}),
    ("SignCertificate", {"csr": PEM}),
    ("NoSuchAction", {}),
    ("Heartbeat", {"unknown": SECRETS["broken"]}),
]
OF_CSMS_201: list[tuple[str, Any]] = [
    (
        "SetVariables",
        {
            "setVariableData": [
                {
                    "attributeValue": SECRETS["basic"],
                    "component": {"name": "SecurityCtrlr"},
                    "variable": {"name": "BasicAuthPassword"},
                }
            ]
        },
    ),
    (
        "SetVariables",
        {
            "setVariableData": [
                {"attributeValue": SECRETS["key"], "component": {"name": "X"}, "variable": {"name": "AuthorizationKey"}}
            ]
        },
    ),
    ("UpdateFirmware", {"requestId": 1, "firmware": {"location": URL, "retrieveDateTime": AT}}),
    ("UpdateFirmware", {"requestId": 1, "firmware": {"location": URL, "retrieveDateTime": "soon"}}),
    ("GetLog", {"requestId": 2, "logType": "DiagnosticsLog", "log": {"remoteLocation": URL}}),
    ("InstallCertificate", {"certificateType": "V2GRootCertificate", "certificate": PEM}),
    ("CertificateSigned", {"certificateChain": PEM}),
    ("RequestStartTransaction", {"remoteStartId": 1, "idToken": {"idToken": "CANARYTAG3", "type": "ISO14443"}}),
    (
        "SendLocalList",
        {
            "versionNumber": 1,
            "updateType": "Full",
            "localAuthorizationList": [{"idToken": {"idToken": "CANARYTAG3", "type": "ISO14443"}}],
        },
    ),
    ("SetNetworkProfile", {"configurationSlot": 1, "connectionData": {"ocppCsmsUrl": URL}}),
    ("NoSuchAction", {"a": PEM}),
]


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"CP-1:{password}".encode()).decode()}


async def test_no_canary_comes_out(tmp_path: Path) -> None:
    stations = {"CP-1": {"password_hash": passwords.hash_password(SECRETS["password"].encode())}}
    (tmp_path / "stations.yaml").write_text(json.dumps(stations))
    async with Csms(lambda frame: minimal.answer("ocpp2.0.1", frame[2]), ("ocpp2.0.1",)).running() as csms:
        config = configuration(
            ("cloud", csms),
            log={"format": "json", "level": "debug"},
            store=f"sqlite:{tmp_path}/store.db",
            stations_file=str(tmp_path / "stations.yaml"),
        )
        config["listeners"][0]["auth"] = "basic"
        config["backends"]["cloud"]["auth"] = {"username": "{identity}", "password": SECRETS["backend"]}
        config["backends"]["cloud"]["guard"] = {"SetVariables": "forward", "InstallCertificate": "forward"}
        async with gateway(tmp_path, config, admin={"token": SECRETS["admin"]}) as running:
            for headers in (basic(SECRETS["wrong"]), {"Authorization": f"Bearer {SECRETS['wrong']}"}, {}):
                with suppress(InvalidHandshake):
                    await running.station(additional_headers=headers)
            ws = await running.station(additional_headers=basic(SECRETS["password"]))
            heard: set[str] = set()
            reading = asyncio.create_task(answering(ws, heard))
            for number, (action, payload) in enumerate(OF_STATION_16):
                await ws.send(json.dumps([2, f"s{number}", action, payload]))
            for number, (action, payload) in enumerate(OF_CSMS_201):
                await csms.send([2, f"c{number}", action, payload])
            await csms.wait(lambda: {f"c{n}" for n in range(len(OF_CSMS_201))} <= answered(csms), 20)
            await csms.wait(lambda: {f"s{n}" for n in range(len(OF_STATION_16))} <= heard, 20)
            for text in (
                f'[2,"b","Authorize",{{"idTag":"{SECRETS["broken"]}"',
                f'["{SECRETS["broken"]}"]',
                SECRETS["broken"],
            ):
                await ws.send(text)
                await csms.send(text)
            await csms.send(f'[2,"r","Reset",{{"type":"{SECRETS["broken"]}"}}]')
            await ws.send('[2,"last","Heartbeat",{}]')
            await csms.wait(lambda: "last" in heard, 10)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            pages = [
                await running.get(path)
                for path in ("/livez", "/readyz", "/metrics", "/nothing", f"/{SECRETS['broken']}")
            ]
            await ws.close()
        log = "".join(running.log)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*")).decode("latin-1")
    told = {"log": log, "admin": json.dumps(pages), "store": stored}
    assert "session_ended" in log
    out = [
        f"{name} in the {place}" for place, text in told.items() for name, secret in SECRETS.items() if secret in text
    ]
    encoded = [base64.b64encode(f"CP-1:{SECRETS[name]}".encode()).decode() for name in ("password", "wrong", "backend")]
    out += [f"a header in the {place}" for place, text in told.items() for header in encoded if header in text]
    out += [
        f"{tag} in the {place}" for place, text in told.items() if place != "store" for tag in FUNCTIONAL if tag in text
    ]
    assert out == [], [line for line in running.log if "CANARY" in line]


def answered(csms: Csms) -> set[str]:
    return {frame[1] for frame in csms.frames if frame[0] in (3, 4)}


async def answering(ws: Any, heard: set[str]) -> None:
    """A 1.6 station that answers all it is asked, and notes what it was answered."""
    async for text in ws:
        frame = json.loads(text)
        if frame[0] == 2:
            await ws.send(json.dumps([3, frame[1], minimal.answer("ocpp1.6", frame[2])]))
        else:
            heard.add(frame[1])
