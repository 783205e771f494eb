"""What backends and station are told beside the station's own messages when it changes its backend."""

import asyncio
from collections.abc import Sequence
from time import time

from gateway.bridge import Bridge
from gateway.leg import BackendLeg
from gateway.peers import BusyError
from gateway.trial import Narrator
from translators.frames import BadFrame, Payload, Result
from translators.story import Open, Story, farewell
from translators.times import iso

_FAREWELL_SECONDS = 5.0
_INTERVAL: Payload = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}


async def say_farewell(
    session: Bridge, leg: BackendLeg, narrator: Narrator, story: Story, transactions: Sequence[Open]
) -> None:
    """This backend is told the end of transactions that go on at another one. What it does not take is logged."""
    left = list(transactions)
    try:
        while left and not leg.host.over:
            action, payload = farewell(story.version, left[0], iso(time()))
            async with asyncio.timeout(_FAREWELL_SECONDS):
                answer = await narrator.tell(leg.pump, action, payload)
            if not isinstance(answer, Result):
                break
            left.pop(0)
    except TimeoutError:
        pass  # told below
    finally:
        for one in left:
            # An operator has to end it there by hand.
            session.logger.error("transaction_left_open", backend=leg.backend, transaction=str(one.id))


async def set_interval(session: Bridge, story: Story, seconds: int) -> None:
    """Tell the station how often its new backend wants to hear of it. One that does not take it goes on as before: that is
    no failure of the switch."""
    action = "SetVariables"
    payload: Payload = {"setVariableData": [{**_INTERVAL, "attributeValue": str(seconds)}]}
    if session.about.subprotocol == "ocpp1.6":
        action, payload = "ChangeConfiguration", {"key": "HeartbeatInterval", "value": str(seconds)}
    try:
        said = payload_of(await session.call(action, payload)) or {}
    except BusyError:
        said = {}
    results = said.get("setVariableResult", [])
    if "Accepted" not in (said.get("status"), *(one.get("attributeStatus") for one in results)):
        session.logger.info("interval_not_set", seconds=seconds)
        return
    for effect in story.beats_every(seconds):
        session.ledger.put(effect)


def payload_of(answer: object) -> Payload | None:
    """Of an answer that says something."""
    if not isinstance(answer, Result):
        return None
    try:
        return answer.payload
    except BadFrame:
        return None
