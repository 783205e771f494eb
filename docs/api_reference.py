"""The page of the admin API's requests, from its own OpenAPI description."""

from collections.abc import Iterator
from typing import Any

from gateway.admin.api import Api, Controls
from gateway.admin.operations import document
from gateway.config import parse
from gateway.metrics import Metrics
from gateway.node import Node
from gateway.stations import Stations
from gateway.store import make_store

HEAD = """\
# API reference

Every request of the admin API. This page is written by `make docs` from the description that the gateway serves at
`GET /api/v1/openapi.json`. Do not edit it. What the requests mean, and how they are protected, is in [api.md](api.md).

Errors are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`.
"""
_ANY = """
listeners: [{bind: "127.0.0.1:0", auth: none}]
backends: {BACKEND: {url: "ws://127.0.0.1:1", subprotocols: [ocpp1.6]}}
routes: [{backend: BACKEND}]
store: "memory:"
"""


def described() -> dict[str, Any]:
    """The OpenAPI description of a gateway with one backend, named BACKEND."""
    config = parse(_ANY, {})
    node = Node(config, Stations({}), make_store(config), Metrics())

    async def reload() -> list[str]:
        return []

    return document(Api(node, Controls(lambda: None, reload)).operations, "0")


def page() -> str:
    """The page's text as the operations are now."""
    requests = [
        (method.upper(), path, told)
        for path, methods in described()["paths"].items()
        for method, told in methods.items()
    ]
    index = [f"| `{method} {path}` | {told['summary']} |" for method, path, told in requests]
    table = "\n".join(["| request | does |", "| --- | --- |", *index]) + "\n"
    return "\n".join([HEAD, table, *(text for one in requests for text in _request(*one))])


def _request(method: str, path: str, told: dict[str, Any]) -> Iterator[str]:
    yield f"## {method} {path.removeprefix('/api/v1')}\n"
    yield f"{told['summary']}\n"
    rows = [
        f"| `{one['name']}` | {one['in']} | {_type(one['schema'])} | {_default(one['schema'])} |"
        for one in told.get("parameters", [])
    ]
    if rows:
        yield "\n".join(["| parameter | in | type | default |", "| --- | --- | --- | --- |", *rows]) + "\n"
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is not None:
        required = set(body.get("required", []))
        members = [
            f"| `{name}` | {_type(schema)} | {'required' if name in required else _default(schema)} |"
            for name, schema in body.get("properties", {}).items()
        ]
        yield "\n".join(["| member of the body | type | default |", "| --- | --- | --- |", *members]) + "\n"
    for status, answer in sorted(told["responses"].items()):
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        members = [f"| `{name}` | {_type(one)} |" for name, one in _members(schema)]
        if members:
            yield "\n".join([f"| member of the answer ({status}) | type |", "| --- | --- |", *members]) + "\n"
    answers = [f"| {status} | {_escaped(one['description'])} |" for status, one in sorted(told["responses"].items())]
    yield "\n".join(["| status | means |", "| --- | --- |", *answers]) + "\n"


def _members(schema: dict[str, Any], before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything in an object, and in the objects of its lists: `name`, `name[].inner`, `name.inner`."""
    for name, one in schema.get("properties", {}).items():
        yield before + name, one
        yield from _members(one.get("items", {}), f"{before}{name}[].")
        yield from _members(one, f"{before}{name}.")


def _type(schema: dict[str, Any]) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[several]))
    kind = schema.get("type", "anything")
    bounds = [f"{word} {schema[key]}" for key, word in _BOUNDS.items() if key in schema]
    inside = f" of {_type(schema['items'])}" if "items" in schema else ""
    kinds = [f"{one}{inside}" if one == "array" else str(one) for one in (kind if isinstance(kind, list) else [kind])]
    return _escaped(" ".join([" or ".join(kinds), *bounds]))


_BOUNDS = {
    "minimum": "from",
    "exclusiveMinimum": "more than",
    "maximum": "to",
    "minLength": "from length",
    "maxLength": "to length",
}


def _default(schema: dict[str, Any]) -> str:
    return f"`{str(schema['default']).lower()}`" if "default" in schema else ""


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
