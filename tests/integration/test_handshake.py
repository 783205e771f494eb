"""What a station gets at the door."""

import asyncio
import base64
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus

from tests.support import Csms, Gateway, ask, closed, configuration, gateway


def basic(username: str, password: str = "a password long enough") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


async def refused(running: Gateway, path: str = "/CP-1", subprotocol: str = "ocpp1.6", **options: Any) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as caught:
        await running.station(path, subprotocol, **options)
    return caught.value


async def status(running: Gateway, path: str = "/CP-1", subprotocol: str = "ocpp1.6", **options: Any) -> int:
    return (await refused(running, path, subprotocol, **options)).response.status_code


async def test_paths_and_identities(tmp_path: Path) -> None:
    async with Csms().running() as csms, gateway(tmp_path, configuration(("legacy", csms))) as running:
        for path in (
            "/a:b",
            "/x/y",
            "/%2e%2e",
            "/CP%2F1",
            "/CP%00",
            "/CP%0d%0aX-Evil:1",
            "/" + "a" * 49,
            "/",
            "/ocpp/x/CP-1",
        ):
            assert await status(running, path) == 404, path
        assert csms.requests == []
        for path, upstream in (
            ("//ocpp//CP-1/", "/ocpp/CP-1"),
            ("/Rdam%7C1", "/ocpp/Rdam%7C1"),
            ("/cP-1?x=1", "/ocpp/cP-1"),
        ):
            async with await running.station(path):
                assert csms.requests[-1].path == upstream
        assert await running.metric('ocpp_gateway_connections_rejected_total{reason="identity"}') == 6
        assert await running.metric('ocpp_gateway_connections_rejected_total{reason="path"}') == 3


async def test_subprotocols(tmp_path: Path) -> None:
    async with Csms().running() as csms, gateway(tmp_path, configuration(("legacy", csms))) as running:
        assert await status(running, subprotocol="ocpp1.5") == 400
        assert await status(running, subprotocols=None) == 400
        ws = await running.station(subprotocols=["ocpp1.5", "ocpp1.6"])
        assert ws.subprotocol == "ocpp1.6"
        await ws.close()


async def test_a_default_subprotocol_and_the_letter_of_part_4(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("legacy", csms))
        config["listeners"][0]["default_subprotocol"] = "ocpp1.6"
        async with gateway(tmp_path, config) as running:
            ws = await running.station(subprotocols=None)
            assert ws.subprotocol is None
            assert csms.connections[-1].subprotocol == "ocpp1.6"
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            await ws.close()
        config = configuration(("legacy", csms))
        config["listeners"][0]["strict_part4"] = True
        async with gateway(tmp_path, config) as running:
            ws = await running.station(subprotocols=["ocpp1.5"])
            assert ws.subprotocol is None
            assert (await closed(ws))[0] == 1002


async def test_the_backend_decides_about_credentials_and_its_answer_is_mirrored(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("legacy", csms))
        config["listeners"][0]["auth"] = config["backends"]["legacy"]["auth"] = "forward"
        async with gateway(tmp_path, config) as running:
            async with await running.station(additional_headers=basic("CP-1")):
                assert csms.requests[-1].headers["Authorization"] == basic("CP-1")["Authorization"]
            for code in (401, 403, 404):
                csms.refuse = code
                assert await status(running, additional_headers=basic("CP-1")) == code
            csms.refuse = 500
            assert await status(running, additional_headers=basic("CP-1")) == 503
            csms.refuse = None
            assert await running.metric('ocpp_gateway_backend_dials_total{backend="legacy",outcome="refused"}') == 4


async def test_the_username_is_the_identity(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("legacy", csms))
        config["listeners"][0]["auth"] = "forward"
        async with gateway(tmp_path, config) as running:
            assert await status(running, "/CP-2", additional_headers=basic("CP-1")) == 401
            assert await status(running, additional_headers={"Authorization": "Basic %%%"}) == 401
            refusal = await refused(running, additional_headers={"Authorization": "Bearer x"})
            assert refusal.response.status_code == 401
            assert refusal.response.headers["WWW-Authenticate"].startswith("Basic")
            assert csms.requests == []
            async with await running.station("/CP-1", additional_headers=basic("cp-1")):
                assert len(csms.requests) == 1


async def test_credentials_of_the_backends_own_and_none(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("legacy", csms))
        config["listeners"][0]["auth"] = "forward"
        config["backends"]["legacy"]["auth"] = {"username": "gw-{identity}", "password": "upstream secret"}
        async with gateway(tmp_path, config) as running:
            async with await running.station(additional_headers=basic("CP-1")):
                assert (
                    csms.requests[-1].headers["Authorization"] == basic("gw-CP-1", "upstream secret")["Authorization"]
                )
            assert "upstream secret" not in "".join(running.log)
        config["backends"]["legacy"]["auth"] = "none"
        async with gateway(tmp_path, config) as running, await running.station(additional_headers=basic("CP-1")):
            assert "Authorization" not in csms.requests[-1].headers


async def test_a_backend_that_cannot_be_reached_is_503_with_a_time_to_come_back(tmp_path: Path) -> None:
    csms = Csms()
    async with gateway(tmp_path, configuration(("legacy", csms))) as running:
        refusal = await refused(running)
        assert refusal.response.status_code == 503
        assert 1 <= int(refusal.response.headers["Retry-After"]) <= 60
        assert await running.metric('ocpp_gateway_backend_up{backend="legacy"}') == 0
        async with csms.running():
            async with await running.station():
                assert await running.metric('ocpp_gateway_backend_up{backend="legacy"}') == 1


async def test_a_backend_that_speaks_another_version_is_never_accepted_then_dropped(tmp_path: Path) -> None:
    async with Csms(subprotocols=("ocpp2.0.1",)).running() as csms:
        config = configuration(("legacy", csms))
        config["backends"]["legacy"]["subprotocols"] = ["ocpp1.6"]
        async with gateway(tmp_path, config) as running:
            assert await status(running) in (400, 503)


async def test_routes_and_limits(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("legacy", csms), limits={"max_connections": 1})
        config["routes"] = [{"match": {"identity": "BER-*", "subprotocol": "ocpp1.6"}, "backend": "legacy"}]
        async with gateway(tmp_path, config) as running:
            assert await status(running, "/HAM-1") == 404
            async with await running.station("/ber-1"):
                assert await status(running, "/BER-2") == 503
            await csms.wait(lambda: csms.closes)
            async with await running.station("/BER-2"):
                pass


async def test_who_does_not_upgrade_is_told_so(tmp_path: Path) -> None:
    async with Csms().running() as csms, gateway(tmp_path, configuration(("legacy", csms))) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET /CP-1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 426 " in await reader.readline()
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        assert b" 400 " in await reader.readline()
        writer.close()


async def test_a_handshake_has_no_body_and_may_offer_line_by_line(tmp_path: Path) -> None:
    asked = (
        b"GET /CP-1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: ocpp9\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
    )
    async with Csms().running() as csms, gateway(tmp_path, configuration(("legacy", csms))) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(asked + b"Content-Length: 2\r\n\r\n\x88\x80")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(asked + b"Content-Length: 0\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nSec-WebSocket-Protocol: ocpp1.6\r\n" in head
        writer.close()


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_the_deadline_runs_from_accept_to_upgrade(tmp_path: Path, loop: str) -> None:
    async with Csms().running() as csms:
        config = configuration(("legacy", csms), limits={"handshake_seconds": 1})
        async with gateway(tmp_path, config, tls=True, loop=loop) as running:
            silent = socket.create_connection(("127.0.0.1", running.port))
            half_request = socket.create_connection(("127.0.0.1", running.port))
            tls = await asyncio.to_thread(_wrap, half_request, running.tls())
            tls.sendall(b"GET /CP-1 HTTP/1.1\r\nHost: x\r\n")
            ws = await running.station()
            silent.settimeout(4)
            tls.settimeout(4)
            assert await asyncio.to_thread(_ended, silent)
            assert await asyncio.to_thread(_ended, tls)
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            await ws.close()
            silent.close()
            tls.close()


def _wrap(plain: socket.socket, context: ssl.SSLContext | None) -> ssl.SSLSocket:
    assert context is not None
    return context.wrap_socket(plain, server_hostname="localhost")


def _ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


async def test_tls_as_ocpp_demands(tmp_path: Path) -> None:
    async with Csms().running() as csms, gateway(tmp_path, configuration(("legacy", csms)), tls=True) as running:
        context = running.tls()
        assert context is not None
        context.set_alpn_protocols(["h2", "http/1.1"])
        for version, cipher in (
            (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256"),
            (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-GCM-SHA384"),
            (ssl.TLSVersion.TLSv1_3, None),
        ):
            context.minimum_version = context.maximum_version = version
            if cipher is not None:
                context.set_ciphers(cipher)
            with socket.create_connection(("127.0.0.1", running.port)) as plain:
                tls = await asyncio.to_thread(_wrap, plain, context)
                assert tls.compression() is None
                assert tls.selected_alpn_protocol() == "http/1.1"
                tls.close()
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", running.port)) as plain, pytest.raises(ssl.SSLError):
            await asyncio.to_thread(_wrap, plain, old)
        assert await running.metric('ocpp_gateway_certificate_expiry_timestamp_seconds{certificate="server.crt"}') > 0


async def test_a_flood_of_connects_is_slowed(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("legacy", csms), limits={"connects_per_second": 2})
        async with gateway(tmp_path, config) as running:
            results = await asyncio.gather(*(running.station(f"/CP-{n}") for n in range(8)), return_exceptions=True)
            refusals = [result for result in results if isinstance(result, InvalidHandshake)]
            assert 4 <= len(refusals) <= 6
            assert await running.metric('ocpp_gateway_rate_limited_total{reason="connects"}') == len(refusals)
            for result in results:
                if not isinstance(result, BaseException):
                    await result.close()
