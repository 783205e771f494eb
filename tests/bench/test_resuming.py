"""A TLS session is offered again, and a server takes it: with a real server, over real sockets."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.bench.certificates import make
from tests.bench.resuming import Context


@pytest.mark.parametrize(("resumes", "expected"), [(True, [False, True, True]), (False, [False, False, False])])
async def test_the_session_of_an_earlier_connection_is_taken(
    tmp_path: Path, resumes: bool, expected: list[bool]
) -> None:
    files = make(tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(files.certificate, files.key)

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")  # the session's ticket comes before it
        await writer.drain()
        writer.close()

    context = Context()
    context.resumes = resumes
    reused = []
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=served) as server:
        port = server.sockets[0].getsockname()[1]
        for _ in expected:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            assert await reader.read(5) == b"hello"
            connection: Any = writer.get_extra_info("ssl_object")
            assert connection.version() == "TLSv1.3"
            reused.append(bool(connection.session_reused))
            context.keep(connection)
            writer.close()
    assert reused == expected
