"""What belongs to what on a station's two wires: which call made the gateway make which, told from the frames alone."""

from time import time
from typing import Any, Literal, Protocol

from translators.frames import Call, Frame

Side = Literal["station", "csms"]
OTHER: dict[Side, Side] = {"station": "csms", "csms": "station"}

_OPEN_CALLS, _OWN_CALLS = 256, 16


class About(Protocol):
    @property
    def subprotocol(self) -> str: ...

    @property
    def version(self) -> str: ...


class Session(Protocol):
    @property
    def about(self) -> About:
        """The versions now: its backend may change."""


class OpenCall:
    """A call that has no answer yet. `cause`: the call on the other wire that made the gateway make it. `went_over`: it
    made the gateway make one, `heard`: which was answered, `answer`: with this text. `mark`: its owner's."""

    __slots__ = ("action", "answer", "at", "cause", "heard", "id", "mark", "text", "went_over")

    def __init__(self, call: Call, cause: "OpenCall | None") -> None:
        self.id, self.action, self.text, self.at = call.key, call.action, call.text, time()
        self.cause = cause
        self.went_over = self.heard = False
        self.answer = ""
        self.mark: Any = None


class Wires:
    """Of one session. It knows what it saw since it was made: what began before has no action and no cause."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: dict[tuple[Side, bool, str], OpenCall] = {}
        self._own: tuple[str, ...] = ()

    def own(self, call: Call) -> None:
        """The gateway is about to call the station for an operator."""
        self._own = (*self._own[-_OWN_CALLS:], call.key)

    def came(self, side: Side, call: Call) -> OpenCall:
        """A call came in. A one-way message is not kept."""
        return self._kept(side, True, call, None)

    def heard(self, side: Side, answer: Frame) -> OpenCall | None:
        """An answer came in: to this call of the gateway's."""
        call = self._open.pop((side, False, answer.key), None)
        if call is not None and call.cause is not None:
            call.cause.heard = True
            if call.cause.id == answer.key:
                call.cause.answer = answer.text
        return call

    def goes(self, side: Side, call: Call) -> tuple[str, OpenCall]:
        """A call goes out: what it is, and the call with its cause."""
        what, cause = self._source(side, call)
        if cause is not None:
            cause.went_over = True
        return what, self._kept(side, False, call, cause)

    def answered(self, side: Side, answer: Frame) -> tuple[str, OpenCall] | None:
        """An answer goes out: what it is, and the call that it answers."""
        call = self._open.pop((side, True, answer.key), None)
        return None if call is None else (_made(call, answer), call)

    def given_up(self, side: Side, action: str) -> OpenCall | None:
        """The gateway waits no longer for the oldest call of this action to a side."""
        for key, call in self._open.items():
            if key[0] == side and not key[1] and call.action == action:
                return self._open.pop(key)
        return None

    def latest(self, action: str) -> OpenCall | None:
        """The call of this action that came in last, while it has no answer."""
        return next(
            (one for (_, came, _), one in reversed(self._open.items()) if came and one.action == action),
            None,
        )

    def rest(self) -> list[OpenCall]:
        """Those that never will be answered."""
        left, self._open = list(self._open.values()), {}
        return left

    # -- inside -----------------------------------------------------------------------------------------------------

    def _source(self, side: Side, call: Call) -> tuple[str, OpenCall | None]:
        """What a call that goes out is, and what it comes from. A call that passes through keeps its id. A translation has
        another; it is put down to the call of the other side that nothing has come of yet."""
        if call.key in self._own:
            return "own", None
        other = OTHER[side]
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

    def _kept(self, side: Side, came: bool, call: Call, cause: OpenCall | None) -> OpenCall:
        kept = OpenCall(call, cause)
        if call.type == Call.type:
            while len(self._open) >= _OPEN_CALLS:
                del self._open[next(iter(self._open))]
            self._open[side, came, call.key] = kept
        return kept


def _made(call: OpenCall, answer: Frame) -> str:
    if not call.heard:
        return "answered here"
    if call.answer == answer.text:
        return "passed on"
    return "mended" if call.answer else "translated"
