"""The admin address of a tree of workers: their metrics as one page, everything else answered by one of them."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import aiohttp
from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.admin.problems import Problem
from gateway.config import Bind
from gateway.workers.merge import merged

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = 5.0
_ALL = frozenset({"/api/v1/reload"})
"""What concerns every worker. A drain is the supervisor's: the worker that is told tells it."""
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "content-length"})


class Front:
    """Knows its workers by the sockets of their admin servers; `restarts` counts those started again."""

    def __init__(self, workers: Callable[[], list[Path]], wanted: int) -> None:
        self._workers = workers
        self._wanted = wanted
        self.restarts = 0
        self.draining = False
        self._runner: web.AppRunner | None = None

    async def open(self, bind: Bind) -> tuple[str, int]:
        """Listen; the address bound. Raises OSError."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_route("*", "/{path:.*}", self._other)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, bind.host, bind.port).start()
        host, port, *_ = self._runner.addresses[0]
        return host, port

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _livez(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def _readyz(self, request: web.Request) -> web.Response:
        """Ready while one worker is: the others come back by themselves, and take no connection meanwhile."""
        answers = await self._ask_all("/readyz")
        ready = sum(1 for status, _ in answers if status == 200)
        body: dict[str, object] = {"status": "ready" if ready else "not ready", "workers": self._wanted, "ready": ready}
        if not ready:
            body["reasons"] = ["draining"] if self.draining else ["workers"]
        return web.json_response(body, status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        pages = [page for status, page in await self._ask_all("/metrics") if status == 200]
        page = await asyncio.to_thread(merged, pages, list(self.own_metrics(len(pages))))
        return web.Response(body=page, headers={"Content-Type": _METRICS_TYPE})

    def own_metrics(self, up: int) -> Iterable[Metric]:
        """What only the supervisor knows; `up`: workers that answered."""
        workers = GaugeMetricFamily("ocpp_gateway_workers", "Worker processes that answer")
        workers.add_metric([], up)
        restarts = CounterMetricFamily("ocpp_gateway_worker_restarts", "Worker processes started again")
        restarts.add_metric([], self.restarts)
        return workers, restarts

    async def _ask_all(self, path: str) -> list[tuple[int, str]]:
        async def ask(socket: Path) -> tuple[int, str]:
            try:
                async with _session(socket) as session, session.get(f"http://worker{path}") as answer:
                    return answer.status, await answer.text()
            except (aiohttp.ClientError, OSError, TimeoutError):
                return 0, ""

        return list(await asyncio.gather(*(ask(socket) for socket in self._workers())))

    async def _other(self, request: web.Request) -> web.StreamResponse:
        """By any worker, for each can answer for all; what concerns every worker goes to every one."""
        try:
            body = await request.read()
            return await (self._by_all if request.path in _ALL else self._by_any)(request, body)
        except Problem as problem:
            return problem.response()
        except web.HTTPException as error:
            return Problem(error.status, error.reason).response()

    async def _by_any(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """By the first that answers. Raises Problem."""
        for socket in self._workers():
            try:
                return await self._passed_on(request, body, socket, stream=True)
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, OSError, TimeoutError):
                if request.method not in ("GET", "HEAD"):
                    break  # it may have been done: another worker must not do it again
        raise Problem(503, "no worker answers")

    async def _by_all(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """By every one; the worst answer. One that is about to start reads what there is by itself. Raises Problem."""
        answers: list[web.StreamResponse] = []
        silent = 0
        for socket in self._workers():
            try:
                answers.append(await self._passed_on(request, body, socket, stream=False))
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, OSError, TimeoutError):
                silent += 1
        if not answers:
            raise Problem(503, "no worker answers")
        worst = max(answers, key=lambda answer: answer.status)
        if silent and worst.status < 400:
            raise Problem(
                504, "not every worker answers", f"{silent} of {silent + len(answers)} gave no answer in time"
            )
        return worst

    async def _passed_on(self, request: web.Request, body: bytes, socket: Path, *, stream: bool) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.casefold() not in _HOP_BY_HOP}
        async with (
            _session(socket, forever=stream) as session,
            session.request(
                request.method,
                f"http://worker{request.path_qs}",
                headers=headers,
                data=body or None,
                allow_redirects=False,
            ) as answer,
        ):
            kept = {name: value for name, value in answer.headers.items() if name.casefold() not in _HOP_BY_HOP}
            if answer.content_type != "text/event-stream":
                return web.Response(status=answer.status, headers=kept, body=await answer.read())
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            # It has begun: whoever of the two goes away ends it, and no other worker takes it over.
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
            return response


def _session(socket: Path, *, forever: bool = False) -> aiohttp.ClientSession:
    seconds = aiohttp.ClientTimeout(total=None if forever else _SECONDS, sock_connect=_SECONDS)
    return aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(path=str(socket)), timeout=seconds, auto_decompress=False
    )
