"""What a request says. Raises Problem."""

from typing import Any

import jsonschema_rs
import msgspec
from aiohttp import web

from gateway.admin.problems import Problem
from gateway.admin.shapes import Schema

_MOST_MISTAKES = 20


def whole_number(text: str, name: str, least: int, most: int) -> int:
    """The value of a query parameter."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or not least <= int(text) <= most:
        raise Problem(400, "a parameter is wrong", f"{name}: should be a number from {least} to {most}")
    return int(text)


async def json_body(request: web.Request, schema: Schema) -> dict[str, Any]:
    """The object in the request's body, which fits the schema. Only as application/json: a form on somebody's page cannot
    send that."""
    if request.content_type != "application/json":
        raise Problem(415, "the body should be application/json")
    try:
        # RFC 8259 to the letter: UTF-8 whatever is said, no NaN, no half of a character.
        body = msgspec.json.decode(await request.read())
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Problem(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Problem(400, "the body should be an object")
    errors = jsonschema_rs.validator_for(schema).iter_errors(body)
    mistakes = [_mistake(error) for error, _ in zip(errors, range(_MOST_MISTAKES), strict=False)]
    if mistakes:
        raise Problem(422, "the body is not valid", "; ".join(mistakes), mistakes=mistakes)
    return body


def _mistake(error: jsonschema_rs.ValidationError) -> str:
    place = ".".join(str(part) for part in error.instance_path)
    return f"{place}: {error.message}" if place else str(error.message)
