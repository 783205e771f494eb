"""What a migration would do to every station, before anything is done; and its start."""

from collections import Counter
from dataclasses import asdict
from fnmatch import fnmatchcase
from time import time
from typing import Any

from gateway.identity import identity_of
from gateway.migrating import HEADS, arrivals_of, stations_of
from gateway.migration import begun, going_on
from gateway.node import Node
from gateway.overrides import Override
from gateway.reach import Reach
from gateway.routing import route_for
from translators.links import NoPathError, csms_version_for, path

Row = dict[str, Any]


class Planner:
    """As one node sees the fleet."""

    def __init__(self, node: Node, reach: Reach) -> None:
        self._node = node
        self._reach = reach

    async def plan(self, select: Row, to: str, when: str) -> Row:
        """`stations`: each with what will happen to it (`action`: switch, wait, route, refuse, nothing); `losses` by pair of
        versions; `summary`: how many of each action; `unreachable_nodes`. Raises StoreError."""
        overrides = await self._node.overrides.every()
        answers, silent = await self._reach.everywhere({"verb": "movable", "to": to, **select})
        rows: dict[str, Row] = {}
        for _, found in answers:
            for facts in found:
                rows[facts["key"]] = self._connected(facts, to, when, overrides.get(facts["key"]))
        for row in await self._missing(select, to, overrides, set(rows)):
            rows[row["key"]] = row
        stations = [rows[key] for key in sorted(rows)]
        pairs = sorted({(row["subprotocol"], row["will_speak"]) for row in stations if row["will_speak"] is not None})
        return {
            "to": to,
            "when": when,
            "stations": stations,
            "losses": {f"{old}>{new}": _losses(old, new) for old, new in pairs if old != new},
            "summary": dict(Counter(row["action"] for row in stations)),
            "unreachable_nodes": silent,
        }

    async def start(self, name: str, settings: Row, plan: Row) -> Row:
        """Write it; whichever node gets the lease carries it out. The head. Raises ConflictError when there is one of this
        name, StoreError."""
        head, journal = begun(
            settings,
            [
                {
                    "key": row["key"],
                    "identity": row["identity"],
                    "home": row["backend"],
                    "override": row["override"],
                    "connected": row["connected"],
                    "refused": row["why"] if row["action"] == "refuse" else None,
                }
                for row in plan["stations"]
                if row["action"] != "nothing"
            ],
            time(),
        )
        store = self._node.store
        # The head comes last: without it nobody works on the rest. Its name is taken first.
        version = await store.put(HEADS, name, {**head, "state": "paused", "why": "being written"}, 0)
        await store.remove_all(stations_of(name))
        await store.remove_all(arrivals_of(name))
        await store.put_all(stations_of(name), journal)
        await store.put(HEADS, name, head, version)
        return head

    # -- inside -----------------------------------------------------------------------------------------------------

    def _connected(self, facts: Row, to: str, when: str, override: Override | None) -> Row:
        action, why = "switch", ""
        if facts["backend"] == to:
            action = "nothing"
        elif facts["why_not"] is not None:
            action, why = "refuse", facts["why_not"]
        elif not facts["booted"]:
            action, why = "refuse", "no_boot: the gateway has not seen this station's boot accepted"
        elif facts["transactions"] and when == "idle":
            action, why = "wait", going_on(facts["transactions"])
        elif facts["transactions"] and facts["cannot_carry"] is not None:
            action, why = "wait", facts["cannot_carry"]
        warnings = [] if facts["credentials"] else [f"there are no credentials of its own to forward to {to}"]
        return {
            **{name: facts[name] for name in ("identity", "key", "subprotocol", "backend", "speaks", "will_speak")},
            "connected": True,
            "transactions": facts["transactions"],
            "override": override.backend if override is not None else None,
            "action": action,
            "why": why,
            "warnings": warnings,
        }

    async def _missing(self, select: Row, to: str, overrides: dict[str, Override], seen: set[str]) -> list[Row]:
        """Stations that are known and not connected anywhere: those of the stations file, those with a route of their
        own, and one that is named outright."""
        pattern = (select["identity"] or "*").casefold()
        named = {pattern} if identity_of(pattern) is not None and not set(pattern) & set("*?[") else set()
        keys = {*self._node.roster.matching(pattern), *overrides, *named} - seen
        keys = {key for key in keys if fnmatchcase(key, pattern)}
        keys -= await self._reach.connected(sorted(keys)) if keys else set()
        rows = [self._offline(key, to, overrides.get(key)) for key in sorted(keys)]
        return [row for row in rows if self._wanted(row, select)]

    def _offline(self, key: str, to: str, override: Override | None) -> Row:
        config, station = self._node.config, self._node.roster.get(key)
        spoken = station.subprotocol if station is not None else None
        tags = station.tags if station is not None else frozenset[str]()
        backend = override.backend if override is not None else None
        if backend is None:
            route = route_for(config.routes, key, spoken or "", tags)
            backend = route.backend if route is not None else None
        row: Row = {
            "identity": key,
            "key": key,
            "subprotocol": spoken,
            "backend": backend,
            "speaks": None,
            "will_speak": None,
            "connected": False,
            "transactions": None,
            "override": override.backend if override is not None else None,
            "action": "nothing" if backend == to else "route",
            "why": "",
            "warnings": [],
        }
        if spoken is not None:
            try:
                row["will_speak"] = csms_version_for(spoken, config.backends[to].subprotocols)
            except NoPathError as error:
                row |= {"action": "refuse", "why": str(error)}
        return row

    def _wanted(self, row: Row, select: Row) -> bool:
        station = self._node.roster.get(row["key"])
        return (
            select["backend"] in (None, row["backend"])
            and select["subprotocol"] in (None, row["subprotocol"])
            and (select["tag"] is None or (station is not None and select["tag"] in station.tags))
        )


def _losses(old: str, new: str) -> list[Row]:
    """What may be lost between a station of the one version and a CSMS of the other, as the links declare it."""
    found: list[Row] = []
    for link in path(old, new):
        for caller, table in (("station", link.from_station), ("csms", link.from_csms)):
            for action, row in sorted(table.items()):
                found += [{"caller": caller, "action": action, **asdict(loss)} for loss in row.losses()]
    return found
