"""What the front of a tree of workers makes of their answers: real sockets, workers that answer as they are told."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.config import Bind
from gateway.workers import front
from gateway.workers.front import Front


class Worker:
    """Answers `status`, or never (None)."""

    def __init__(self, path: Path, status: int | None) -> None:
        self.path = path
        self.status = status
        self.asked: list[str] = []

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if self.status is None:
            await asyncio.Event().wait()
        return web.json_response({"worker": self.path.name, "status": self.status}, status=self.status or 500)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Worker"]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, str(self.path)).start()
        try:
            yield self
        finally:
            await runner.cleanup()


async def ask(
    address: tuple[str, int], method: str, path: str, body: bytes | None = None
) -> tuple[int, dict[str, object]]:
    def fetch() -> tuple[int, dict[str, object]]:
        request = urllib.request.Request(f"http://{address[0]}:{address[1]}{path}", body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    return await asyncio.to_thread(fetch)


@asynccontextmanager
async def fronted(folder: Path, *statuses: int | None) -> AsyncIterator[tuple[tuple[str, int], list[Worker]]]:
    workers = [Worker(folder / f"{number}.sock", status) for number, status in enumerate(statuses)]
    one = Front(lambda: [worker.path for worker in workers], len(workers))
    address = await one.open(Bind("127.0.0.1", 0))
    try:
        if workers:
            async with workers[0].running():
                if len(workers) == 1:
                    yield address, workers
                else:
                    async with workers[1].running():
                        yield address, workers
        else:
            yield address, workers
    finally:
        await one.close()


@pytest.mark.parametrize(("statuses", "expected"), [((200, 422), 422), ((422, 200), 422), ((200, 200), 200)])
async def test_a_reload_is_as_good_as_the_worst_of_its_workers(
    tmp_path: Path, statuses: tuple[int, int], expected: int
) -> None:
    async with fronted(tmp_path, *statuses) as (address, workers):
        status, body = await ask(address, "POST", "/api/v1/reload", b"")
        assert (status, body["status"]) == (expected, expected)
        assert [worker.asked for worker in workers] == [["POST /api/v1/reload"]] * 2


async def test_a_reload_that_a_worker_does_not_answer_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "_SECONDS", 0.2)
    async with fronted(tmp_path, 200, None) as (address, workers):
        status, body = await ask(address, "POST", "/api/v1/reload", b"")
        assert (status, body["title"]) == (504, "not every worker answers")
        assert workers[1].asked == ["POST /api/v1/reload"]


async def test_anything_else_is_answered_by_one(tmp_path: Path) -> None:
    async with fronted(tmp_path, 200, 422) as (address, workers):
        assert (await ask(address, "GET", "/api/v1/stations"))[0] == 200
        assert workers[1].asked == []
        status, body = await ask(address, "POST", "/api/v1/migrations", b" " * (5 * 1024 * 1024))
        assert (status, body["status"]) == (413, 413)


async def test_without_workers_there_is_a_problem(tmp_path: Path) -> None:
    async with fronted(tmp_path) as (address, _):
        for method, path in (("GET", "/api/v1/stations"), ("POST", "/api/v1/reload")):
            status, body = await ask(address, method, path)
            assert (status, body["title"]) == (503, "no worker answers")
