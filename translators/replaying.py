"""What a CSMS is told that comes back under a session that went on: the station's boot and its statuses, as they were.

For the links between 2.0.1 and 2.1, which keep nothing else of a station. Memory, which is the station's own:

    v21/station/boot                       its last BootNotification, as the CSMS's version says it
    v21/station/status/<evse>/<connector>  its last StatusNotification, the same
"""

from contextlib import suppress
from dataclasses import replace

from translators.effects import Ask, Note, PeerError, PeerSilent, Remember
from translators.fitting import Misfit, fit
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation, Row
from translators.words.v21 import RULES

SHARED_KEYS = ("v21/station/",)
_BOOT = "v21/station/boot"
_STATUS = "v21/station/status/"
_MOST_CONNECTORS = 256


def kept(row: Row, action: str, far: str) -> Row:
    """The row, and its call is kept: BootNotification or StatusNotification."""

    def run(call: Payload, session: Session) -> Conversation:
        key = _BOOT if action == "BootNotification" else f"{_STATUS}{call['evseId']}/{call['connectorId']}"
        if key in session.memory or sum(1 for _ in session.remembered(_STATUS)) < _MOST_CONNECTORS:
            with suppress(Misfit):  # the row itself refuses it
                payload, _ = fit(RULES, far, action, call)
                if session.memory.get(key) != payload:
                    yield Remember(key, payload)
        return (yield from row.run(call, session))

    return replace(row, run=run)


def resumed(session: Session) -> Conversation:
    """The boot, and when it is accepted every status."""
    boot = session.memory.get(_BOOT)
    if boot is None:
        return None
    try:
        # No reboot has happened, and neither version has a better word for that.
        answer = yield Ask("BootNotification", {**boot, "reason": "Unknown"}, back=True)
        if answer["status"] != "Accepted":
            yield Note("replay_not_accepted", {"status": answer["status"]})
            return None
        for key, status in session.remembered(_STATUS):
            if session.memory.get(key) == status:  # else the station has said something newer since
                yield Ask("StatusNotification", status, back=True)
    except (PeerError, PeerSilent) as failure:
        yield Note("replay_failed", {"why": str(failure)})
    return None
