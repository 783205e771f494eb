"""Traces of calls: what they tell, and what they never do."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.config import Tracing as Settings
from gateway.identity import Identity
from gateway.tracing import Trace, Tracing, address
from tests.otlp import Collector, Span
from translators.effects import Note
from translators.frames import Frame, decode


def frame(*parts: Any) -> Frame:
    return decode(json.dumps(parts))


def traced(tracing: Tracing, csms: str = "ocpp2.0.1") -> tuple[Trace, Any]:
    about = SimpleNamespace(subprotocol="ocpp1.6", version=csms)
    session = SimpleNamespace(identity=Identity("CP-1", "cp-1"), about=about, backend="cloud", trace=None)
    session.trace = Trace(cast(Any, session), tracing)
    return session.trace, session


async def spans_of(play: Any, ratio: float = 1.0, csms: str = "ocpp2.0.1") -> tuple[list[Span], bytes]:
    async with Collector().running() as collector:
        tracing = Tracing(Settings(endpoint=f"http://127.0.0.1:{collector.port}", ratio=ratio), "north-1")
        trace, _ = traced(tracing, csms)
        play(trace)
        trace.close()
        await tracing.close()
        return collector.spans, b"".join(collector.bodies)


async def test_a_call_and_what_it_made_the_gateway_ask_are_one_trace() -> None:
    def play(trace: Trace) -> None:
        trace.read("station", frame(2, "1", "StartTransaction", {"idTag": "CANARY"}))
        trace.noted(Note("lost", {"from": "ocpp1.6", "to": "ocpp2.0.1", "action": "StartTransaction", "field": "x"}))
        trace.wrote("csms", frame(2, "g1", "TransactionEvent", {"idToken": {"idToken": "CANARY"}}))
        trace.read("csms", frame(3, "g1", {}))
        trace.wrote("station", frame(3, "1", {"transactionId": 1, "idTagInfo": {"status": "CANARY"}}))

    (child, root), body = await spans_of(play)
    assert b"CANARY" not in body, "no payload leaves"
    assert (root.name, root.kind, root.parent, root.failed) == ("StartTransaction", 2, b"", None)
    assert root.attributes == {
        "ocpp.action": "StartTransaction",
        "ocpp.peer": "station",
        "ocpp.version": "ocpp1.6",
        "ocpp.other_version": "ocpp2.0.1",
        "ocpp.message_id": "1",
        "ocpp.station": "CP-1",
        "ocpp.backend": "cloud",
        "ocpp.outcome": "translated",
    }
    assert root.events == [("lost", {"field": "x"})]
    assert root.resource["service.name"] == "ocpp-gateway"
    assert root.resource["service.instance.id"] == "north-1"
    assert (child.name, child.kind, child.parent, child.trace) == ("TransactionEvent", 3, root.id, root.trace)
    assert child.attributes["ocpp.what"] == "translated"
    assert child.attributes["ocpp.peer"] == "csms"
    assert root.began <= child.began <= child.ended <= root.ended


async def test_what_goes_wrong_is_an_error_of_its_span() -> None:
    def play(trace: Trace) -> None:
        trace.read("csms", frame(2, "1", "Reset", {}))
        trace.wrote("station", frame(2, "1", "Reset", {}))
        trace.read("station", frame(4, "1", "NotSupported", "", {}))
        trace.wrote("csms", frame(4, "1", "NotSupported", "", {}))
        trace.read("station", frame(2, "2", "StopTransaction", {}))
        trace.wrote("csms", frame(2, "2", "StopTransaction", {}))
        trace.noted(Note("call_timeout", {"peer": "csms", "action": "StopTransaction", "seconds": 1.0}))

    spans, _ = await spans_of(play, csms="ocpp1.6")
    told = [(one.name, one.attributes["ocpp.outcome"], one.failed) for one in spans]
    assert told == [
        ("Reset", "answered", "CALLERROR"),
        ("Reset", "passed on", "CALLERROR"),
        ("StopTransaction", "timeout", "not answered in time"),
        ("StopTransaction", "unanswered", "the connection ended"),
    ]
    assert spans[0].attributes["ocpp.error_code"] == "NotSupported"


async def test_a_call_that_is_not_chosen_has_no_spans_nor_has_what_comes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    chances = iter([0.5, 0.1])
    monkeypatch.setattr("gateway.tracing.random.random", lambda: next(chances))

    def play(trace: Trace) -> None:
        for name in ("1", "2"):
            trace.read("station", frame(2, name, "Heartbeat", {}))
            trace.wrote("csms", frame(2, f"g{name}", "Heartbeat", {}))
            trace.read("csms", frame(3, f"g{name}", {}))
            trace.wrote("station", frame(3, name, {}))

    spans, _ = await spans_of(play, ratio=0.25)
    assert [one.attributes["ocpp.message_id"] for one in spans] == ["g2", "2"]


async def test_names_that_no_version_knows_make_no_names_of_spans() -> None:
    spans, _ = await spans_of(lambda trace: trace.read("station", frame(2, "1", "Evil\nAction", {})))
    assert [(one.name, one.attributes["ocpp.action"]) for one in spans] == [("other", "Evil\\u000aAction")]


async def test_a_defect_ends_the_trace_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    tracing = Tracing(Settings(endpoint="http://127.0.0.1:9", ratio=1.0), "north-1")
    trace, session = traced(tracing)
    monkeypatch.setattr(trace._wires, "came", lambda *_: 1 / 0)
    trace.read("station", frame(2, "1", "Heartbeat", {}))
    assert session.trace is None
    await tracing.close()


@pytest.mark.parametrize(
    ("endpoint", "where"),
    [
        ("http://c:4318", "http://c:4318/v1/traces"),
        ("http://c:4318/", "http://c:4318/v1/traces"),
        ("https://c/otlp/v1/traces", "https://c/otlp/v1/traces"),
    ],
)
def test_where_traces_go(endpoint: str, where: str) -> None:
    assert address(endpoint) == where


def test_without_the_packages_it_says_what_to_install() -> None:
    program = """
import sys
sys.modules["opentelemetry"] = None
from gateway.config import Tracing as Settings
from gateway.errors import StartError
from gateway.tracing import Tracing
try:
    Tracing(Settings(endpoint="http://127.0.0.1:9"), "n")
except StartError as error:
    print(*error.lines)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("install ocpp-gateway[tracing]")
