"""What a node says of the stations that could be moved, and what it refuses. (Moves: test_switching.py, tests/integration.)"""

from pathlib import Path
from typing import Any

import pytest

from gateway.cluster import NodeFailed
from gateway.moves import Moves
from tests.gateway.inside import inside
from tests.integration.test_switch import Books, Station
from tests.support import configuration


def asked(**more: Any) -> dict[str, Any]:
    return {"to": "new", "identity": None, "backend": None, "subprotocol": None, "tag": None, **more}


async def test_facts_of_those_that_match(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        for number in range(3):
            station = await Station("ocpp1.6").connect(running, f"/CP-{number}")
            if number:
                await station.boots()
        await station.starts16()
        moves = Moves(running.node)
        facts = {one["identity"]: one for one in await moves.movable(asked())}
        assert {name: (one["booted"], one["transactions"]) for name, one in facts.items()} == {
            "CP-0": (False, 0),
            "CP-1": (True, 0),
            "CP-2": (True, 1),
        }
        assert {(one["speaks"], one["will_speak"], one["why_not"]) for one in facts.values()} == {
            ("ocpp1.6", "ocpp2.0.1", None)
        }
        for select, count in (
            ({"identity": "cp-[12]"}, 2),
            ({"identity": "CP-1"}, 1),
            ({"backend": "new"}, 0),
            ({"subprotocol": "ocpp1.6"}, 3),
            ({"tag": "pilot"}, 0),
        ):
            assert len(await moves.movable(asked(**select))) == count, select
        assert {one["why_not"] for one in await moves.movable(asked(to="nobody"))} == {"there is no backend nobody"}


async def test_what_cannot_be_switched_is_refused_before_anything_is_done() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        await (await Station("ocpp1.6").connect(running)).boots()
        moves = Moves(running.node)
        for station, backend, problem in (("cp-9", "new", "not_connected"), ("cp-1", "nobody", "invalid")):
            with pytest.raises(NodeFailed) as failure:
                await moves.switch({"station": station, "backend": backend, "when": "idle"})
            assert failure.value.problem == problem
        there = await moves.switch({"station": "cp-1", "backend": "old", "when": "idle", "migration": "m"})
        assert (there["state"], there["reason"]) == ("done", "there")
        assert await running.node.overrides.of("cp-1") == {"backend": "old", "migration": "m"}
        assert (await moves.switch({"station": "cp-1", "backend": None, "when": "idle"}))["backend"] == "old"
        assert await running.node.overrides.of("cp-1") is None
        # Two at a time are one too many.
        running.session().switching = True
        busy = await moves.switch({"station": "cp-1", "backend": "new", "when": "idle"})
        assert (busy["state"], busy["reason"], busy["backend"]) == ("failed", "busy", "old")
        assert new.connections == []
