"""Starts that are sent again although they were acknowledged: in every form a station has for it."""

import asyncio

from tests.soak.world import Scenario, Setup, Size, World

BUSY = {
    "deaf_to_starts": 1,
    "meters": 0,
    "pace": 0.0,
    "attempt_interval": 0.05,
    "backoff": 0.02,
    "backoff_random": 0.05,
}


async def retried_starts(world: World) -> None:
    """The charges are all there is: each start is retried once, the answer to the first having gone astray."""
    while any(station.charging or station.queue for station in world.stations):
        await asyncio.sleep(0.1)
    starts = [event for event in world.fleet_history.events if event.kind == "ack" and event.about["ignored"]]
    world.figures["retried"] = len(starts)
    charges = sum(station.policy.charges for station in world.stations)
    world.expect(len(starts) == charges, f"{len(starts)} starts were retried of {charges}")


def forms(charges: int, *, elsewhere: bool = False) -> tuple[dict[str, object], ...]:
    """Same id, new id, after a reconnect with either; on another node."""
    forms: list[dict[str, object]] = [
        {"ids": "same", "retry": "resend"},
        {"ids": "new", "retry": "resend"},
        {"ids": "same", "retry": "reconnect"},
        {"ids": "new", "retry": "reconnect"},
    ]
    if elsewhere:
        forms = [{"ids": "same", "retry": "elsewhere"}, {"ids": "new", "retry": "elsewhere"}]
    return tuple({**form, "charges": charges} for form in forms)


SCENARIOS = (
    Scenario(
        "retried_starts",
        "T05",
        "starts retried with the same id, a new id, after a reconnect",
        retried_starts,
        short=Size(8, 1),
        full=Size(200, 1),
        setup=Setup(policy=BUSY, fleets=forms(50)),
        short_setup=Setup(policy=BUSY, fleets=forms(3)),
    ),
)
