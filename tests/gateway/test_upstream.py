"""Dialling: what each kind of failure is called, and the patience of a redial."""

import asyncio
import ssl
import time
from math import inf
from pathlib import Path
from typing import Any

import pytest
import structlog
import uvloop
from structlog.testing import LogCapture

from gateway import certificates
from gateway.config import Backend, Credentials, Limits
from gateway.identity import Identity
from gateway.metrics import Metrics
from gateway.upstream import DialError, Leg, StationDialler, Upstream, redial
from tests.support import Csms, free_port

STATION = Identity("Rdam|1", "rdam|1")
LOGGER = structlog.get_logger()


def backend(url: str, **more: Any) -> Backend:
    made = Backend(url=url, **more)
    made._name = "b"
    return made


@pytest.fixture
async def dial() -> Any:
    metrics = Metrics()

    async def go(to: Backend, authorization: str | None = None, seconds: float = 2) -> Leg:
        upstream = Upstream(to, Limits(), metrics)
        await upstream.open()
        return await upstream.dial(STATION, ["ocpp1.6"], authorization, seconds)

    go.metrics = metrics  # type: ignore[attr-defined]
    return go


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


class Dial:
    """Answers with these in turn, the last for ever."""

    def __init__(self, *outcomes: Any) -> None:
        self._outcomes = list(outcomes)
        self.tries = 0

    async def __call__(self, seconds: float) -> Any:
        self.tries += 1
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def opening(self, seconds: float) -> None:
        return

    def farewell(self) -> float:
        return 0.0


AWAY = DialError("unreachable", 503, "")


async def test_a_redial_goes_on_until_the_backend_is_there() -> None:
    dial = Dial(AWAY, AWAY, "leg")
    assert await redial(dial, 10, LOGGER) == "leg"  # type: ignore[comparison-overlap]
    assert dial.tries == 3


async def test_a_redial_without_end_is_told_of_once_for_each_outcome() -> None:
    capture = LogCapture()
    logger = structlog.wrap_logger(None, processors=[capture], wrapper_class=structlog.stdlib.BoundLogger)
    timeout = DialError("timeout", 503, "")
    assert await redial(Dial(AWAY, AWAY, timeout, "leg"), inf, logger) == "leg"  # type: ignore[comparison-overlap]
    assert [event["outcome"] for event in capture.entries] == ["unreachable", "timeout"]


async def test_a_redial_gives_up_in_time_or_at_a_refusal() -> None:
    began = time.monotonic()
    assert await redial(Dial(AWAY), 0.7, LOGGER) is None
    assert 0.6 < time.monotonic() - began < 2
    with pytest.raises(DialError):
        await redial(Dial(DialError("refused", 404, "")), 10, LOGGER)


async def test_a_backend_that_is_down_is_asked_by_one_station_in_a_while() -> None:
    metrics, port = Metrics(), free_port()
    upstream = Upstream(backend(f"ws://127.0.0.1:{port}/ocpp"), Limits(), metrics)
    await upstream.open()
    outcomes = []
    for _ in range(20):
        with pytest.raises(DialError) as caught:
            await upstream.dial(STATION, ["ocpp1.6"], None, 2)
        outcomes.append(caught.value.outcome)
    assert outcomes == ["unreachable"] * 5 + ["breaker"] * 15
    csms = Csms()
    csms.port = port
    async with csms.running(), asyncio.timeout(15):
        diallers = [StationDialler(upstream, Identity(f"CP-{n}", f"cp-{n}"), ["ocpp1.6"], None) for n in range(20)]
        legs = await asyncio.gather(*(redial(one, 14, LOGGER) for one in diallers))
        assert len([leg for leg in legs if leg is not None]) == 20
        # One asked, and its success let the others in.
        assert metrics.registry.get_sample_value(
            "ocpp_gateway_backend_dials_total", {"backend": "b", "outcome": "unreachable"}
        ) in (5, 6)
        await asyncio.gather(*(leg.socket.close(1000, "") for leg in legs if leg is not None))


async def test_a_station_that_a_backend_fails_for_keeps_no_other_out() -> None:
    metrics = Metrics()
    async with Csms().running() as csms:
        csms.refuse = 500
        upstream = Upstream(backend(csms.url), Limits(), metrics)
        await upstream.open()
        for _ in range(10):
            with pytest.raises(DialError) as caught:
                await upstream.dial(STATION, ["ocpp1.6"], None, 2)
            assert caught.value.outcome == "refused"
        for number in range(2):
            with pytest.raises(DialError):
                await upstream.dial(Identity(f"CP-{number}", f"cp-{number}"), ["ocpp1.6"], None, 2)
        with pytest.raises(DialError) as caught:
            await upstream.dial(STATION, ["ocpp1.6"], None, 2)
        assert caught.value.outcome == "breaker"


async def test_a_fleet_is_let_go_one_after_another() -> None:
    upstream = Upstream(backend("ws://127.0.0.1:1/ocpp"), Limits(), Metrics())
    delays = [upstream.farewell() for _ in range(2000)]
    assert delays[0] == 0
    assert delays[100] == pytest.approx(1.0, abs=0.1)
    assert max(delays) <= 5


def test_a_leg_can_be_cut_whatever_the_loop() -> None:
    async def cut() -> None:
        async with Csms().running() as csms:
            upstream = Upstream(backend(csms.url), Limits(), Metrics())
            await upstream.open()
            leg = await upstream.dial(STATION, ["ocpp1.6"], None, 2)
            leg.socket.abort()
            await csms.wait(lambda: csms.closes)

    asyncio.run(cut())
    uvloop.run(cut())


async def test_a_redial_does_not_sleep_through_the_last_moments() -> None:
    """A backend that is back shortly before the deadline is found: no pause leaves less than a dial takes."""
    began = asyncio.get_running_loop().time()

    class Late(Dial):
        async def __call__(self, seconds: float) -> Any:
            if asyncio.get_running_loop().time() < began + 1.0:
                raise AWAY
            return "leg"

    assert await asyncio.gather(*(redial(Late(), 2.0, LOGGER) for _ in range(50))) == ["leg"] * 50
