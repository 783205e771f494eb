"""Traces of calls, as OpenTelemetry spans over OTLP/HTTP: one trace for each call of a station or a CSMS.

The span of a call lasts from when it came in until it is answered. What the gateway asked the other side for it are its
children, each from when it was written until its answer came. A session that is not traced has no trace, and costs a look
at an attribute for each frame. One-way messages of 2.1 have no spans.
"""

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from gateway.errors import StartError
from gateway.logs import printable
from gateway.metrics import action_label
from gateway.wires import OTHER, Session, Side, Wires
from translators.effects import Note
from translators.frames import Call, Error, Frame

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from gateway.config import Tracing as Settings
    from gateway.identity import Identity

_TRACES_PATH = "/v1/traces"
_EXPORT_SECONDS = 5.0
_LAST_SECONDS = 3.0
_TOLD = {"lost": "field", "guarded": "call", "schema_violation": "from", "mended": "version", "withheld": "action"}
"""Notes that become events of their call's span, each with this one fact: names, and nothing that a peer wrote."""


class Traced(Session, Protocol):
    """A session, as its trace sees it."""

    trace: "Trace | None"

    @property
    def identity(self) -> "Identity": ...

    @property
    def backend(self) -> str: ...


class Tracing:
    """Of one process."""

    def __init__(self, settings: "Settings", node: str) -> None:
        """Raises StartError where the packages are not installed."""
        try:
            from opentelemetry import trace
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ALWAYS_ON
        except ImportError as error:
            raise StartError(f"tracing: {error}; install ocpp-gateway[tracing]") from None
        described = {
            "service.name": "ocpp-gateway",
            "service.instance.id": node,
            "service.version": version("ocpp-gateway"),
        }
        self.kinds, self.status, self.under = trace.SpanKind, trace.StatusCode, trace.set_span_in_context
        self.ratio = settings.ratio
        self.logger: structlog.stdlib.BoundLogger = structlog.get_logger("tracing")
        exporter = OTLPSpanExporter(endpoint=address(settings.endpoint), timeout=_EXPORT_SECONDS)
        self._provider = TracerProvider(ALWAYS_ON, Resource.create(described), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self.tracer = self._provider.get_tracer("ocpp-gateway", described["service.version"])

    def chosen(self) -> bool:
        """Whether this call is among those that are traced."""
        return random.random() < self.ratio  # noqa: S311 - a sample, not a secret

    async def close(self) -> None:
        """Send what is left, for a limited time."""
        loop, sent = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop waited no longer
                loop.call_soon_threadsafe(sent.set)

        threading.Thread(target=shut_down, name="tracing", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await sent.wait()


class Trace:
    """Of one session."""

    def __init__(self, session: Traced, tracing: Tracing) -> None:
        self._session = session
        self._tracing = tracing
        self._wires = Wires(session)

    def own(self, call: Call) -> None:
        """The gateway is about to call the station for an operator."""
        self._wires.own(call)

    def read(self, side: Side, frame: Frame) -> None:
        """A frame came in from the station or from the CSMS."""
        self._safely(lambda: self._read(side, frame))

    def wrote(self, side: Side, frame: Frame) -> None:
        """A frame goes out to the station or to the CSMS."""
        self._safely(lambda: self._wrote(side, frame))

    def noted(self, note: Note) -> None:
        """The core said something about a message."""
        if note.kind == "call_timeout" or note.kind in _TOLD:
            self._safely(lambda: self._noted(note))

    def close(self) -> None:
        """The session is over: what is open will never be answered."""
        for call in self._wires.rest():
            if call.mark is not None:
                self._end(call.mark, "unanswered", "the connection ended")

    # -- inside -----------------------------------------------------------------------------------------------------

    def _read(self, side: Side, frame: Frame) -> None:
        if isinstance(frame, Call):
            if frame.type == Call.type:
                call = self._wires.came(side, frame)
                if self._tracing.chosen():
                    more = {"ocpp.other_version": self._version(OTHER[side])}
                    call.mark = self._begin(side, frame, self._tracing.kinds.SERVER, None, more)
            return
        answered = self._wires.heard(side, frame)
        if answered is not None and answered.mark is not None:
            self._answered(answered.mark, "answered", frame)

    def _wrote(self, side: Side, frame: Frame) -> None:
        if isinstance(frame, Call):
            if frame.type != Call.type:
                return
            what, call = self._wires.goes(side, frame)
            parent = call.cause.mark if call.cause is not None else None
            if parent is not None or (call.cause is None and self._tracing.chosen()):
                call.mark = self._begin(side, frame, self._tracing.kinds.CLIENT, parent, {"ocpp.what": what})
            return
        found = self._wires.answered(side, frame)
        if found is not None and found[1].mark is not None:
            self._answered(found[1].mark, found[0], frame)

    def _noted(self, note: Note) -> None:
        action = note.facts.get("action", "")
        if note.kind == "call_timeout":
            call = self._wires.given_up(note.facts["peer"], action)
            if call is not None and call.mark is not None:
                self._end(call.mark, "timeout", "not answered in time")
            return
        call = self._wires.latest(action)
        if call is not None and call.mark is not None:
            call.mark.add_event(note.kind, {_TOLD[note.kind]: str(note.facts.get(_TOLD[note.kind], ""))})

    def _begin(self, side: Side, call: Call, kind: Any, parent: "Span | None", more: dict[str, str]) -> "Span":
        session = self._session
        return self._tracing.tracer.start_span(
            action_label(call.action),
            self._tracing.under(parent) if parent is not None else None,
            kind,
            {
                "ocpp.action": printable(call.action),
                "ocpp.peer": side,
                "ocpp.version": self._version(side),
                "ocpp.message_id": printable(call.key),
                "ocpp.station": session.identity.spelt,
                "ocpp.backend": session.backend,
                **more,
            },
        )

    def _version(self, side: Side) -> str:
        about = self._session.about
        return about.subprotocol if side == "station" else about.version

    def _answered(self, span: "Span", outcome: str, answer: Frame) -> None:
        if isinstance(answer, Error):
            span.set_attribute("ocpp.error_code", printable(answer.code))
            self._end(span, outcome, "CALLERROR")
        else:
            self._end(span, outcome)

    def _end(self, span: "Span", outcome: str, wrong: str | None = None) -> None:
        span.set_attribute("ocpp.outcome", outcome)
        if wrong is not None:
            span.set_status(self._tracing.status.ERROR, wrong)
        span.end()

    def _safely(self, tell: Callable[[], None]) -> None:
        """A defect here is nobody's trouble but the reader's of traces."""
        try:
            tell()
        except Exception as defect:
            self._tracing.logger.error("tracing_failed", station=self._session.identity.spelt, exc_info=defect)
            self._session.trace = None


def address(endpoint: str) -> str:
    """Where traces go: OTLP's own path (OTLP/HTTP request) where the endpoint names none."""
    scheme, _, rest = endpoint.partition("://")
    host, slash, path = rest.partition("/")
    return endpoint if slash and path else f"{scheme}://{host}{_TRACES_PATH}"
