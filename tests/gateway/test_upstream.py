"""Dialling: what each kind of failure is called, and the patience of a redial."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import uvloop

from gateway import certificates
from gateway.config import Backend, Credentials, Limits
from gateway.identity import Identity
from gateway.metrics import Metrics
from gateway.upstream import DialError, Leg, Upstream, redial
from tests.support import Csms, free_port

STATION = Identity("Rdam|1", "rdam|1")
LOGGER = structlog.get_logger()


def backend(url: str, **more: Any) -> Backend:
    made = Backend(url=url, **more)
    made._name = "b"
    return made


@pytest.fixture
async def dial() -> AsyncIterator[Any]:
    opened: list[Upstream] = []
    metrics = Metrics()

    async def go(to: Backend, authorization: str | None = None, seconds: float = 2) -> Leg:
        upstream = Upstream(to, Limits(), metrics)
        opened.append(upstream)
        await upstream.open()
        return await upstream.dial(STATION, ["ocpp1.6"], authorization, seconds)

    go.metrics = metrics  # type: ignore[attr-defined]
    yield go
    for upstream in opened:
        await upstream.close()


async def test_the_identity_is_the_last_segment_or_where_the_url_names_it(dial: Any) -> None:
    async with Csms().running() as csms:
        for url, path in (
            (f"ws://127.0.0.1:{csms.port}/steve/Service", "/steve/Service/Rdam%7C1"),
            (f"ws://127.0.0.1:{csms.port}/x/{{identity}}/ocpp", "/x/Rdam%7C1/ocpp"),
        ):
            leg = await dial(backend(url))
            assert csms.requests[-1].path == path
            assert leg.version == "ocpp1.6"
            await leg.socket.close(1000, "")
    assert (
        dial.metrics.registry.get_sample_value("ocpp_gateway_backend_dials_total", {"backend": "b", "outcome": "ok"})
        == 2
    )


async def test_credentials(dial: Any) -> None:
    async with Csms().running() as csms:
        url = f"ws://127.0.0.1:{csms.port}"
        for auth, sent in (
            ("none", None),
            ("forward", "Basic eA=="),
            (Credentials(username="{identity}", password="p"), "Basic UmRhbXwxOnA="),
        ):
            leg = await dial(backend(url, auth=auth), "Basic eA==")
            assert csms.requests[-1].headers.get("Authorization") == sent
            await leg.socket.close(1000, "")


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [(401, "refused", 401), (403, "refused", 403), (404, "refused", 404), (500, "refused", 503), (302, "refused", 503)],
)
async def test_refusals_that_speak_of_the_station_are_mirrored(
    dial: Any, answer: int, outcome: str, status: int
) -> None:
    async with Csms().running() as csms:
        csms.refuse = answer
        with pytest.raises(DialError) as caught:
            await dial(backend(csms.url))
        assert (caught.value.outcome, caught.value.status) == (outcome, status)


async def test_nobody_there_and_nobody_answering(dial: Any) -> None:
    with pytest.raises(DialError) as caught:
        await dial(backend(f"ws://127.0.0.1:{free_port()}"))
    assert (caught.value.outcome, caught.value.status) == ("unreachable", 503)
    silent = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(DialError) as caught:
        await dial(backend(f"ws://127.0.0.1:{port}"), seconds=0.3)
    assert caught.value.outcome == "timeout"
    silent.close()


async def test_a_certificate_nobody_knows(dial: Any, tmp_path: Path) -> None:
    certificates.init_ca(tmp_path)
    certificates.issue_server(tmp_path, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    stranger = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=context)
    with pytest.raises(DialError) as caught:
        await dial(backend(f"wss://127.0.0.1:{stranger.sockets[0].getsockname()[1]}"))
    assert (caught.value.outcome, caught.value.status) == ("tls", 503)
    stranger.close()


async def test_a_redial_goes_on_until_the_backend_is_there() -> None:
    tries = 0

    async def dial(seconds: float) -> Any:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DialError("unreachable", 503, "")
        return "leg"

    assert await redial(dial, 10, LOGGER) == "leg"
    assert tries == 3


async def test_a_redial_gives_up_in_time_or_at_a_refusal() -> None:
    async def away(seconds: float) -> Any:
        raise DialError("unreachable", 503, "")

    began = time.monotonic()
    assert await redial(away, 0.7, LOGGER) is None
    assert 0.6 < time.monotonic() - began < 2

    async def refuses(seconds: float) -> Any:
        raise DialError("refused", 404, "")

    with pytest.raises(DialError):
        await redial(refuses, 10, LOGGER)


def test_a_leg_can_be_cut_whatever_the_loop() -> None:
    async def cut() -> None:
        async with Csms().running() as csms:
            upstream = Upstream(backend(csms.url), Limits(), Metrics())
            await upstream.open()
            leg = await upstream.dial(STATION, ["ocpp1.6"], None, 2)
            leg.socket.abort()
            await csms.wait(lambda: csms.closes)
            await upstream.close()

    asyncio.run(cut())
    uvloop.run(cut())
