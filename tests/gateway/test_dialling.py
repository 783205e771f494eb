"""Connections to a backend: which address they come from, what is left open when they fail."""

import asyncio
import gc
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway import certificates, security
from gateway.config import BackendTls
from gateway.dialling import Line, Opening
from gateway.handshakes import HandshakeError
from tests.support import Csms, free_port


async def test_connections_come_from_the_addresses_in_turn() -> None:
    async with Csms().running() as csms:
        line = Line(f"ws://127.0.0.1:{csms.port}/{{identity}}", ("127.0.0.1", "127.0.0.2"))
        came = []
        for number in range(4):
            _, transport, answer = await line.open(f"CP-{number}", ["ocpp1.6"], None, None)
            assert answer.accepted
            came.append(transport.get_extra_info("sockname")[0])
            transport.abort()
        assert came == ["127.0.0.1", "127.0.0.2"] * 2


async def test_an_address_of_another_family_reaches_nobody() -> None:
    with pytest.raises(OSError, match="from ::1"):
        await Line("ws://127.0.0.1:1/{identity}", ("::1",)).open("CP-1", ["ocpp1.6"], None, None)


async def test_a_name_with_several_addresses_is_tried_at_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = free_port()
    async with Csms().running() as csms:
        loop = asyncio.get_running_loop()

        async def found(*asked: object, **more: object) -> list[object]:
            return [
                (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))
                for port in (nobody, csms.port)
            ]

        monkeypatch.setattr(loop, "getaddrinfo", found)
        _, transport, answer = await Line("ws://csms.test/{identity}").open("CP-1", ["ocpp1.6"], None, None)
        assert answer.accepted
        assert csms.requests[-1].headers["Host"] == "csms.test"
        transport.abort()


@asynccontextmanager
async def answering(octets: bytes, *, close: bool = False) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers every request with these octets; its port, and what it has read when it was hung up on."""
    ends: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        if not close:
            try:
                ends.append(await reader.read())
            except ConnectionError:
                ends.append(b"")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], ends


async def test_who_talks_nonsense_is_hung_up_on() -> None:
    async with answering(b"220 mail ready\r\n\r\n") as (port, ends), asyncio.timeout(10):
        with pytest.raises(HandshakeError):
            await Line(f"ws://127.0.0.1:{port}/{{identity}}").open("CP-1", ["ocpp1.6"], None, None)
        while not ends:
            await asyncio.sleep(0.01)


async def test_who_hangs_up_is_told_of() -> None:
    async with answering(b"HTTP/1.1 101", close=True) as (port, _), asyncio.timeout(10):
        with pytest.raises(ConnectionResetError):
            await Line(f"ws://127.0.0.1:{port}/{{identity}}").open("CP-1", ["ocpp1.6"], None, None)


async def test_a_failure_leaves_nothing_that_only_a_collector_would_find() -> None:
    def left() -> int:
        return sum(isinstance(one, Opening) for one in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        async with answering(b"HTTP/1.1 101", close=True) as (port, _), asyncio.timeout(10):
            with pytest.raises(ConnectionResetError):
                await Line(f"ws://127.0.0.1:{port}/{{identity}}").open("CP-1", ["ocpp1.6"], None, None)
            while left():
                await asyncio.sleep(0.01)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("template", "host", "target"),
    [
        ("ws://csms/{identity}", "csms", "/CP-1"),
        ("ws://csms:80/a/{identity}", "csms", "/a/CP-1"),
        ("wss://csms:8443/a?cp={identity}", "csms:8443", "/a?cp=CP-1"),
        ("ws://[::1]:9000/{identity}", "[::1]:9000", "/CP-1"),
        ("ws://csms?cp={identity}", "csms", "/?cp=CP-1"),
        ("ws://csms/a%2Fb/~x/../{identity}?k=a+b&l=%C3", "csms", "/a%2Fb/~x/../CP-1?k=a+b&l=%C3"),
        ("ws://b\u00fccher.example/\u00fc/{identity}", "xn--bcher-kva.example", "/%C3%BC/CP-1"),
    ],
)
def test_what_the_url_says(template: str, host: str, target: str) -> None:
    line = Line(template)
    assert (line._named, line._target.replace("{identity}", "CP-1")) == (host, target)


async def test_the_next_connection_goes_on_with_the_tls_session_of_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates.init_ca(tmp_path)
    certificates.issue_server(tmp_path, ["127.0.0.1"])
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    context = security.client_context(BackendTls(ca=tmp_path / "ca.crt"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 401 Unauthorized\r\n\r\n")
        await reader.read()

    async def resumed() -> bool:
        _, transport, _ = await line.open("CP-1", ["ocpp1.6"], None, context)
        tls: ssl.SSLObject = transport.get_extra_info("ssl_object")
        transport.abort()
        return bool(tls.session_reused)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
    async with server, asyncio.timeout(20):
        line = Line(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/{{identity}}")
        assert [await resumed() for _ in range(3)] == [False, True, True]
        monkeypatch.setattr("gateway.security._RESUMED_SECONDS", 0.0)
        assert [await resumed() for _ in range(2)] == [False, False]
