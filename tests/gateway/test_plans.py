"""Which stations a migration is about. (What becomes of each: tests/integration/test_migrate.py.)"""

from typing import Any

import pytest

from gateway.plans import Planner
from gateway.reach import Reach
from gateway.store import ConflictError
from tests.gateway.inside import inside
from tests.integration.test_switch import Books, Station
from tests.support import configuration

SETTINGS = {
    "to": "new",
    "when": "idle",
    "wave_size": 10,
    "wave_interval_seconds": 0,
    "idle_timeout_seconds": None,
    "abort_failed_ratio": None,
}


def select(**more: Any) -> dict[str, Any]:
    return {"identity": None, "tag": None, "backend": None, "subprotocol": None, **more}


async def test_who_is_named_outright_is_planned_though_nobody_knows_it() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        await (await Station("ocpp1.6").connect(running)).boots()
        await running.node.overrides.set("cp-7", "old")
        planner = Planner(running.node, Reach(running.node))

        async def planned(**more: Any) -> dict[str, str]:
            plan = await planner.plan(select(**more), "new", "idle")
            return {one["key"]: one["action"] for one in plan["stations"]}

        assert await planned() == {"cp-1": "switch", "cp-7": "route"}
        assert await planned(identity="CP-9") == {"cp-9": "route"}
        assert await planned(identity="cp-1") == {"cp-1": "switch"}
        for nobody in ("CP-9*", "[x]", "no identity", "\x00", ".."):
            assert await planned(identity=nobody) == {}, nobody
        assert await planned(backend="new") == {}
        # Who is there already is not moved.
        await running.node.overrides.set("cp-7", "new")
        assert await planned() == {"cp-1": "switch", "cp-7": "nothing"}


async def test_a_name_is_taken_once_and_its_journal_is_there_before_anybody_works_on_it() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        await running.app.migrator.close()
        await (await Station("ocpp1.6").connect(running)).boots()
        planner, store = Planner(running.node, Reach(running.node)), running.node.store
        plan = await planner.plan(select(), "new", "idle")
        seen: list[tuple[str, int]] = []
        put = store.put

        async def watched(kind: str, name: str, value: Any, version: int | None = None) -> int:
            if kind == "migration":
                seen.append((value["state"], len(await store.documents("migration/move"))))
            return await put(kind, name, value, version)

        store.put = watched  # type: ignore[method-assign]
        head = await planner.start("move", SETTINGS, plan)
        assert (head["state"], head["counts"]["pending"]) == ("running", 1)
        assert seen == [("paused", 0), ("running", 1)]
        with pytest.raises(ConflictError):
            await planner.start("move", SETTINGS, plan)
