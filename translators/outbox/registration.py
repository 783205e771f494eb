"""What a CSMS has to know of a station before it takes its messages: the boot, and every connector's last status.

Memory, of the station on this backend:

    outbox/registration         the CSMS's last word: {"status", "interval"}
    outbox/boot                 {"payload": the station's last BootNotification, "told": whether the CSMS answered it}
    outbox/status/<place>       a StatusNotification that was answered here, until the CSMS is told
"""

from typing import Any

from translators.effects import Effect, Forget, Remember
from translators.frames import BadFrame, Call, Payload
from translators.times import iso

USUAL_INTERVAL = 300
PENDING_INTERVAL = 60
"""Seconds after which a station asks again that the CSMS has never accepted."""

_REGISTRATION, _BOOT, _STATUS = "outbox/registration", "outbox/boot", "outbox/status/"
_MOST_CONNECTORS = 256


class Registration:
    """What the CSMS was told of the station, and what is still to be told."""

    def __init__(self, version: str, memory: dict[str, Any]) -> None:
        self._version = version
        self._memory = memory
        kept = {key: value for key, value in memory.items() if key.startswith(_STATUS)}
        self._statuses: dict[str, Payload] = dict(kept)
        self._due = list(kept)
        self._boot_due = not memory.get(_BOOT, {"told": True})["told"]

    def sent(self, call: Call) -> None:
        """A call of the station's is on its way to the CSMS."""
        place = self._place(call)
        if place is not None:
            self._statuses[place] = call.payload
            self._settle(place)

    def heard(self, call: Call, answer: Payload) -> list[Effect]:
        """The CSMS has answered a call of the station's."""
        if call.action != "BootNotification":
            place = self._place(call)
            return self._forgotten(place) if place is not None else []
        try:
            return [*self._booted(call.payload, told=True), *self._judged(answer)]
        except BadFrame:
            return []  # the CSMS reads more than can be told again

    def answered(self, call: Call, unix_time: float) -> tuple[Payload | None, list[Effect]]:
        """The answer that the gateway gives to a boot or a status, which the CSMS is to be told later; None for any
        other call. Raises BadFrame."""
        if call.action == "BootNotification":
            registration = self._memory.get(_REGISTRATION, {})
            accepted = registration.get("status") == "Accepted"
            interval = (registration.get("interval") or USUAL_INTERVAL) if accepted else PENDING_INTERVAL
            answer = {
                "status": "Accepted" if accepted else "Pending",
                "currentTime": iso(unix_time),
                "interval": interval,
            }
            return answer, self._booted(call.payload, told=False)
        place = self._place(call)
        if place is None:
            return None, []
        if place not in self._due:
            self._due.append(place)
        self._statuses[place] = call.payload
        return {}, [self._remember(place, call.payload)]

    def back(self) -> None:
        """The CSMS has a new connection: it is told everything again."""
        self._boot_due = _BOOT in self._memory
        self._due = list(self._statuses)

    def refused(self) -> None:
        """The CSMS says that it does not know the station."""
        self._boot_due = _BOOT in self._memory

    def next(self) -> tuple[str, Payload] | None:
        """The call to make now: the boot, then a status; None when all is told."""
        if self._boot_due:
            boot = self._memory[_BOOT]
            if boot["told"] and self._version != "ocpp1.6":
                # No reboot has happened, and 2.0.1 has no better word for that.
                return "BootNotification", {**boot["payload"], "reason": "Unknown"}
            return "BootNotification", boot["payload"]
        if self._due:
            return "StatusNotification", self._statuses[self._due[0]]
        return None

    def told(self, action: str, payload: Payload, answer: Payload | None) -> list[Effect]:
        """The CSMS has answered a call of `next`; None: with a CALLERROR, so that it is not told again."""
        if action == "BootNotification":
            out = self._judged(answer) if answer is not None else []
            if answer is None or answer.get("status") == "Accepted":
                self._boot_due = False
                out += self._booted(self._memory[_BOOT]["payload"], told=True)
            return out
        place = next((place for place, status in self._statuses.items() if status is payload), None)
        if place is None:
            return []  # the station has said something newer since
        self._settle(place)
        return self._forgotten(place)

    def _booted(self, payload: Payload, *, told: bool) -> list[Effect]:
        self._boot_due = not told
        record = {"payload": payload, "told": told}
        return [] if self._memory.get(_BOOT) == record else [self._remember(_BOOT, record, behind=told)]

    def _judged(self, answer: Payload) -> list[Effect]:
        word = {"status": answer.get("status"), "interval": answer.get("interval")}
        return [] if self._memory.get(_REGISTRATION) == word else [self._remember(_REGISTRATION, word, behind=True)]

    def _place(self, call: Call) -> str | None:
        """Where a status belongs; None for another call, and for one that is not to be kept."""
        if call.action != "StatusNotification":
            return None
        try:
            payload = call.payload
        except BadFrame:
            return None
        place = f"{_STATUS}{payload.get('evseId', 0)}/{payload.get('connectorId')}"
        return place if place in self._statuses or len(self._statuses) < _MOST_CONNECTORS else None

    def _settle(self, place: str) -> None:
        if place in self._due:
            self._due.remove(place)

    def _forgotten(self, place: str) -> list[Effect]:
        return [Forget(place)] if self._memory.pop(place, None) is not None else []

    def _remember(self, key: str, value: Any, *, behind: bool = False) -> Remember:
        self._memory[key] = value
        return Remember(key, value, behind)
