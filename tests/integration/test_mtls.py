"""Station certificates at the door: which come in, and what is said of the others."""

from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.certificates import inspect
from gateway.passwords import hash_password
from tests.integration.secured import PASSWORD, Site, basic, rejections, why
from tests.pki import SERVER, Authority, Files, rsa_key
from tests.support import Csms, ask, gateway


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_the_certificate_matrix(tmp_path: Path, loop: str) -> None:
    site = Site(tmp_path)
    root, other = site.authority, Authority(tmp_path / "other", "operator")
    chain = [root]
    for number in range(5):
        chain.append(Authority(tmp_path / "chain", f"below-{number}", chain[-1]))
    revoked = root.issue("revoked")
    # What must come in, what TLS itself must end, and what is told by a 401.
    good: dict[str, Files] = {
        "good": root.issue("good"),
        "rsa": root.issue("rsa", key=rsa_key()),
        "other letters": root.issue("letters", "cp-1"),
        "chain of six": chain[-1].issue("long", above=chain[:0:-1]),
    }
    cut = {
        "expired": (root.issue("expired", begins=-9, ends=-1), "expired"),
        "not yet valid": (root.issue("early", begins=2), "not yet valid"),
        "another authority of the same name": (other.issue("foreign"), ""),
        "RSA-1024": (root.issue("rsa1024", key=rsa_key(1024)), "key too"),
        "SHA-1": (root.issue_with_sha1("sha1"), "too weak"),
        "of a server": (root.issue("of-server", purposes=(SERVER,)), "purpose"),
        "revoked": (revoked, "revoked"),
    }
    told = {
        "another station's": (root.issue("theirs", "CP-2"), "another station's"),
        "a host name": (root.issue("host", "cp-1.example.com"), "another station's"),
        "another organisation": (root.issue("o", o="Another"), "another organisation"),
        # OpenSSL's client finds no way to sign with it, and shows none.
        "EC-192": (root.issue("ec192", key=ec.generate_private_key(ec.SECP192R1())), ""),
        "an authority's": (root.issue("ca", ca=True), ""),
    }
    crls = [str(root.revoke(revoked.serial)), str(_crl(chain[-1]))]
    async with Csms().running() as csms:
        config = site.config(csms, tls=site.mutual(client_crl=crls, client_organisation="Operator"))
        async with gateway(tmp_path, config, loop=loop) as running:
            for name, files in good.items():
                assert await site.enters(running, station=files) == 101, name
            assert len(csms.requests) == len(good)
            for name, (files, words) in cut.items():
                # A client whose own security level refuses the certificate would not even show it.
                context = site.context()
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
                context.load_cert_chain(*files.pair)
                assert await site.enters(running, ssl=context) == 0, name
                assert await csms.wait(lambda: _last(why(running), words)), (name, why(running))  # noqa: B023
            assert await rejections(running, "tls_certificate") == len(cut)
            for name, (files, words) in told.items():
                assert await site.enters(running, station=files) in ((401,) if words else (401, 0)), name
            await csms.wait(lambda: len(running.events("certificate_refused")) >= 3)
            assert [event["why"] for event in running.events("certificate_refused")][:3] == [
                f"the certificate is {words}" if "station's" in words else f"the certificate is of {words}"
                for _, words in list(told.values())[:3]
            ]
            # The same certificate on two stations, and none at all.
            assert await site.enters(running, "/CP-9", good["good"]) == 401
            assert await site.enters(running) == 401
            assert await csms.wait(lambda: _last(why(running), "no certificate"))
            assert len(csms.requests) == len(good)
            events = {event.get("security_event") for event in running.events("connection_refused")}
            assert events == {"InvalidChargingStationCertificate"}


def _crl(authority: Authority) -> Path:
    found = authority.revoke()
    return found.rename(found.with_name(f"{authority.file.stem}.crl"))


def _last(told: list[str], words: str) -> bool:
    return bool(told) and words in told[-1]


async def test_the_stations_file_binds_other_certificates(tmp_path: Path) -> None:
    site = Site(tmp_path)
    serial, pinned = site.authority.issue("serial", "SN-4711"), site.authority.issue("pinned", "whatever")
    print_ = inspect(pinned.certificate)["fingerprint_sha256"]
    stations = {"CP-1": {"certificate": {"cn": "sn-4711"}}, "CP-2": {"certificate": {"sha256": [print_.upper()]}}}
    (tmp_path / "stations.yaml").write_text(yaml.safe_dump(stations))
    async with Csms().running() as csms:
        config = site.config(csms, stations_file="stations.yaml")
        async with gateway(tmp_path, config) as running:
            assert await site.enters(running, "/CP-1", serial) == 101
            assert await site.enters(running, "/CP-2", pinned) == 101
            assert await site.enters(running, "/SN-4711", serial) == 101
            assert await site.enters(running, "/CP-2", serial) == 401
            assert await site.enters(running, "/CP-1", site.authority.issue("own", "CP-1")) == 401


async def test_any_of_several_ways(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (tmp_path / "stations.yaml").write_text(
        yaml.safe_dump({"CP-2": {"password_hash": hash_password(PASSWORD.encode())}})
    )
    async with Csms().running() as csms:
        config = site.config(csms, auth=["mtls", "basic"], stations_file="stations.yaml")
        async with gateway(tmp_path, config) as running:
            one = site.authority.issue("one")
            assert await site.enters(running, "/CP-1", one) == 101
            assert await site.enters(running, "/CP-2", additional_headers=basic("CP-2")) == 101
            assert await site.enters(running, "/CP-2", one, additional_headers=basic("CP-2")) == 101
            assert await site.enters(running, "/CP-2", one) == 401
            assert await site.enters(running, "/CP-2", one, additional_headers=basic("CP-2", "wrong")) == 401
            # A certificate that is right does not excuse somebody else's name.
            assert await site.enters(running, "/CP-1", one, additional_headers=basic("CP-2")) == 401


async def test_the_old_listener_looks_at_certificates_as_closely(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with Csms().running() as csms:
        config = site.config(csms, tls=site.mutual(min_version="1.0"))
        async with gateway(tmp_path, config) as running:
            context = site.context()
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.load_cert_chain(*site.authority.issue("weak", key=rsa_key(1024)).pair)
            assert await site.enters(running, ssl=context) == 401
            assert await csms.wait(lambda: _last(why(running), "1024 bits"))
            ws = await site.connect(running, station=site.authority.issue("good"))
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            await ws.close()


async def test_a_renewed_certificate_comes_in(tmp_path: Path) -> None:
    """Another key, the same name: as after CertificateSigned. The old one is good until it runs out or is revoked."""
    site = Site(tmp_path)
    old, new = site.authority.issue("old"), site.authority.issue("new")
    async with Csms().running() as csms:
        async with gateway(tmp_path, site.config(csms)) as running:
            assert [await site.enters(running, station=one) for one in (old, new, old)] == [101] * 3
