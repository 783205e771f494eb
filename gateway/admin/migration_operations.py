"""Migrations: planned, started, watched, and told what to do."""

import asyncio
from typing import Any

import structlog
from aiohttp import web

from gateway.admin import shapes
from gateway.admin.operations import Operation
from gateway.admin.problems import Problem
from gateway.admin.reading import json_body
from gateway.migrating import HEADS, stations_of
from gateway.node import Node
from gateway.plans import Planner
from gateway.reach import Reach
from gateway.store import ConflictError, Document, StoreError

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_HEARD_SECONDS = 5.0
_SETTINGS: dict[str, shapes.Schema] = {
    "when": {"enum": ["idle", "now"], "default": "idle"},
    "canary": {"type": "boolean", "default": True},
    "wave_size": {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 50},
    "wave_interval_seconds": {"type": "number", "minimum": 0, "maximum": 7 * 86400, "default": 60},
    "idle_timeout_seconds": {"type": ["number", "null"], "minimum": 0, "maximum": 30 * 86400, "default": None},
    "abort_failed_ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "default": 0.1},
}
_SELECT = ("identity", "tag", "backend", "subprotocol")


class MigrationOperations:
    """As the node sees the fleet."""

    def __init__(self, node: Node, reach: Reach) -> None:
        self._node = node
        self._planner = Planner(node, reach)
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("admin")

    def operations(self) -> list[Operation]:
        unknown = {404: "no such migration", 503: "the store is not available"}
        return [
            Operation(
                "POST",
                "/migrations",
                "Move stations to another backend in waves, or say what would become of each.",
                self._start,
                {
                    200: "the plan of a dry run: stations, losses, summary",
                    201: "it has begun",
                    409: "there is one of this name, or no station is selected",
                    503: "the store is not available",
                },
                body=self._body,
                returns={200: shapes.PLAN, 201: shapes.MIGRATION_LINE},
            ),
            Operation(
                "GET",
                "/migrations",
                "All migrations.",
                self._all,
                {200: "migrations", 503: unknown[503]},
                returns={200: shapes.MIGRATIONS},
            ),
            Operation(
                "GET",
                "/migrations/{name}",
                "One, with its stations.",
                self._one,
                {200: "it", **unknown},
                returns={200: shapes.MIGRATION},
            ),
            *(
                Operation(
                    "POST",
                    f"/migrations/{{name}}/{verb}",
                    what,
                    self._command,
                    {200: "it", 409: "it cannot", **unknown},
                    returns={200: shapes.MIGRATION},
                )
                for verb, what in (
                    ("pause", "Begin nothing more."),
                    ("resume", "Go on, after a guard too."),
                    ("rollback", "Bring home what has moved."),
                )
            ),
        ]

    async def _start(self, request: web.Request) -> web.Response:
        body = await json_body(request, self._body())
        name, settings = body["name"], _settings(body)
        select = settings["select"]
        try:
            plan = await self._planner.plan(select, settings["to"], settings["when"])
            if body.get("dry_run"):
                return web.json_response({"name": name, **plan})
            if not plan["stations"]:
                raise Problem(409, "no station is selected")
            head = await self._planner.start(name, settings, plan)
        except ConflictError:
            raise Problem(409, "there is a migration of this name", name) from None
        except StoreError as error:
            raise Problem(503, "the store is not available", str(error)) from None
        self._logger.warning("operator_migration", migration=name, command="start", remote=request.remote)
        return web.json_response({"name": name, **head, "summary": plan["summary"]}, status=201)

    def _body(self) -> shapes.Schema:
        return {
            "type": "object",
            "required": ["name", "to"],
            "properties": {
                "name": {"type": "string", "pattern": f"^{_NAME}$"},
                "to": {"enum": list(self._node.config.backends)},
                "select": {
                    "type": "object",
                    "properties": dict.fromkeys(_SELECT, shapes.maybe(shapes.TEXT)),
                    "additionalProperties": False,
                },
                **_SETTINGS,
                "dry_run": {"type": "boolean", "default": False},
            },
            "additionalProperties": False,
        }

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


def _settings(body: dict[str, Any]) -> dict[str, Any]:
    """Of a valid body, with what it leaves out."""
    settings: dict[str, Any] = {key: body.get(key, schema["default"]) for key, schema in _SETTINGS.items()}
    select = {key: body.get("select", {}).get(key) or None for key in _SELECT}
    # JSON has one kind of number: 50.0 is whole.
    return {**settings, "wave_size": int(settings["wave_size"]), "to": body["to"], "select": select}
