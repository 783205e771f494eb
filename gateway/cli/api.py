"""The admin API as the verbs use it."""

import http.client
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from gateway.cli import Failed

_SECONDS = 90.0
_DEFAULT = "http://127.0.0.1:9090"
_PATH = Path("gateway.yaml")
NOT_REACHABLE = 4


class AdminApi:
    """The API at `url`. Errors end the command: 4 when it cannot be reached, 1 when it refuses."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self._token = token

    def get(self, path: str) -> Any:
        return self._request("GET", path, None)

    def post(self, path: str, body: Any = None) -> Any:
        return self._request("POST", path, {} if body is None else body)

    def put(self, path: str, body: Any) -> Any:
        return self._request("PUT", path, body)

    def delete(self, path: str) -> Any:
        return self._request("DELETE", path, None)

    def events(self, path: str) -> Iterator[tuple[str, str]]:
        """Name and data of server-sent events, to the end of the stream; an empty name for a sign of life."""
        with self._opened("GET", path, None) as answer:
            name, lines = "", iter(answer)
            while True:
                try:
                    line = next(lines, b"")
                except (OSError, http.client.HTTPException):
                    return  # it broke off
                if not line:
                    return
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    yield name, value
                elif not field and value:
                    yield "", ""

    def _request(self, method: str, path: str, body: Any) -> Any:
        try:
            with self._opened(method, path, body) as answer:
                return json.loads(answer.read())
        except (OSError, ValueError) as error:
            raise Failed(f"ocpp-gateway: no admin API at {self.url}: {error}", NOT_REACHABLE) from None

    def _opened(self, method: str, path: str, body: Any) -> http.client.HTTPResponse:
        headers = {"Accept": "application/json, text/event-stream"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)  # noqa: S310
        try:
            # No proxy of the environment: the token is for the gateway alone.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            answer: http.client.HTTPResponse = opener.open(request, timeout=_SECONDS)
            return answer
        except urllib.error.HTTPError as error:
            raise Failed(f"ocpp-gateway: {_said(error)}") from None
        except urllib.error.URLError as error:
            reason = getattr(error.reason, "strerror", None) or error.reason
            raise Failed(f"ocpp-gateway: no admin API at {self.url}: {reason}", NOT_REACHABLE) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Failed(f"ocpp-gateway: no admin API at {self.url}: {error}", NOT_REACHABLE) from None


def _said(error: urllib.error.HTTPError) -> str:
    try:
        problem = json.loads(error.read())
        texts = [str(problem[name]) for name in ("title", "detail") if name in problem]
    except (ValueError, TypeError, OSError):
        texts = [error.reason]
    return f"{error.code}: {': '.join(texts)}"


def admin_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--admin, --token and -c, which together say where the API is; the command gets `api`."""

    @click.option(
        "--admin", "admin_url", metavar="URL", help=f"The admin address.  [default: the file's, or {_DEFAULT}]"
    )
    @click.option(
        "--token", envvar="OCPP_GATEWAY_TOKEN", help="Its token; also OCPP_GATEWAY_TOKEN.  [default: the file's]"
    )
    @click.option(
        "-c",
        "--config",
        "path",
        type=click.Path(path_type=Path),
        help="The configuration file that says where it is.  [default: gateway.yaml, where there is one]",
    )
    def wrapped(admin_url: str | None, token: str | None, path: Path | None, **rest: Any) -> Any:
        return command(api=_api(admin_url, token, path), **rest)

    wrapped.__doc__ = command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", []) + wrapped.__click_params__  # type: ignore[attr-defined]
    return wrapped


def _api(url: str | None, token: str | None, path: Path | None) -> AdminApi:
    if url is None and (path is not None or _PATH.is_file()):
        from gateway.config import ConfigError, load

        try:
            admin = load(path or _PATH, os.environ).admin
        except ConfigError as error:
            raise Failed(error.mistakes, 2) from None
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(admin.bind.host)  # noqa: S104
        url = f"http://{host}:{admin.bind.port}" if host else f"http://{admin.bind}"
        if token is None and admin.token is not None:
            token = admin.token.get_secret_value()
    url = url or _DEFAULT
    if not re.match(r"https?://[^/]", url):
        raise Failed("ocpp-gateway: --admin wants a URL such as http://127.0.0.1:9090", 2)
    return AdminApi(url, token)


def print_table(headings: list[str], rows: list[list[Any]]) -> None:
    """For people: columns as wide as they have to be, None as a dash."""
    texts = [[_text(cell) for cell in row] for row in [headings, *rows]]
    widths = [max(len(row[column]) for row in texts) for column in range(len(headings))]
    for row in texts:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _text(cell: Any) -> str:
    # What a station says of itself must not move the cursor.
    return "-" if cell is None else "".join(sign if sign.isprintable() else "?" for sign in str(cell))
