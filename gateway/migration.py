"""Moving a fleet to another backend: waves, guards, rollback, as a state machine. PURE.

A migration is a document and a document for each station; both are plain JSON, so that whoever has them goes on with it.
Events come in with the time (Unix seconds); what is to be done is asked for with `due`. Whoever carries a step out says
what came of it with `settled`. A step that a crash cut off is done again: moving a station to where it is is no harm.

Its states: `running`, `paused`, `done`, `aborted` (a guard stopped it), `rolling_back`, `rolled_back`. A station's:

    pending        its wave has not begun, or it waits to be tried
    waiting_idle   it waits for a transaction to end
    switching      it is being moved
    done           it is on the new backend
    failed         it stays where it is; `why` says why
    offline        it is not connected: its route is written, and it counts as done at its next connection
    returned       a rollback has brought it home
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf
from typing import Any, Literal, NamedTuple

State = Literal["running", "paused", "done", "aborted", "rolling_back", "rolled_back"]
STATES = ("pending", "waiting_idle", "switching", "done", "failed", "offline", "returned")
_AT_WORK = ("pending", "waiting_idle", "switching")
RETRY_SECONDS = 5.0
"""Between two tries of a station that is not ready."""

Record = dict[str, Any]


class Step(NamedTuple):
    """Move this station now: to the backend `to`, None to where the rules send it."""

    key: str
    to: str | None


def going_on(count: int) -> str:
    """Why a station waits, in words."""
    return "1 transaction goes on" if count == 1 else f"{count} transactions go on"


def begun(settings: Record, stations: Iterable[Record], now: float) -> tuple[Record, dict[str, Record]]:
    """The documents of a new migration. `settings`: to, when, wave_size, wave_interval_seconds, idle_timeout_seconds,
    abort_failed_ratio (None: never), canary. `stations`: key, identity, home (its backend now), override (its own route
    until now, or None), connected, refused (why it cannot be moved, or None).

    The first wave is one station, the canary, if there is one that is connected.
    """
    entries = sorted(stations, key=lambda one: (not one["connected"], one["key"]))
    size, wave, room = int(settings["wave_size"]), 0, 1 if settings.get("canary", True) else int(settings["wave_size"])
    records: dict[str, Record] = {}
    for one in entries:
        if one["refused"] is not None:
            state, why = "failed", one["refused"]
        else:
            state, why = "pending", ""
            if room == 0:
                wave, room = wave + 1, size
            room -= 1
        records[one["key"]] = {
            "identity": one["identity"],
            "home": one["home"],
            "override": one["override"],
            "state": state,
            "why": why,
            "wave": wave,
            "at": now,
        }
    refused = sum(1 for record in records.values() if record["state"] == "failed")
    head = {**settings, "state": "running", "why": "", "wave": 0, "wave_at": now, "created": now, "forgiven": refused}
    head["counts"] = dict.fromkeys(STATES, 0) | Counter(record["state"] for record in records.values())
    return head, records


class Migration:
    """Over its documents, which it changes. `changed` names the stations to be written, `head_changed` says so of the
    head."""

    def __init__(self, head: Record, stations: dict[str, Record]) -> None:
        self.head = head
        self.stations = stations
        self.changed: set[str] = set()
        self.head_changed = False
        self._tried: dict[str, float] = {}
        self._counts = Counter(record["state"] for record in stations.values())
        self._waves = Counter(record["wave"] for record in stations.values())
        self._last_wave = max(self._waves, default=0)
        for key, record in stations.items():
            if record["state"] == "switching":
                # Who was at it is gone; where the station is comes out when it is tried again, and not before.
                record["unheard"] = True
                self._put(key, "pending", "")

    @property
    def state(self) -> str:
        return str(self.head["state"])

    @property
    def counts(self) -> dict[str, int]:
        return {state: self._counts[state] for state in STATES}

    @property
    def over(self) -> bool:
        """Whether nothing is to be done any more, unless an operator says so."""
        return self.state in ("done", "aborted", "rolled_back")

    # -- commands ---------------------------------------------------------------------------------------------------

    def pause(self) -> bool:
        """Begin nothing more; whether it was running. What is being moved is moved."""
        return self.state == "running" and self._enter("paused", "by an operator")

    def resume(self, now: float) -> bool:
        """Go on, after a guard too: what has failed until now is forgiven."""
        if self.state not in ("paused", "aborted"):
            return False
        if self.state == "aborted":
            self.head["forgiven"] = self._counts["failed"]
        self.head["wave_at"] = now
        return self._enter("running", "")

    def roll_back(self, now: float) -> bool:
        """Bring home what has moved; what has not moved is at home."""
        if self.state in ("rolling_back", "rolled_back"):
            return False
        for key, record in self.stations.items():
            if record["state"] == "switching":
                continue
            touched = record["state"] == "pending" and record.get("touched")
            if record["state"] in ("done", "offline") or touched or record.get("unheard"):
                record["homeward"] = True
                record.pop("waits_since", None)
                self._put(key, "pending", "", now)
            elif record["state"] in ("pending", "waiting_idle"):
                self._put(key, "returned", "", now)
        self._enter("rolling_back", "by an operator")
        self.look()
        return True

    # -- what is to be done -----------------------------------------------------------------------------------------

    def due(self, now: float, *, healthy: bool, room: int) -> list[Step]:
        """The stations to move now, at most `room`; they count as being moved from here on. `healthy`: whether the backend
        they go to can be reached: while it cannot, nothing new is begun."""
        if self.state == "rolling_back":
            return [self._begin(key, self.stations[key]["override"], now) for key in self._ready(now, room)]
        if self.state != "running" or not healthy:
            return []
        at = self.next_wave_at()
        if at is not None and at <= now:
            self.head |= {"wave": self.head["wave"] + 1, "wave_at": now}
            self.head_changed = True
        return [self._begin(key, self.head["to"], now) for key in self._ready(now, room)]

    def next_wave_at(self) -> float | None:
        """When the next wave begins; None as long as the one before is not through, or when there is none. Who waits for a
        transaction holds nobody up."""
        wave = self.head["wave"]
        if wave >= self._last_wave or any(self._of_waves(("pending", "switching"))):
            return None
        return float(self.head["wave_at"]) + float(self.head["wave_interval_seconds"])

    def settled(self, key: str, outcome: str, why: str, now: float) -> None:
        """What came of a step. `outcome`: done, waiting (a transaction goes on), offline (its route is written), failed."""
        record = self.stations[key]
        self._tried[key] = now
        if outcome in ("done", "offline"):
            record.pop("unheard", None)
        if outcome == "waiting":
            timeout = self.head["idle_timeout_seconds"]
            if timeout is not None and now - record.setdefault("waits_since", now) >= float(timeout):
                outcome, why = "failed", "idle_timeout: a transaction did not end in time"
        if record.get("homeward"):
            state = {"waiting": "waiting_idle", "failed": "failed"}.get(outcome, "returned")
        elif self.state != "rolling_back":
            state = {"waiting": "waiting_idle"}.get(outcome, outcome)
        elif outcome in ("done", "offline") or record.get("unheard"):
            record["homeward"], state = True, "pending"
        else:
            state = "returned"
        self._put(key, state, why if state in ("failed", "waiting_idle") else "", now)
        self.look()

    def arrived(self, key: str, now: float) -> None:
        """A station that was not connected has come, and has found its route."""
        if self.stations[key]["state"] == "offline":
            self._put(key, "done", "", now)

    def look(self) -> None:
        """Guards, and the end."""
        if self.state == "rolling_back" and not any(self._counts[state] for state in _AT_WORK):
            stuck = sum(1 for one in self.stations.values() if one.get("homeward") and one["state"] == "failed")
            self._enter("rolled_back", f"{stuck} stations could not be brought home" if stuck else "")
        if self.state != "running":
            return
        ratio, failed = self.head["abort_failed_ratio"], self._counts["failed"] - int(self.head["forgiven"])
        if ratio is not None and failed:
            begun = sum(count for wave, count in self._waves.items() if wave <= self.head["wave"])
            if failed > float(ratio) * begun:
                self._enter("aborted", f"{failed} of {begun} stations failed")
                return
        if not any(self._counts[state] for state in _AT_WORK):
            self._enter("done", "")

    # -- inside -----------------------------------------------------------------------------------------------------

    def _of_waves(self, states: tuple[str, ...]) -> Iterator[str]:
        """Stations of the waves that have begun."""
        if any(self._counts[state] for state in states):
            for key, record in self.stations.items():
                if record["state"] in states and record["wave"] <= self.head["wave"]:
                    yield key

    def _ready(self, now: float, room: int) -> list[str]:
        """Those that it is time for. On the way home there are no waves."""
        homeward = self.state == "rolling_back"
        found: list[str] = []
        for key, record in self.stations.items():
            if len(found) >= room:
                break
            if not homeward and record["wave"] > self.head["wave"]:
                continue
            waits = record["state"] == "waiting_idle" and now - self._tried.get(key, -inf) >= RETRY_SECONDS
            if waits or record["state"] == "pending":
                found.append(key)
        return found

    def _begin(self, key: str, to: str | None, now: float) -> Step:
        self.stations[key]["touched"] = True
        self._put(key, "switching", "", now)
        return Step(key, to)

    def _enter(self, state: State, why: str) -> bool:
        self.head |= {"state": state, "why": why}
        self.head_changed = True
        return True

    def _put(self, key: str, state: str, why: str, now: float | None = None) -> None:
        record = self.stations[key]
        self._counts[record["state"]] -= 1
        self._counts[state] += 1
        record |= {"state": state, "why": why}
        if now is not None:
            record["at"] = now
        self.changed.add(key)
