"""Migrations: planned, started, watched, and told what to do."""

import asyncio
import re
from typing import Any

import structlog
from aiohttp import web

from gateway.admin.operations import Operation
from gateway.admin.problems import Problem
from gateway.admin.reading import json_body
from gateway.migrating import HEADS, stations_of
from gateway.node import Node
from gateway.plans import Planner
from gateway.reach import Reach
from gateway.store import ConflictError, Document, StoreError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEARD_SECONDS = 5.0
_NUMBERS: dict[str, tuple[Any, float, float]] = {
    # default, least, most
    "wave_size": (50, 1, 100_000),
    "wave_interval_seconds": (60, 0, 7 * 86400),
    "idle_timeout_seconds": (None, 0, 30 * 86400),
    "abort_failed_ratio": (0.1, 0, 1),
}
_SELECT = ("identity", "tag", "backend", "subprotocol")
_TEXT = {"type": "string"}


class MigrationOperations:
    """As the node sees the fleet."""

    def __init__(self, node: Node, reach: Reach) -> None:
        self._node = node
        self._planner = Planner(node, reach)
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("admin")

    def operations(self) -> list[Operation]:
        unknown = {404: "no such migration", 503: "the store is not available"}
        body = {
            "type": "object",
            "required": ["name", "to"],
            "properties": {
                "name": {**_TEXT, "pattern": f"^{_NAME.pattern}$"},
                "select": {"type": "object", "properties": dict.fromkeys(_SELECT, _TEXT)},
                "to": _TEXT,
                "when": {"enum": ["idle", "now"], "default": "idle"},
                "canary": {"type": "boolean", "default": True},
                "dry_run": {"type": "boolean", "default": False},
                **{
                    name: {"type": ["number", "null"], "minimum": least, "maximum": most, "default": default}
                    for name, (default, least, most) in _NUMBERS.items()
                },
            },
        }
        return [
            Operation(
                "POST",
                "/migrations",
                "Move stations to another backend in waves, or say what would become of each.",
                self._start,
                {
                    200: "the plan of a dry run: stations, losses, summary",
                    201: "it has begun",
                    409: "there is one of this name",
                    422: "it is not valid",
                    503: "the store is not available",
                },
                body=body,
            ),
            Operation("GET", "/migrations", "All migrations.", self._all, {200: "migrations", 503: unknown[503]}),
            Operation("GET", "/migrations/{name}", "One, with its stations.", self._one, {200: "it", **unknown}),
            *(
                Operation(
                    "POST",
                    f"/migrations/{{name}}/{verb}",
                    what,
                    self._command,
                    {200: "it", 409: "it cannot", **unknown},
                )
                for verb, what in (
                    ("pause", "Begin nothing more."),
                    ("resume", "Go on, after a guard too."),
                    ("rollback", "Bring home what has moved."),
                )
            ),
        ]

    async def _start(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        name, settings, select = self._settings(body)
        try:
            plan = await self._planner.plan(select, settings["to"], settings["when"])
            if body.get("dry_run"):
                return web.json_response({"name": name, **plan})
            if not plan["stations"]:
                raise Problem(422, "the migration is not valid", "select: no station is selected")
            head = await self._planner.start(name, settings, plan)
        except ConflictError:
            raise Problem(409, "there is a migration of this name", name) from None
        except StoreError as error:
            raise Problem(503, "the store is not available", str(error)) from None
        self._logger.warning("operator_migration", migration=name, command="start", remote=request.remote)
        return web.json_response({"name": name, **head, "summary": plan["summary"]}, status=201)

    def _settings(self, body: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Raises Problem with all that is wrong."""
        wrong: list[str] = []
        name, to, when = body.get("name"), body.get("to"), body.get("when", "idle")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            wrong.append("name: should be 1 to 64 of a-z A-Z 0-9 . _ - and begin with a letter or digit")
        if not isinstance(to, str) or to not in self._node.config.backends:
            wrong.append(f"to: there is no backend {to}")
        if when not in ("idle", "now"):
            wrong.append("when: should be idle or now")
        known = {"name", "select", "to", "when", "canary", "dry_run", *_NUMBERS}
        wrong += [f"{key}: is not known" for key in body if key not in known]
        settings: dict[str, Any] = {"to": to, "when": when}
        for key in ("canary", "dry_run"):
            if not isinstance(body.get(key, False), bool):
                wrong.append(f"{key}: should be true or false")
        settings["canary"] = body.get("canary", True)
        for key, (default, least, most) in _NUMBERS.items():
            value = body.get(key, default)
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
            may_be_none = key in ("idle_timeout_seconds", "abort_failed_ratio")
            if not is_number and not (value is None and may_be_none):
                wrong.append(f"{key}: should be a number from {least} to {most}{' or null' if may_be_none else ''}")
            settings[key] = value
        if isinstance(settings["wave_size"], float):
            wrong.append("wave_size: should be a whole number")
        given = body.get("select", {})
        if not isinstance(given, dict) or any(not isinstance(value, str | None) for value in given.values()):
            wrong.append("select: should be an object of texts")
            given = {}
        wrong += [f"select.{key}: is not known" for key in given if key not in _SELECT]
        select = {key: given.get(key) or None for key in _SELECT}
        settings["select"] = select
        if wrong:
            raise Problem(422, "the migration is not valid", "; ".join(wrong), mistakes=wrong)
        assert isinstance(name, str)
        return name, settings, select

    async def _all(self, request: web.Request) -> web.Response:
        try:
            heads = await self._node.store.documents(HEADS)
        except StoreError as error:
            raise Problem(503, "the store is not available", str(error)) from None
        return web.json_response({"migrations": [{"name": head.name, **head.value} for head in heads]})

    async def _one(self, request: web.Request) -> web.Response:
        return web.json_response(await self._whole(await self._head(request)))

    async def _command(self, request: web.Request) -> web.Response:
        """Written for whichever node runs it, and waited for."""
        verb = request.path.rsplit("/", 1)[1]
        head = await self._head(request)
        may = {
            "pause": ("running",),
            "resume": ("paused", "aborted"),
            "rollback": ("running", "paused", "done", "aborted"),
        }
        if head.value["state"] not in may[verb]:
            raise Problem(409, f"a migration that is {head.value['state']} cannot {verb}", head.name)
        self._logger.warning("operator_migration", migration=head.name, command=verb, remote=request.remote)
        try:
            await self._write_command(head, verb)
            async with asyncio.timeout(_HEARD_SECONDS):
                # It is in the store that a node says so.
                while (head := await self._head(request)).value.get("command"):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pass  # it stands in the store: a node obeys as soon as one can
        except StoreError as error:
            raise Problem(503, "the store is not available", str(error)) from None
        return web.json_response(await self._whole(head))

    async def _write_command(self, head: Document, verb: str) -> None:
        while True:
            try:
                await self._node.store.put(HEADS, head.name, {**head.value, "command": verb}, head.version)
                return
            except ConflictError:
                newest = await self._node.store.document(HEADS, head.name)
                if newest is None:
                    raise
                head = newest

    async def _head(self, request: web.Request) -> Document:
        name = request.match_info["name"]
        try:
            head = await self._node.store.document(HEADS, name)
        except StoreError as error:
            raise Problem(503, "the store is not available", str(error)) from None
        if head is None:
            raise Problem(404, "no such migration", name)
        return head

    async def _whole(self, head: Document) -> dict[str, Any]:
        try:
            journal = await self._node.store.documents(stations_of(head.name))
        except StoreError as error:
            raise Problem(503, "the store is not available", str(error)) from None
        counts = dict.fromkeys(head.value.get("counts", {}), 0)
        for one in journal:
            counts[one.value["state"]] = counts.get(one.value["state"], 0) + 1
        return {"name": head.name, **head.value, "counts": counts, "stations": [one.value for one in journal]}
