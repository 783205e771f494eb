"""TLS as OCPP demands it, seen by OpenSSL's own client and by sslscan."""

import asyncio
import shutil
import socket
import ssl
import xml.etree.ElementTree as xml
from pathlib import Path
from typing import Any

import pytest

from tests.integration.secured import Site, rejections
from tests.pki import SERVER, rsa_key
from tests.support import Csms, Gateway, gateway

SUITES = (
    ("ECDSA", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ("ECDSA", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ("RSA", "AES128-GCM-SHA256"),
    ("RSA", "AES256-GCM-SHA384"),
)
"""2.0.1 A00.FR.318, OCPP 1.6 security whitepaper A00.FR.317 and 421."""


def both(site: Site, **more: Any) -> dict[str, Any]:
    """An ECDSA and an RSA chain for localhost, and a second name."""
    rsa = site.authority.issue("rsa", "rsa", names=["localhost"], key=rsa_key(), purposes=(SERVER,))
    named = site.authority.issue("named", "named", names=["other.example"], purposes=(SERVER,))
    files = (site.server, rsa, named)
    return {"certificate": [str(one.certificate) for one in files], "key": [str(one.key) for one in files], **more}


async def s_client(running: Gateway, *options: str, then: str = "") -> str:
    """What `openssl s_client` prints; it is ended by the end of its input."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{running.port}", *options]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(20):
        output, _ = await process.communicate(then.encode())
    return output.decode(errors="replace")


async def test_what_openssl_sees(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with Csms().running() as csms:
        async with gateway(tmp_path, site.config(csms, tls=both(site), auth="none")) as running:
            for kind, suite in SUITES:
                seen = await s_client(running, "-tls1_2", "-cipher", suite, "-servername", "localhost")
                assert f"Cipher is {suite}" in seen, seen
                assert ("CN = rsa" in seen) == (kind == "RSA"), seen
                assert "Compression: NONE" in seen
                assert "Secure Renegotiation IS supported" in seen
            seen = await s_client(running, "-tls1_3", "-alpn", "h2")
            assert "TLSv1.3" in seen
            assert "No ALPN negotiated" in seen
            seen = await s_client(running, "-alpn", "h2,http/1.1")
            assert "ALPN protocol: http/1.1" in seen
            assert "CN = named" in await s_client(running, "-servername", "other.example")
            for unnamed in (["-servername", "third.example"], ["-noservername"]):
                assert "CN = localhost" in await s_client(running, *unnamed), unnamed
            # `R` asks for a renegotiation.
            refused = await s_client(running, "-tls1_2", then="R\n")
            assert "no renegotiation" in refused.casefold().replace("_", " "), refused
            for old in ("-tls1", "-tls1_1"):
                seen = await s_client(running, old, "-cipher", "ALL:@SECLEVEL=0")
                assert "Cipher is (NONE)" in seen, seen
            seen = await s_client(running, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA")
            assert "Cipher is (NONE)" in seen
            await csms.wait(lambda: len(running.events("connection_refused")) >= 3)
            told = [(event["reason"], event.get("security_event")) for event in running.events("connection_refused")]
            assert told[:3] == [("tls_version", "InvalidTLSVersion")] * 2 + [("tls_cipher", "InvalidTLSCipherSuite")]
            assert await rejections(running, "tls_version") == 2
            assert await rejections(running, "tls_cipher") == 1


async def test_a_listener_for_old_stations(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with Csms().running() as csms:
        async with gateway(tmp_path, site.config(csms, tls=both(site, min_version="1.0"), auth="none")) as running:
            for old, version in (("-tls1", "TLSv1"), ("-tls1_1", "TLSv1.1")):
                seen = await s_client(running, old, "-cipher", "AES128-SHA:@SECLEVEL=0", "-servername", "localhost")
                assert "Cipher is AES128-SHA" in seen, seen
                assert f"Protocol  : {version}\n" in seen, seen
            assert "TLSv1.3" in await s_client(running)


async def test_what_sslscan_sees(tmp_path: Path) -> None:
    assert shutil.which("sslscan"), "run tests/tools.sh"
    site = Site(tmp_path)
    async with Csms().running() as csms:
        async with gateway(tmp_path, site.config(csms, tls=both(site), auth="none")) as running:
            process = await asyncio.create_subprocess_exec(
                *("sslscan", "--xml=-", "--no-colour", "--sni-name=localhost", f"127.0.0.1:{running.port}"),
                stdout=asyncio.subprocess.PIPE,
            )
            async with asyncio.timeout(60):
                output, _ = await process.communicate()
            (found,) = xml.fromstring(output).findall("ssltest")
            enabled = {
                (one.get("type"), one.get("version")) for one in found.findall("protocol") if one.get("enabled") == "1"
            }
            assert enabled == {("tls", "1.2"), ("tls", "1.3")}
            ciphers = {one.get("cipher") for one in found.findall("cipher")}
            assert {suite for _, suite in SUITES} <= ciphers
            assert not [name for name in ciphers if name and ("CBC" in name or "RC4" in name or name.endswith("-SHA"))]
            # An OpenSSL without compression says nothing of it.
            assert all(one.get("supported") == "0" for one in found.findall("compression"))
            (renegotiation,) = found.findall("renegotiation")
            assert renegotiation.get("supported") == "0" or renegotiation.get("secure") == "1"
            assert all(one.get("vulnerable") == "0" for one in found.findall("heartbleed"))


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_handshakes_that_fail_have_a_reason(tmp_path: Path, loop: str) -> None:
    site = Site(tmp_path)
    async with Csms().running() as csms:
        config = site.config(csms, tls=site.tls(), auth="none", limits={"handshake_seconds": 1})
        async with gateway(tmp_path, config, loop=loop) as running:
            for sent, reason in (
                (b"GET / HTTP/1.1\r\n\r\n", "tls_plaintext"),
                (b"\x16\x03\x01\x00\x05hello", "tls_other"),
                (b"", "tls_gone"),
            ):
                with socket.create_connection(("127.0.0.1", running.port)) as plain:
                    plain.sendall(sent)
                    if sent:
                        await asyncio.to_thread(_drain, plain)
                await csms.wait(lambda: _told(running, reason))  # noqa: B023
            with socket.create_connection(("127.0.0.1", running.port)) as silent:
                await asyncio.to_thread(_drain, silent)
            await csms.wait(lambda: _told(running, "tls_timeout"))
            # A station that does not trust the gateway.
            assert await site.enters(running, ssl=ssl.create_default_context()) == 0
            await csms.wait(lambda: _told(running, "tls_alert") or _told(running, "tls_gone", 2))
            assert await site.enters(running) == 101


def _told(running: Gateway, reason: str, times: int = 1) -> bool:
    return [event["reason"] for event in running.events("connection_refused")].count(reason) >= times


def _drain(connection: socket.socket) -> None:
    connection.settimeout(10)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
