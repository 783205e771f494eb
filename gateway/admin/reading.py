"""What a request says. Raises Problem."""

import json
from typing import Any

from aiohttp import web

from gateway.admin.problems import Problem


def whole_number(text: str, name: str, least: int, most: int) -> int:
    """The value of a query parameter."""
    if not (text.isascii() and text.isdigit()) or not least <= int(text[:9]) <= most:
        raise Problem(400, "a parameter is wrong", f"{name}: should be a number from {least} to {most}")
    return int(text)


async def json_body(request: web.Request) -> dict[str, Any]:
    """The object in the request's body. Only as application/json: a form on somebody's page cannot send that."""
    if request.content_type != "application/json":
        raise Problem(415, "the body should be application/json")
    try:
        body = json.loads(await request.text())
    except (ValueError, RecursionError):
        raise Problem(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Problem(400, "the body should be an object")
    return body
