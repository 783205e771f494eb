"""The charging profiles and reservations of one follower, kept apart from those of the primary and of other followers. PURE.

Both are named by numbers that a CSMS chooses (1.6 sections 5.13 and 5.16, 2.0.1 H01 and K01), and most count from 1. Two that
command one station would overwrite and cancel each other's. So the station gets a number of its own for each of a
follower's, from a range that nobody reaches by counting. It follows from the follower's name and its number alone, so it
is the same after any crash; what is remembered is only the way back.

Memory, of the follower: `own/<kind>/<the station's number>` -> the follower's number.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Literal

from translators.effects import Effect, Forget, Remember
from translators.frames import BadFrame, Call, Payload

Kind = Literal["profile", "reservation"]
_Change = Callable[[Kind, int], int | None]

FIRST, COUNT = 1_000_000_000, 1_000_000_000
MOST_OF_A_KIND = 512

_TO_STATION: dict[str, tuple[tuple[Kind, tuple[str, ...]], ...]] = {
    # 1.6 and 2.x spell them differently, so that one table serves all.
    "SetChargingProfile": (
        ("profile", ("csChargingProfiles", "chargingProfileId")),
        ("profile", ("chargingProfile", "id")),
    ),
    "RemoteStartTransaction": (("profile", ("chargingProfile", "chargingProfileId")),),
    "RequestStartTransaction": (("profile", ("chargingProfile", "id")),),
    "ClearChargingProfile": (("profile", ("id",)), ("profile", ("chargingProfileId",))),
    "GetChargingProfiles": (("profile", ("chargingProfile", "chargingProfileId")),),
    "UpdateDynamicSchedule": (("profile", ("chargingProfileId",)),),
    "ReserveNow": (("reservation", ("reservationId",)), ("reservation", ("id",))),
    "CancelReservation": (("reservation", ("reservationId",)),),
}
_FROM_STATION: dict[str, tuple[tuple[Kind, tuple[str, ...]], ...]] = {
    "StartTransaction": (("reservation", ("reservationId",)),),
    "TransactionEvent": (("reservation", ("reservationId",)),),
    "ReservationStatusUpdate": (("reservation", ("reservationId",)),),
    "ReportChargingProfiles": (("profile", ("chargingProfile", "id")),),
    "PullDynamicScheduleUpdate": (("profile", ("chargingProfileId",)),),
}
_ABOUT_ONE = frozenset({"ReservationStatusUpdate", "PullDynamicScheduleUpdate"})
"""Say nothing but of the one they name."""


class Namesakes:
    """Of one follower. A call that needs no change is given back as it came."""

    def __init__(self, follower: str, memory: dict[str, Any]) -> None:
        self._follower = follower
        self._memory = memory

    def called(self, call: Call) -> tuple[Call, list[Effect]]:
        """The follower's call with the numbers that the station knows; and what is to be remembered."""
        effects: list[Effect] = []

        def change(kind: Kind, number: int) -> int:
            station, remembered = self._station_number(kind, number)
            effects.extend(remembered)
            return station

        return self._changed(call, _TO_STATION, change) or call, effects

    def copied(self, call: Call) -> Call | None:
        """What the station says with the follower's numbers. A reservation of somebody else's is not named; None for what
        is about nothing else."""
        foreign = False

        def change(kind: Kind, number: int) -> int | None:
            nonlocal foreign
            own = self._memory.get(_key(kind, number))
            foreign = foreign or own is None
            if own is None:
                # A report names every profile there is, and must.
                return None if kind == "reservation" else number
            return int(own)

        changed = self._changed(call, _FROM_STATION, change)
        return None if foreign and call.action in _ABOUT_ONE else changed or call

    def _station_number(self, kind: Kind, number: int) -> tuple[int, list[Effect]]:
        digest = hashlib.sha256(f"{self._follower}\n{kind}\n{number}".encode()).digest()
        station = FIRST + int.from_bytes(digest[:8], "big") % COUNT
        while self._memory.get(_key(kind, station), number) != number:
            station = FIRST + (station - FIRST + 1) % COUNT
        key = _key(kind, station)
        if key in self._memory:
            return station, []
        self._memory[key] = number
        return station, [Remember(key, number, behind=True), *self._trimmed(kind)]

    def _trimmed(self, kind: Kind) -> list[Effect]:
        """Forget the oldest where too many have gathered: of most, nobody ever says that they are over."""
        found = [key for key in self._memory if key.startswith(f"own/{kind}/")]
        gone = found[: max(0, len(found) - MOST_OF_A_KIND)]
        for key in gone:
            del self._memory[key]
        return [Forget(key) for key in gone]

    def _changed(
        self, call: Call, table: dict[str, tuple[tuple[Kind, tuple[str, ...]], ...]], change: _Change
    ) -> Call | None:
        """None: nothing is to be changed."""
        places = table.get(call.action)
        if places is None:
            return None
        try:
            payload = call.payload
        except BadFrame:
            return None
        changed = payload
        for kind, steps in places:
            changed = _with(changed, steps, kind, change)
        return None if changed is payload or changed == payload else type(call)(call.message_id, call.action, changed)


def _with(value: Any, steps: tuple[str, ...], kind: Kind, change: _Change) -> Any:
    """This value with the number at these steps changed, in every element of a list on the way."""
    if isinstance(value, list):
        return [_with(one, steps, kind, change) for one in value]
    if not steps:
        return change(kind, value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(value, dict) or steps[0] not in value:
        return value
    inside = _with(value[steps[0]], steps[1:], kind, change)
    without: Payload = {name: one for name, one in value.items() if name != steps[0]}
    return without if inside is None else {**value, steps[0]: inside}


def _key(kind: Kind, number: int) -> str:
    return f"own/{kind}/{number}"
