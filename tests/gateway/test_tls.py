"""TLS over memory of our own: what comes through, and how it ends, on both event loops and for both versions of TLS."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from gateway import certificates
from gateway.tls import Tls

_SECONDS = 30
_MUCH = bytes(range(256)) * 8192
Test = Callable[[Path], Awaitable[None]]


class Behind(asyncio.Protocol):
    """What stands behind it in a test: keeps what comes."""

    def __init__(self) -> None:
        self.octets = b""
        self.lost = asyncio.Event()
        self.came = asyncio.Event()
        self.paused: list[bool] = []
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.octets += data
        self.came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()

    def pause_writing(self) -> None:
        self.paused.append(True)

    def resume_writing(self) -> None:
        self.paused.append(False)

    async def has(self, octets: bytes) -> None:
        while self.octets != octets:
            assert octets.startswith(self.octets)
            self.came.clear()
            await self.came.wait()


@asynccontextmanager
async def arriving(folder: Path) -> AsyncIterator[tuple[Tls, Behind, socket.socket]]:
    """One that is about to shake hands, what will stand behind it, and the other end's socket."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    here, there = socket.socketpair()
    for one in (here, there):
        one.setblocking(False)
    behind = Behind()
    tls = Tls(lambda: behind, context)
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: tls, here)
    try:
        async with asyncio.timeout(_SECONDS):
            yield tls, behind, there
    finally:
        tls.abort()
        there.close()


@asynccontextmanager
async def connected(
    folder: Path, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> AsyncIterator[tuple[Behind, asyncio.StreamReader, asyncio.StreamWriter]]:
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    context.maximum_version = version
    async with arriving(folder) as (tls, behind, there):
        reader, writer = await asyncio.open_connection(sock=there, ssl=context, server_hostname="localhost")
        await tls.shaken()
        assert behind.transport is tls
        try:
            yield behind, reader, writer
        finally:
            writer.transport.abort()


async def octets_go_both_ways(folder: Path) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        async with connected(folder, version) as (behind, reader, writer):
            assert behind.transport.get_extra_info("ssl_object").version() == version.name.replace("_", ".")
            writer.write(b"one")
            await behind.has(b"one")
            writer.write(_MUCH)
            await behind.has(b"one" + _MUCH)
            behind.transport.write(b"")
            behind.transport.write(_MUCH)
            assert await reader.readexactly(len(_MUCH)) == _MUCH


async def who_does_not_read_is_not_written_to_for_ever(folder: Path) -> None:
    async with connected(folder) as (behind, reader, writer):
        transport = behind.transport
        transport.set_write_buffer_limits(high=1000)
        writer.transport.pause_reading()
        times = 0
        while not behind.paused:
            transport.write(_MUCH)
            times += 1
        assert transport.get_write_buffer_size() > 1000
        writer.transport.resume_reading()
        assert await reader.readexactly(times * len(_MUCH)) == times * _MUCH
        while behind.paused != [True, False]:
            await asyncio.sleep(0.01)


async def who_is_not_read_waits(folder: Path) -> None:
    async with connected(folder) as (behind, _, writer):
        behind.transport.pause_reading()
        writer.write(b"later")
        await asyncio.sleep(0.05)
        assert behind.octets == b""
        behind.transport.resume_reading()
        await behind.has(b"later")


async def a_goodbye_goes_behind_what_was_written(folder: Path) -> None:
    async with connected(folder) as (behind, reader, _):
        behind.transport.write(_MUCH)
        behind.transport.close()
        behind.transport.write(b"too late")
        assert behind.transport.is_closing()
        assert await reader.read(-1) == _MUCH
        await behind.lost.wait()


async def a_goodbye_is_answered(folder: Path) -> None:
    async with connected(folder) as (behind, reader, writer):
        writer.write(b"bye")
        writer.close()
        await behind.lost.wait()
        assert behind.octets == b"bye"
        assert await reader.read(-1) == b""
        # What is left of it may be asked all the same.
        assert behind.transport.is_closing()
        assert behind.transport.get_extra_info("peername", "nobody") == "nobody"
        behind.transport.close()


async def one_that_hangs_up_or_is_cut_is_lost(folder: Path) -> None:
    async with connected(folder) as (behind, _, writer):
        writer.transport.abort()
        await behind.lost.wait()
    async with connected(folder) as (behind, reader, _):
        behind.transport.abort()
        await behind.lost.wait()
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)


async def what_is_no_tls_gets_an_alert(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    for said, why in ((b"GET / HTTP/1.1\r\n\r\n", "HTTP_REQUEST"), (b"\x16\x03\x01\x00\x02\x01\x00", "UNEXPECTED")):
        async with arriving(folder) as (tls, behind, there):
            await loop.sock_sendall(there, said)
            if why == "UNEXPECTED":
                await loop.sock_sendall(there, b"\x17\x03\x03\x00\x01\x00")
            with pytest.raises(ssl.SSLError) as caught:
                await tls.shaken()
            assert why in str(caught.value.reason)
            told = b""
            while more := await loop.sock_recv(there, 1000):
                told += more
            assert told[:1] in (b"\x15", b"")  # an alert, where there is one for it
            assert behind.transport is None


async def what_breaks_a_record_ends_it(folder: Path) -> None:
    async with connected(folder) as (behind, _, writer):
        # Past the other end's TLS, as somebody between the two would do it.
        sock = socket.socket(fileno=socket.dup(writer.get_extra_info("socket").fileno()))
        with sock:
            sock.send(b"\x17\x03\x03\x00\x20" + bytes(32))
        await behind.lost.wait()
        assert behind.octets == b""


async def who_hangs_up_while_shaking_hands_is_gone(folder: Path) -> None:
    async with arriving(folder) as (tls, behind, there):
        there.close()
        with pytest.raises(ConnectionResetError):
            await tls.shaken()
        assert behind.transport is None


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize(
    "test",
    [
        octets_go_both_ways,
        who_does_not_read_is_not_written_to_for_ever,
        who_is_not_read_waits,
        a_goodbye_goes_behind_what_was_written,
        a_goodbye_is_answered,
        one_that_hangs_up_or_is_cut_is_lost,
        what_is_no_tls_gets_an_alert,
        what_breaks_a_record_ends_it,
        who_hangs_up_while_shaking_hands_is_gone,
    ],
)
def test_tls(test: Test, loop: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path) -> None:
    certificates.init_ca(tmp_path)
    certificates.issue_server(tmp_path, ["localhost"])
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(test(tmp_path))  # type: ignore[arg-type]
