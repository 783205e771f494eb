"""How a follower's answers differ from the primary's, counted by action, with a sample of differences. PURE.

Compared is what a station would act on: whether there was an answer at all, CALLERROR codes, and the statuses and the
boot interval in the answer. No value of any other field is looked at, so none can be kept.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from translators.frames import BadFrame, Error, Result

MOST_SAMPLES = 50
_MOST_ACTIONS = 100
_TEXT = 50
_ANSWER = "answer"
"""The field of a difference between an answer, an error and none."""


class Difference(NamedTuple):
    """One field, with what each of the two said; None where it said nothing."""

    field: str
    primary: str | None
    follower: str | None


class Compared(NamedTuple):
    """One call's two answers. `seconds` is None where the follower gave none."""

    action: str
    differences: tuple[Difference, ...]
    seconds: float | None
    primary_seconds: float


def compare(
    action: str, primary: Result | Error, follower: Result | Error | None, seconds: float, primary_seconds: float
) -> Compared:
    """Both answers in the station's version. `follower`: None where none came. Times in seconds."""
    said, other = _facts(action, primary), _facts(action, follower)
    differences = tuple(
        Difference(field, said.get(field), other.get(field))
        for field in {**said, **other}
        if not _same(field, said.get(field), other.get(field))
    )
    if said[_ANSWER] != other[_ANSWER]:
        differences = tuple(one for one in differences if one.field == _ANSWER)
    return Compared(action, differences, None if follower is None else seconds, primary_seconds)


def _facts(action: str, answer: Result | Error | None) -> dict[str, str]:
    if answer is None:
        return {_ANSWER: "none"}
    if isinstance(answer, Error):
        return {_ANSWER: "error", "code": answer.code[:_TEXT]}
    try:
        payload = answer.payload
    except BadFrame:
        return {_ANSWER: "unreadable"}
    facts: dict[str, Any] = {
        "status": payload.get("status"),
        "certificateStatus": payload.get("certificateStatus"),
        "idTagInfo.status": _inside(payload, "idTagInfo"),
        "idTokenInfo.status": _inside(payload, "idTokenInfo"),
    }
    if action == "BootNotification":
        facts["interval"] = payload.get("interval")
    return {_ANSWER: "result", **{name: str(value)[:_TEXT] for name, value in facts.items() if value is not None}}


def _inside(payload: dict[str, Any], name: str) -> Any:
    member = payload.get(name)
    return member.get("status") if isinstance(member, dict) else None


def _same(field: str, one: str | None, other: str | None) -> bool:
    if field in ("idTagInfo.status", "idTokenInfo.status"):
        # Where both may leave it out, saying nothing lets the station go on as Accepted does.
        return (one or "Accepted") == (other or "Accepted")
    return one == other


class _Count:
    """What is counted of one action."""

    __slots__ = ("answers", "compared", "different", "fields", "primary_seconds", "seconds", "slowest")

    def __init__(self) -> None:
        self.compared = self.answers = self.different = 0
        self.seconds = self.primary_seconds = self.slowest = 0.0
        self.fields: dict[str, int] = {}


class Mirror:
    """What one process has seen of one follower since it started."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}
        self._samples: deque[dict[str, Any]] = deque(maxlen=MOST_SAMPLES)
        self.dropped = 0
        self.refused: dict[str, int] = {}

    def take(self, compared: Compared, station: str, at: float) -> None:
        """`station`: its identity, for the sample; `at`: Unix time."""
        action = compared.action if compared.action in self._counts or len(self._counts) < _MOST_ACTIONS else "other"
        count = self._counts.setdefault(action, _Count())
        count.compared += 1
        count.primary_seconds += compared.primary_seconds
        if compared.seconds is not None:
            count.answers += 1
            count.seconds += compared.seconds
            count.slowest = max(count.slowest, compared.seconds)
        if compared.differences:
            count.different += 1
        for difference in compared.differences:
            count.fields[difference.field] = count.fields.get(difference.field, 0) + 1
            self._samples.append({"at": at, "station": station, "action": action, **difference._asdict()})

    def refuse(self, action: str) -> None:
        """The follower called the station, and may not."""
        if action in self.refused or len(self.refused) < _MOST_ACTIONS:
            self.refused[action] = self.refused.get(action, 0) + 1

    def seen(self) -> dict[str, Any]:
        """In words of JSON, to be merged with those of other processes."""
        return {
            "actions": {
                action: {name: getattr(count, name) for name in _Count.__slots__}
                for action, count in self._counts.items()
            },
            "samples": list(self._samples),
            "dropped": self.dropped,
            "refused": dict(self.refused),
        }


def report(seen: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What several processes have seen (`Mirror.seen`), as one: counts and rates, then the newest differences."""
    actions: dict[str, dict[str, Any]] = {}
    samples: list[dict[str, Any]] = []
    refused: dict[str, int] = {}
    dropped = 0
    for one in seen:
        samples += one["samples"]
        dropped += one["dropped"]
        _add(refused, one["refused"])
        for action, count in one["actions"].items():
            sum_ = actions.setdefault(action, {name: getattr(_Count(), name) for name in _Count.__slots__})
            for name in ("compared", "answers", "different", "seconds", "primary_seconds"):
                sum_[name] += count[name]
            sum_["slowest"] = max(sum_["slowest"], count["slowest"])
            sum_["fields"] = _add(dict(sum_["fields"]), count["fields"])
    compared = sum(count["compared"] for count in actions.values())
    different = sum(count["different"] for count in actions.values())
    return {
        "compared": compared,
        "different": different,
        "difference_rate": _rate(different, compared),
        "missing": sum(count["compared"] - count["answers"] for count in actions.values()),
        "dropped": dropped,
        "refused_calls": refused,
        "actions": {action: _line(count) for action, count in sorted(actions.items())},
        "samples": sorted(samples, key=lambda sample: -float(sample["at"]))[:MOST_SAMPLES],
    }


def _line(count: dict[str, Any]) -> dict[str, Any]:
    return {
        "compared": count["compared"],
        "different": count["different"],
        "difference_rate": _rate(count["different"], count["compared"]),
        "missing": count["compared"] - count["answers"],
        "fields": count["fields"],
        "mean_seconds": _mean(count["seconds"], count["answers"]),
        "slowest_seconds": round(count["slowest"], 6),
        "primary_mean_seconds": _mean(count["primary_seconds"], count["compared"]),
    }


def _add(into: dict[str, int], more: Mapping[str, int]) -> dict[str, int]:
    for name, count in more.items():
        into[name] = into.get(name, 0) + count
    return into


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _mean(total: float, count: int) -> float | None:
    return round(total / count, 6) if count else None
