"""One operation of the admin API: what routes it, runs it and describes it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from gateway.admin.shapes import PROBLEM, Schema

Run = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX = "/api/v1"
_NO_STATION = "this is no identity, or there is no such station"


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` after the prefix, with `{id}` for a station; `query` as JSON Schemas by name, `body` makes the one of the
    body, for it may speak of the configuration; `answers` says what a status means, `returns` what comes with those below
    300, and `content` as what."""

    method: str
    path: str
    summary: str
    run: Run
    answers: dict[int, str]
    query: dict[str, Schema] = field(default_factory=dict)
    body: Callable[[], Schema] | None = None
    returns: dict[int, Schema] = field(default_factory=dict)
    content: str = "application/json"

    @property
    def may_answer(self) -> dict[int, str]:
        """All that may come of it, with what every operation of its kind may answer."""
        said = {401: "the token is missing or wrong", 403: "who asks may not"}
        if self.query:
            said[400] = "a parameter is wrong"
        if "{id}" in self.path:
            said[404] = _NO_STATION
        if self.body is not None:
            said |= {
                400: "the body is not JSON",
                413: "the body is too long",
                415: "the body is not application/json",
                422: "the body is not valid",
            }
        return {**said, **self.answers}

    def described(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        in_path = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
        parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in self.query.items()]
        found: dict[str, Any] = {
            "summary": self.summary,
            "parameters": parameters,
            "responses": {
                str(status): {"description": what, **self._content(status)}
                for status, what in sorted(self.may_answer.items())
            },
        }
        if self.body is not None:
            found["requestBody"] = {"required": True, "content": {"application/json": {"schema": self.body()}}}
        return found

    def _content(self, status: int) -> dict[str, Any]:
        if status >= 400:
            return {
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                "headers": {
                    503: {"Retry-After": {"schema": {"type": "string"}}},
                    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
                }.get(status, {}),
            }
        any_of_it = {"type": "object" if self.content == "application/json" else "string"}
        return {"content": {self.content: {"schema": self.returns.get(status, any_of_it)}}}


def document(operations: list[Operation], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of these operations."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = one.described()
    return {
        "openapi": "3.1.0",
        "info": {"title": "ocpp-gateway admin API", "version": version},
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM},
        },
    }
