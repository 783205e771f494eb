"""The console's files: static, read once, the same for everybody. What they show, the API tells, to who holds the token."""

from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from aiohttp import web

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Asked for again each time, and sent only when it is another: a page never has modules of two versions.
    "Cache-Control": "no-cache",
}
FOLDER = "/console/"


class _File(NamedTuple):
    content: bytes
    type: str
    etag: str


class Console:
    """`GET /`, and what it loads from `/console/`."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        for file in files("gateway").joinpath("console").iterdir():
            suffix = file.name[file.name.rfind(".") :]
            if suffix in _TYPES:
                content = file.read_bytes()
                self._files[file.name] = _File(content, _TYPES[suffix], sha256(content).hexdigest()[:32])

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self._page)
        app.router.add_get(FOLDER + "{name}", self._file)

    async def _page(self, request: web.Request) -> web.Response:
        return self._answer(request, "index.html")

    async def _file(self, request: web.Request) -> web.Response:
        return self._answer(request, request.match_info["name"])

    def _answer(self, request: web.Request, name: str) -> web.Response:
        file = self._files.get(name)
        if file is None:
            raise web.HTTPNotFound
        headers = {**_HEADERS, "Content-Type": file.type, "ETag": f'"{file.etag}"'}
        if any(tag.value in (file.etag, "*") for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=file.content, headers=headers)


def is_console(path: str) -> bool:
    """Whether a path leads to a file of the console."""
    return path == "/" or path.startswith(FOLDER)
