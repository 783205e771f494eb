"""What goes over a station's two wires, told to whoever listens. A session that nobody listens to has no tap."""

from collections.abc import Callable
from time import time
from typing import Any, Protocol

import msgspec
import structlog

from gateway.ear import Ear
from gateway.identity import Identity
from gateway.redaction import Hide
from gateway.wires import About, OpenCall, Side, Wires
from translators.effects import Note
from translators.frames import CALLERROR, BadFrame, Call, Error, Frame

_SILENT = frozenset({"call_error", "translated"})
"""Notes that say what the frames say."""

_encode = msgspec.json.Encoder().encode


class Tapped(Protocol):
    """A session, as a tap sees it."""

    tap: "Tap | None"

    @property
    def identity(self) -> Identity: ...

    @property
    def about(self) -> About: ...


class Surroundings(Protocol):
    """What all taps of a process share."""

    node: str
    hide: Hide
    logger: structlog.stdlib.BoundLogger

    def may(self, size: int) -> bool:
        """Whether a frame of so many characters may be decoded for listeners now."""
        ...


class Tap:
    """Of one session. It knows what it saw since somebody listens: what began before has no action and no cause."""

    def __init__(self, session: Tapped, around: Surroundings) -> None:
        self.ears: tuple[Ear, ...] = ()
        self._session = session
        self._around = around
        self._wires = Wires(session)

    def own(self, call: Call) -> None:
        """The gateway is about to call the station for an operator."""
        self._wires.own(call)

    def read(self, side: Side, frame: Frame) -> None:
        """A frame came in from the station or from the CSMS."""
        self._safely(lambda: self._read(side, frame))

    def wrote(self, side: Side, frame: Frame) -> None:
        """A frame goes out to the station or to the CSMS."""
        self._safely(lambda: self._wrote(side, frame))

    def unreadable(self, side: Side, bad: BadFrame) -> None:
        """A text came in that is no frame."""
        facts = {"why": f"{bad.kind}: {bad.why}"}
        self._safely(lambda: self._tell(side, "in", "unreadable", None, None, facts))

    def noted(self, note: Note) -> None:
        """The core said something about a message."""
        if note.kind not in _SILENT and not (note.kind == "outbox" and not note.facts["event"]):
            action = note.facts.get("action")
            facts = {"what": note.kind, "facts": note.facts}
            named = action if isinstance(action, str) else None
            self._safely(lambda: self._tell(None, None, "note", named, None, facts))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _read(self, side: Side, frame: Frame) -> None:
        if isinstance(frame, Call):
            self._wires.came(side, frame)
            return self._tell_frame(side, "in", frame, frame.action, {})
        self._tell_answer(side, "in", frame, self._wires.heard(side, frame), {})

    def _wrote(self, side: Side, frame: Frame) -> None:
        if isinstance(frame, Call):
            what, call = self._wires.goes(side, frame)
            more: dict[str, Any] = {"what": what}
            if call.cause is not None:
                more |= {"cause": call.cause.id, "cause_action": call.cause.action}
            return self._tell_frame(side, "out", frame, frame.action, more)
        what_and_call = self._wires.answered(side, frame)
        if what_and_call is None:
            return self._tell_answer(side, "out", frame, None, {})
        what, answered = what_and_call
        self._tell_answer(side, "out", frame, answered, {"what": what})

    def _tell_answer(
        self, side: Side, direction: str, frame: Frame, call: OpenCall | None, more: dict[str, Any]
    ) -> None:
        if call is not None:
            more["seconds"] = round(time() - call.at, 4)
            if call.cause is not None:
                more |= {"cause": call.cause.id, "cause_action": call.cause.action}
        self._tell_frame(side, direction, frame, call.action if call is not None else None, more)

    def _tell_frame(self, side: Side, direction: str, frame: Frame, action: str | None, more: dict[str, Any]) -> None:
        if isinstance(frame, Error):
            kind = "error" if frame.type == CALLERROR else "result_error"
        else:
            kind = {2: "call", 3: "result"}.get(frame.type, "send")
        self._tell(side, direction, kind, action, frame, more)

    def _tell(
        self,
        side: Side | None,
        direction: str | None,
        kind: str,
        action: str | None,
        frame: Frame | None,
        more: dict[str, Any],
    ) -> None:
        ears = [ear for ear in self.ears if ear.wants_action(action, more.get("cause_action"))]
        if not ears:
            return
        if not self._around.may(len(frame.text) if frame is not None else 0):
            for ear in ears:
                ear.lose(1)
            return
        record: dict[str, Any] = {
            "at": round(time(), 4),
            "station": self._session.identity.spelt,
            "node": self._around.node,
            "side": side,
            "direction": direction,
            "version": None,
            "type": kind,
            "action": action,
            "id": frame.message_id if frame is not None else None,
            "payload": None,
            **more,
        }
        if side is not None:
            about = self._session.about
            record["version"] = about.subprotocol if side == "station" else about.version
        text = self._text(record, frame)
        for ear in ears:
            ear.put(text)

    def _text(self, record: dict[str, Any], frame: Frame | None) -> str:
        hide = self._around.hide
        try:
            if frame is not None:
                record["payload"] = hide(_payload(frame))
            if "facts" in record:
                record["facts"] = hide(record["facts"])
            return _encode(record).decode()
        except BadFrame as bad:
            why = bad.why
        except (RecursionError, OverflowError, UnicodeError):
            why = "it cannot be shown"
        return _encode({**record, "payload": None, "facts": None, "why": why}).decode()

    def _safely(self, tell: Callable[[], None]) -> None:
        """A defect here is nobody's trouble but the listeners'."""
        try:
            tell()
        except Exception as defect:
            station = self._session.identity.spelt
            self._around.logger.error("tap_failed", station=station, exc_info=defect)
            self._session.tap = None


def _payload(frame: Frame) -> Any:
    if isinstance(frame, Error):
        members = {"errorCode": frame.code, "errorDescription": frame.description}
        return {**members, "errorDetails": frame.details or {}}
    return frame.payload
