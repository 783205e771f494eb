"""A station's certificate that changes over OCPP: followed on its way from the CSMS, or signed by the gateway (OCTT TC_A_11,
TC_A_14, TC_074)."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from gateway.certificates import inspect
from tests.integration.secured import Site
from tests.pki import Authority, Files, rsa_key
from tests.support import Csms, ask, gateway


def pinned(folder: Path, files: Files) -> None:
    print_ = inspect(files.certificate)["fingerprint_sha256"]
    (folder / "stations.yaml").write_text(yaml.safe_dump({"CP-1": {"certificate": {"sha256": [print_]}}}))


def answer_to(csms: Csms, message_id: str) -> Any:
    return next((frame for frame in csms.frames if frame[0] in (3, 4) and frame[1] == message_id), None)


async def call(station: ClientConnection, action: str, status: str) -> Any:
    """The payload of the call that comes to the station, which answers with the status."""
    while True:
        frame = json.loads(await station.recv())
        if frame[0] == 2:
            await station.send(json.dumps([3, frame[1], {"status": status}]))
            assert frame[2] == action
            return frame[3]


async def given(csms: Csms, station: ClientConnection, files: Files, status: str, message_id: str) -> None:
    chain = {"certificateChain": files.certificate.read_text()}
    await csms.send([2, message_id, "CertificateSigned", chain])
    assert await call(station, "CertificateSigned", status) == chain
    await csms.wait(lambda: answer_to(csms, message_id))


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_pinned_certificate_is_followed(tmp_path: Path, version: str) -> None:
    """Both come in until the first use of the new one, one that the station rejects never; no further file is edited."""
    site = Site(tmp_path)
    old, new, bad = (site.authority.issue(name) for name in ("old", "new", "bad"))
    pinned(tmp_path, old)
    subprotocols = [Subprotocol(version)]
    async with Csms(subprotocols=(version,)).running() as csms:
        config = site.config(csms, stations_file="stations.yaml", store=f"sqlite:{tmp_path / 'store.db'}")
        async with gateway(tmp_path, config) as running:
            station = await site.connect(running, station=old, subprotocols=subprotocols)
            await csms.wait(lambda: csms.connections)
            await given(csms, station, bad, "Rejected", "c1")
            assert await site.enters(running, station=bad, subprotocols=subprotocols) == 401
            await given(csms, station, new, "Accepted", "c2")
            await station.close()
            came = [await site.enters(running, station=one, subprotocols=subprotocols) for one in (old, bad, new, old)]
            assert came == [101, 401, 101, 401]
            assert [one["outcome"] for one in await running.told("guarded", 2)] == ["rejected", "accepted"]
            assert running.events("station_certificate_untrusted") == []
        async with gateway(tmp_path, config) as running:
            came = [await site.enters(running, station=one, subprotocols=subprotocols) for one in (old, new)]
            assert came == [401, 101]


async def test_killed_before_the_station_answers(tmp_path: Path) -> None:
    site = Site(tmp_path)
    old, new = site.authority.issue("old"), site.authority.issue("new")
    pinned(tmp_path, old)
    async with Csms().running() as csms:
        config = site.config(csms, stations_file="stations.yaml", store=f"sqlite:{tmp_path / 'store.db'}")
        async with gateway(tmp_path, config) as running:
            station = await site.connect(running, station=old)
            await csms.wait(lambda: csms.connections)
            await csms.send([2, "c", "CertificateSigned", {"certificateChain": new.certificate.read_text()}])
            assert json.loads(await station.recv())[2] == "CertificateSigned"
            running.process.kill()
            await running.process.wait()
        async with gateway(tmp_path, config) as running:
            came = [await site.enters(running, station=one) for one in (old, new, old)]
            assert came == [101, 101, 401]


async def test_an_alarm_before_the_station_gets_what_it_cannot_come_back_with(tmp_path: Path) -> None:
    site = Site(tmp_path)
    foreign = Authority(tmp_path / "foreign", "another").issue("foreign")
    theirs = site.authority.issue("theirs", "CP-2")
    below = Authority(tmp_path / "below", "below", site.authority)
    good = below.issue("good", above=(below,))
    async with Csms().running() as csms:
        async with gateway(tmp_path, site.config(csms)) as running:
            station = await site.connect(running, station=site.authority.issue("own"))
            await csms.wait(lambda: csms.connections)
            alarms: list[str] = []
            for number, (files, why) in enumerate(
                [(foreign, "its authority is not in client_ca"), (theirs, "another station's"), (good, None)]
            ):
                chain = files.certificate.read_text()
                await csms.send([2, f"c{number}", "CertificateSigned", {"certificateChain": chain}])
                frame = json.loads(await station.recv())
                alarms += [why] if why else []
                # The station has not answered yet.
                await csms.wait(
                    lambda: len(running.events("station_certificate_untrusted")) >= len(alarms)  # noqa: B023
                )
                told = [event["why"] for event in running.events("station_certificate_untrusted")]
                assert all(part in text for part, text in zip(alarms, told, strict=True))
                await station.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
                await csms.wait(lambda: answer_to(csms, f"c{number}"))  # noqa: B023
            await station.close()
            assert len(await running.told("station_certificate_untrusted", 2)) == 2


def request(key: Any, cn: str = "CP-1", o: str = "Operator", digest: Any = None) -> str:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, cn), x509.NameAttribute(NameOID.ORGANIZATION_NAME, o)]
    made = (
        x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes)).sign(key, digest or hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def station_ca(folder: Path, authority: Authority) -> dict[str, Any]:
    key = folder / "stations.key"
    pkcs8 = serialization.PrivateFormat.PKCS8
    key.write_bytes(authority.key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()))
    return {"certificate": str(authority.file), "key": str(key), "days": 90}


@pytest.mark.parametrize(
    ("version", "csms_version"),
    [("ocpp1.6", "ocpp1.6"), ("ocpp2.0.1", "ocpp2.0.1"), ("ocpp1.6", "ocpp2.0.1"), ("ocpp2.0.1", "ocpp1.6")],
)
async def test_signed_by_the_gateway(tmp_path: Path, version: str, csms_version: str) -> None:
    """The CSMS hears nothing of it; the name is the station's whatever it asked for; a pinned station is followed."""
    site = Site(tmp_path)
    old, key = site.authority.issue("old"), rsa_key()
    pinned(tmp_path, old)
    subprotocols = [Subprotocol(version)]
    sizes = "GetConfiguration" if version == "ocpp1.6" else "GetVariables"
    async with Csms(subprotocols=(csms_version,)).running() as csms:
        config = site.config(csms, stations_file="stations.yaml", tls=site.mutual(client_organisation="Operator"))
        config["station_ca"] = station_ca(tmp_path, site.authority)
        config["backends"]["legacy"]["station_certificates"] = "gateway"
        async with gateway(tmp_path, config) as running:
            station = await site.connect(running, station=old, subprotocols=subprotocols)
            await csms.wait(lambda: csms.connections)
            for bad in ("no request", request(ec.generate_private_key(ec.SECP192R1())), request(rsa_key(1024))):
                answer = await ask(station, [2, "bad", "SignCertificate", {"csr": bad}])
                assert answer[2]["status"] == "Rejected"
            asked = await ask(station, [2, "s1", "SignCertificate", {"csr": request(key, "CP-2", "Another")}])
            assert asked == [3, "s1", {"status": "Accepted"}]
            question = json.loads(await station.recv())
            assert question[2] == sizes
            await station.send(json.dumps([4, question[1], "NotSupported", "", {}]))
            signed = await call(station, "CertificateSigned", "Accepted")
            made = x509.load_pem_x509_certificates(signed["certificateChain"].encode())
            assert len(made) == 1
            assert made[0].public_key() == key.public_key()
            assert made[0].subject.rfc4514_string() == "O=Operator,CN=CP-1"
            made[0].verify_directly_issued_by(site.authority.certificate)
            files = Files(tmp_path / "new.crt", tmp_path / "new.key")
            files.certificate.write_text(signed["certificateChain"])
            pkcs8 = serialization.PrivateFormat.PKCS8
            files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()))
            await station.close()
            came = [await site.enters(running, station=one, subprotocols=subprotocols) for one in (old, files, old)]
            assert came == [101, 101, 401]
            # A certificate of the CSMS's is not for this station then.
            station = await site.connect(running, station=files, subprotocols=subprotocols)
            await csms.wait(lambda: len(csms.connections) == 4)
            await csms.send([2, "c", "CertificateSigned", {"certificateChain": signed["certificateChain"]}])
            assert (await csms.wait(lambda: answer_to(csms, "c")))[2]["status"] == "Rejected"
            await station.close()
            assert not csms.calls("SignCertificate")
            told = [
                (one["action"], one["outcome"]) for one in await running.told("guarded", 4) if one["rule"] == "gateway"
            ]
            assert told[:4] == [("SignCertificate", "refused")] * 3 + [("CertificateSigned", "accepted")]


async def test_no_longer_a_chain_than_the_station_takes(tmp_path: Path) -> None:
    """An authority in between goes with it where there is room, and stays behind where there is not."""
    site = Site(tmp_path)
    below = Authority(tmp_path / "below", "below", site.authority)
    async with Csms().running() as csms:
        config = site.config(csms)
        config["station_ca"] = station_ca(tmp_path, below)
        config["backends"]["legacy"]["station_certificates"] = "gateway"
        async with gateway(tmp_path, config) as running:
            station = await site.connect(running, station=site.authority.issue("own"))
            key = ec.generate_private_key(ec.SECP256R1())
            for size, certificates in (("10000", 2), ("1000", 1), ("100", 0)):
                assert (await ask(station, [2, size, "SignCertificate", {"csr": request(key)}]))[2] == {
                    "status": "Accepted"
                }
                question = json.loads(await station.recv())
                entry = {"key": "CertificateSignedMaxChainSize", "readonly": True, "value": size}
                await station.send(json.dumps([3, question[1], {"configurationKey": [entry]}]))
                if certificates:
                    chain = (await call(station, "CertificateSigned", "Accepted"))["certificateChain"]
                    assert len(x509.load_pem_x509_certificates(chain.encode())) == certificates
                    assert len(chain) <= int(size)
                else:
                    await csms.wait(lambda: running.events("guarded")[-1].get("why") == "longer than the 100 it takes")
            await station.close()
