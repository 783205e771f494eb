"""A leg on trial: it fails by itself, and what it remembers is kept apart. (Whole switches: tests/integration/test_switch.py.)"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.trial import Trial
from tests.gateway.inside import Inside, inside
from tests.integration.test_switch import Books, Station
from tests.support import configuration
from translators.effects import Remember


@asynccontextmanager
async def at_home(old: Books, new: Books) -> AsyncIterator[tuple[Inside, Station]]:
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        station = await Station("ocpp1.6").connect(running)
        await station.boots()
        yield running, station


async def test_what_would_end_the_session_ends_the_trial_until_it_has_passed() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with at_home(old, new) as (running, station):
        session = running.session()
        trial = Trial(session, session.ledger, "new")
        assert (trial.over, trial.tap, trial.patient) == (False, None, False)
        trial.end(1012, "the backend is gone", "backend_lost")
        trial.end(1012, "something else", "later")
        assert (trial.failed.result(), trial.over, session.over) == ("the backend is gone", True, False)
        await station.call("Heartbeat", {})
        trial.passed = True
        assert not trial.over
        trial.end(1012, "now it counts", "backend_lost")
        assert session.over


async def test_a_defect_in_its_work_ends_the_trial_and_not_the_session() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with at_home(old, new) as (running, station):
        session = running.session()
        trial = Trial(session, session.ledger, "new")

        async def breaks() -> None:
            raise RuntimeError("a defect")

        trial.work(breaks())
        async with asyncio.timeout(5):
            assert await trial.failed == "the gateway failed"
        await station.call("Heartbeat", {})


async def test_what_its_stage_remembers_is_the_new_backends() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with at_home(old, new) as (running, _):
        session = running.session()
        session.ledger.beside("new", {})
        trial = Trial(session, session.ledger, "new")
        trial.ledger.put(Remember("outbox/registration", {"status": "Accepted"}))
        durable = trial.ledger.commit()
        if durable is not None:
            await durable
        store = running.node.store
        assert await store.load("cp-1", ("new",)) == {"outbox/registration": {"status": "Accepted"}}
        assert "outbox/registration" not in await store.load("cp-1", ("old", ""))


@pytest.mark.parametrize(("boot", "told"), [("Accepted", 3), ("Rejected", 0)])
async def test_a_backend_that_the_rules_lead_to_is_told_what_the_one_before_was(boot: str, told: int) -> None:
    """`introduce`: the station does not boot by itself when it comes back."""
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    new.boot = boot
    config: dict[str, Any] = configuration(("old", old), ("new", new))
    async with old.running(), new.running(), inside(config) as running:
        station = await Station("ocpp1.6").connect(running)
        await station.boots()
        await station.ws.close()
        await running.node.overrides.set("cp-1", "new")
        station = await Station("ocpp1.6").connect(running)
        await station.call("Heartbeat", {})
        assert len(new.calls("BootNotification")) == 1
        assert len(new.calls("StatusNotification")) == told
        # The station hears nothing of that, and its own calls come after it.
        actions = [frame[2] for frame in new.frames if frame[0] == 2]
        assert actions[-1] == "Heartbeat"
        assert "retold" not in running.session().ledger.memory
