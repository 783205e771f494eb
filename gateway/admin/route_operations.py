"""Which backend a station has: an operator gives it one, or back to the rules."""

from typing import Any

import structlog
from aiohttp import web

from gateway.admin import shapes
from gateway.admin.operations import Operation
from gateway.admin.problems import Problem, problem_of
from gateway.admin.reading import json_body
from gateway.admin.station_operations import identity_in
from gateway.cluster import NodeFailed, NodeUnreachable
from gateway.identity import Identity
from gateway.node import Node
from gateway.reach import SWITCH_SECONDS, Reach
from gateway.store import StoreError

_MOST_WAIT = 60.0


class RouteOperations:
    """As the node sees all nodes."""

    def __init__(self, node: Node, reach: Reach) -> None:
        self._node = node
        self._reach = reach
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("admin")

    def operations(self) -> list[Operation]:
        answers = {
            200: "it is in force; `connected`: whether the station was there to be moved",
            409: "the station stays where it is; `reason` says why",
            422: "no such backend, or no translation to it",
            503: "the store is not available",
            504: "its node did not answer",
        }
        return [
            Operation(
                "PUT",
                "/stations/{id}/route",
                "Give a station another backend, without touching its connection.",
                self._put,
                answers,
                body=self._body,
                returns={200: shapes.ROUTED},
            ),
            Operation(
                "DELETE",
                "/stations/{id}/route",
                "Give a station back to the rules.",
                self._delete,
                answers,
                returns={200: shapes.ROUTED},
            ),
        ]

    def _body(self) -> shapes.Schema:
        return {
            "type": "object",
            "required": ["backend"],
            "properties": {
                "backend": {"enum": list(self._node.config.backends)},
                "when": {"enum": ["idle", "now"], "default": "idle"},
                "wait_seconds": {"type": "number", "minimum": 0, "maximum": _MOST_WAIT, "default": 0},
            },
            "additionalProperties": False,
        }

    async def _put(self, request: web.Request) -> web.Response:
        identity, body = identity_in(request), await json_body(request, self._body())
        wait = float(body.get("wait_seconds", 0))
        return await self._move(request, identity, body["backend"], body.get("when", "idle"), wait)

    async def _delete(self, request: web.Request) -> web.Response:
        return await self._move(request, identity_in(request), None, "idle", 0.0)

    async def _move(
        self, request: web.Request, identity: Identity, backend: str | None, when: str, wait: float
    ) -> web.Response:
        message = {"verb": "switch", "station": identity.key, "backend": backend, "when": when, "wait": wait}
        outcome: dict[str, Any] = {"state": "failed", "reason": "unreachable"}
        try:
            outcome = await self._reach.station(identity.key, message, SWITCH_SECONDS)
        except NodeFailed as failure:
            if failure.problem != "not_connected":
                raise problem_of(failure) from None
            outcome = await self._write(identity, backend)
        except NodeUnreachable as failure:
            raise problem_of(failure) from None
        finally:
            self._logger.warning(
                "operator_route",
                station=identity.spelt,
                backend=backend or "the rules",
                outcome=outcome["state"],
                remote=request.remote,
            )
        if outcome["state"] != "done":
            raise Problem(409, "the station stays where it is", outcome["why"], reason=outcome["reason"])
        connected = outcome.get("connected", True)
        return web.json_response({"identity": identity.spelt, "backend": outcome["backend"], "connected": connected})

    async def _write(self, identity: Identity, backend: str | None) -> dict[str, Any]:
        """It is not connected: it will find the route when it comes."""
        try:
            if backend is None:
                await self._node.overrides.clear(identity.key)
            else:
                await self._node.overrides.set(identity.key, backend)
        except StoreError as error:
            raise Problem(503, "the store is not available", str(error)) from None
        return {"state": "done", "backend": backend, "connected": False}
