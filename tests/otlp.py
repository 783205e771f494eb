"""A collector of traces: OTLP over HTTP, decoded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """One span as it came over the wire, with the attributes of its resource."""

    name: str
    kind: int
    id: bytes
    parent: bytes
    trace: bytes
    began: int
    ended: int
    attributes: dict[str, str]
    events: list[tuple[str, dict[str, str]]]
    failed: str | None
    resource: dict[str, str]


class Collector:
    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.port = 0

    async def wait(self, number: int, seconds: float = 20.0) -> list[Span]:
        async with asyncio.timeout(seconds):
            while len(self.spans) < number:
                await asyncio.sleep(0.05)
        return self.spans

    async def _export(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        message = ExportTraceServiceRequest.FromString(body)
        for resource in message.resource_spans:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_spans:
                self.spans += [_span(span, about) for span in scope.spans]
        return web.Response(content_type="application/x-protobuf")

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Collector"]:
        app = web.Application()
        app.router.add_post("/v1/traces", self._export)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()


def _attributes(found: Any) -> dict[str, str]:
    return {one.key: one.value.string_value for one in found}


def _span(span: Any, resource: dict[str, str]) -> Span:
    return Span(
        span.name,
        span.kind,
        span.span_id,
        span.parent_span_id,
        span.trace_id,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _attributes(span.attributes),
        [(event.name, _attributes(event.attributes)) for event in span.events],
        span.status.message if span.status.code == 2 else None,
        resource,
    )
