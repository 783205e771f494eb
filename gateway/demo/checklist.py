"""What must arrive in an act, frame by frame and fact by fact; what did not is named."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.demo.wire import Frame, Kind, Side

STEP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Expected:
    """One frame that a simulator must receive.

    `shape` is the least the payload must hold: mappings and lists by members, a callable judges its value, the rest is
    equal. Of several expectations that a frame meets, it ticks the first that is open.
    """

    key: str
    what: str
    side: Side
    action: str
    shape: Any = None
    kind: Kind = "call"

    def met_by(self, frame: Frame) -> bool:
        return self.is_like(frame) and holds(frame.payload, self.shape)

    def is_like(self, frame: Frame) -> bool:
        """Whether the frame is of the right name and way, whatever it says."""
        return not frame.sent and (frame.side, frame.kind, frame.action) == (self.side, self.kind, self.action)


@dataclass(frozen=True, slots=True)
class Check:
    """A line of the list: `why` says what came instead, if anything did."""

    what: str
    ok: bool
    why: str = ""


class MissingError(Exception):
    """Something expected did not arrive; the text names it."""


class Checklist:
    """The expectations of one act, and `facts`, key -> sentence, which the act settles itself."""

    def __init__(
        self, expected: Sequence[Expected], facts: dict[str, str], *, step_seconds: float = STEP_SECONDS
    ) -> None:
        self._expected = {entry.key: entry for entry in expected}
        self._facts = facts
        self._settled: dict[str, Check] = {}
        self._step_seconds = step_seconds
        self._arrived: dict[str, asyncio.Future[Frame]] = {}
        self._ticked: dict[str, Frame] = {}
        self._unclaimed: list[Frame] = []
        self._why: str | None = None

    def feed(self, frame: Frame) -> None:
        """A frame from either tape."""
        for key, entry in self._expected.items():
            if key not in self._ticked and entry.met_by(frame):
                self._ticked[key] = frame
                waiting = self._arrived.pop(key, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame)
                return
        if not frame.sent:
            self._unclaimed.append(frame)

    async def arrived(self, key: str) -> Frame:
        """Waits for one expectation. Raises MissingError when its time is over or the act was aborted."""
        if key in self._ticked:
            return self._ticked[key]
        what = self._expected[key].what
        if self._why is not None:
            raise MissingError(f"{what}: {self._why}")
        waiting = self._arrived.setdefault(key, asyncio.get_running_loop().create_future())
        try:
            return await asyncio.wait_for(waiting, self._step_seconds)
        except TimeoutError:
            raise MissingError(f"{what}: not within {self._step_seconds:g} s") from None

    def abort(self, why: str) -> None:
        """Nothing more will come: whoever waits is told at once."""
        self._why = why
        for key, waiting in self._arrived.items():
            if not waiting.done():
                waiting.set_exception(MissingError(f"{self._expected[key].what}: {why}"))
        self._arrived.clear()

    def settle(self, key: str, ok: bool, why: str = "") -> None:
        """A fact holds or does not. Raises KeyError for one that was not announced."""
        self._settled[key] = Check(self._facts[key], ok, "" if ok else why)

    def checks(self) -> list[Check]:
        """Every line; a fact never settled has not been shown."""
        frames = [
            Check(f"{entry.side}: {entry.what}", key in self._ticked, self._instead(entry))
            for key, entry in self._expected.items()
        ]
        facts = [self._settled.get(key, Check(what, False, "not reached")) for key, what in self._facts.items()]
        return frames + facts

    def _instead(self, entry: Expected) -> str:
        if entry.key in self._ticked:
            return ""
        last = next((frame for frame in reversed(self._unclaimed) if entry.is_like(frame)), None)
        return f"came instead: {last.text}" if last is not None else ""


def holds(found: Any, shape: Any) -> bool:
    """Whether `found` has at least what `shape` asks for."""
    if shape is None:
        return True
    if isinstance(shape, dict):
        return isinstance(found, dict) and all(
            key in found and holds(found[key], member) for key, member in shape.items()
        )
    if isinstance(shape, list):
        return (
            isinstance(found, list)
            and len(found) >= len(shape)
            and all(holds(*pair) for pair in zip(found, shape, strict=False))
        )
    if callable(shape):
        return bool(shape(found))
    return bool(found == shape)


def any_of(shape: Any) -> Callable[[Any], bool]:
    """A judge for a list: one member holds this."""
    return lambda found: isinstance(found, list) and any(holds(member, shape) for member in found)
