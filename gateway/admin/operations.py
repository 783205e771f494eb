"""One operation of the admin API: what routes it, runs it and describes it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Schema = dict[str, Any]
Run = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` after the prefix, with `{id}` for a station; `query` and `body` as JSON Schemas by name; `answers` says what
    a status means, `content` what comes with 200."""

    method: str
    path: str
    summary: str
    run: Run
    answers: dict[int, str]
    query: dict[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    content: str = "application/json"


def document(operations: list[Operation], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of these operations."""
    paths: dict[str, dict[str, Any]] = {}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for one in operations:
        in_path = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
        parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
        parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in one.query.items()]
        schema = {"type": "object" if one.content == "application/json" else "string"}
        described: dict[str, Any] = {
            "summary": one.summary,
            "parameters": parameters,
            "responses": {
                str(status): {
                    "description": what,
                    "content": problem if status >= 400 else {one.content: {"schema": schema}},
                }
                for status, what in {**one.answers, 401: "the token is missing or wrong"}.items()
            },
        }
        if one.body is not None:
            described["requestBody"] = {"required": True, "content": {"application/json": {"schema": one.body}}}
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "ocpp-gateway admin API", "version": version},
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Problem": {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                    },
                    "required": ["type", "title", "status"],
                }
            },
        },
    }
