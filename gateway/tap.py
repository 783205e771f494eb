"""What goes over a station's two wires, told to whoever listens. A session that nobody listens to has no tap."""

from collections.abc import Callable
from time import time
from typing import Any, Literal, Protocol

import msgspec
import structlog

from gateway.ear import Ear
from gateway.identity import Identity
from gateway.redaction import Hide
from translators.effects import Note
from translators.frames import CALLERROR, BadFrame, Call, Error, Frame

_OPEN_CALLS, _OWN_CALLS = 256, 16
_SILENT = frozenset({"call_settled", "call_error", "translated"})
"""Notes that say what the frames say."""

Side = Literal["station", "csms"]
_OTHER: dict[Side, Side] = {"station": "csms", "csms": "station"}
_encode = msgspec.json.Encoder().encode


class About(Protocol):
    @property
    def subprotocol(self) -> str: ...

    @property
    def version(self) -> str: ...


class Tapped(Protocol):
    """A session, as a tap sees it."""

    tap: "Tap | None"

    @property
    def identity(self) -> Identity: ...

    @property
    def about(self) -> About: ...


class _Open:
    """A call that has no answer yet. `cause`: the call on the other wire that made the gateway make it. `went_over`: it
    made the gateway make one, `heard`: which was answered, `answer`: with this text."""

    __slots__ = ("action", "answer", "at", "cause", "heard", "id", "text", "went_over")

    def __init__(self, call: Call, cause: "_Open | None") -> None:
        self.id, self.action, self.text, self.at = call.key, call.action, call.text, time()
        self.cause = cause
        self.went_over = self.heard = False
        self.answer = ""


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
        self._open: dict[tuple[Side, bool, str], _Open] = {}
        self._own: tuple[str, ...] = ()

    def own(self, call: Call) -> None:
        """The gateway is about to call the station for an operator."""
        self._own = (*self._own[-_OWN_CALLS:], call.key)

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
            if frame.type == Call.type:
                self._keep(side, True, _Open(frame, None))
            return self._tell_frame(side, "in", frame, frame.action, {})
        call = self._open.pop((side, False, frame.key), None)
        if call is not None and call.cause is not None:
            call.cause.heard = True
            if call.cause.id == frame.key:
                call.cause.answer = frame.text
        self._tell_answer(side, "in", frame, call, {})

    def _wrote(self, side: Side, frame: Frame) -> None:
        if isinstance(frame, Call):
            what, cause = self._source(side, frame)
            if cause is not None:
                cause.went_over = True
            if frame.type == Call.type:
                self._keep(side, False, _Open(frame, cause))
            more: dict[str, Any] = {"what": what}
            if cause is not None:
                more |= {"cause": cause.id, "cause_action": cause.action}
            return self._tell_frame(side, "out", frame, frame.action, more)
        call = self._open.pop((side, True, frame.key), None)
        self._tell_answer(side, "out", frame, call, {} if call is None else {"what": self._made(call, frame)})

    def _source(self, side: Side, call: Call) -> tuple[str, _Open | None]:
        """What a call that goes out is, and what it comes from: told from the wires. A call that passes through keeps its
        id. A translation has another; it is put down to the call of the other side that nothing has come of yet."""
        if call.key in self._own:
            return "own", None
        other = _OTHER[side]
        same = self._open.get((other, True, call.key))
        if same is not None and same.action == call.action:
            return "passed on" if same.text == call.text else "mended", same
        about = self._session.about
        if about.subprotocol != about.version:
            open_calls = [one for (at, came, _), one in self._open.items() if came and at == other]
            fresh = [one for one in open_calls if not one.went_over]
            if open_calls:
                return "translated", (fresh or open_calls[::-1])[0]
        return "own", None

    def _made(self, call: _Open, answer: Frame) -> str:
        if not call.heard:
            return "answered here"
        if call.answer == answer.text:
            return "passed on"
        return "mended" if call.answer else "translated"

    def _keep(self, side: Side, came: bool, call: _Open) -> None:
        while len(self._open) >= _OPEN_CALLS:
            del self._open[next(iter(self._open))]
        self._open[side, came, call.id] = call

    def _tell_answer(self, side: Side, direction: str, frame: Frame, call: _Open | None, more: dict[str, Any]) -> None:
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
