"""Which frame of the one wire belongs to which of the other: told from time and names, for the gateway is not asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from gateway.demo.wire import Frame, Side

_LATE_SECONDS = 1.5
"""How long after its answer a call may still cause something on the other wire."""

_STATUS, _EVENT, _START, _STOP = "StatusNotification", "TransactionEvent", "RemoteStart", "RemoteStop"
_CAUSES: dict[str, frozenset[str]] = {
    # Action on one wire -> what it may become on the other, besides itself.
    _STATUS: frozenset({"NotifyEvent", _EVENT}),
    "NotifyEvent": frozenset({_STATUS}),
    _EVENT: frozenset({"StartTransaction", "StopTransaction", "MeterValues", _STATUS, "Authorize"}),
    "StartTransaction": frozenset({_EVENT}),
    "StopTransaction": frozenset({_EVENT}),
    "MeterValues": frozenset({_EVENT}),
    "RemoteStartTransaction": frozenset({"RequestStartTransaction"}),
    "RemoteStopTransaction": frozenset({"RequestStopTransaction"}),
    "RequestStartTransaction": frozenset({"RemoteStartTransaction"}),
    "RequestStopTransaction": frozenset({"RemoteStopTransaction"}),
    "GetConfiguration": frozenset({"GetVariables"}),
    "ChangeConfiguration": frozenset({"SetVariables"}),
    "GetVariables": frozenset({"GetConfiguration"}),
    "SetVariables": frozenset({"ChangeConfiguration"}),
    "GetBaseReport": frozenset({"GetConfiguration"}),
}

How = Literal["call", "further", "answer", "here", "here_answer", "own", "own_answer"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the lanes. `asker`: the side whose call it began with, None for the gateway's own.

    `how`: `call` a call and what it became; `further` what else it became; `answer` both answers; `here` a call that the
    gateway answered alone, `here_answer` its answer; `own` a call of the gateway's own; `own_answer` the answer to that.
    """

    how: How
    asker: Side | None
    station: Frame | None
    csms: Frame | None
    at: float


@dataclass(slots=True)
class _Exchange:
    call: Frame
    counterparts: list[Frame] = field(default_factory=list)
    answers: dict[str, Frame] = field(default_factory=dict)
    answered_at: float | None = None


class Pairs:
    """Takes the frames of both wires as they come, gives rows."""

    def __init__(self, give: Callable[[Row], None]) -> None:
        self._give = give
        self._exchanges: list[_Exchange] = []

    def feed(self, frame: Frame) -> None:
        if frame.kind == "call":
            if frame.sent:
                self._exchanges.append(_Exchange(frame))
            else:
                self._arrived(frame)
        elif frame.sent:
            self._answered_there(frame)
        else:
            self._answered_here(frame)

    def close(self) -> None:
        """Shows calls that nothing came of."""
        for exchange in self._exchanges:
            if not exchange.counterparts and exchange.answered_at is None:
                self._row("here", exchange.call.side, exchange.call.at, exchange.call)
        self._exchanges.clear()

    def _arrived(self, frame: Frame) -> None:
        """A call came out of the gateway: what caused it?"""
        causes = [exchange for exchange in self._exchanges if _may_cause(exchange, frame)]
        if not causes:
            self._row("own", None, frame.at, frame)
            return
        # The oldest that nothing has come of; else the newest, which becomes more than one.
        fresh = [exchange for exchange in causes if not exchange.counterparts and exchange.answered_at is None]
        cause = (fresh or causes[::-1])[0]
        cause.counterparts.append(frame)
        first = len(cause.counterparts) == 1 and cause.answered_at is None
        self._row("call" if first else "further", cause.call.side, frame.at, frame, cause.call if first else None)

    def _answered_there(self, frame: Frame) -> None:
        """A simulator answered a call that the gateway made."""
        for exchange in self._exchanges:
            if any(call.side == frame.side and call.id == frame.id for call in exchange.counterparts):
                exchange.answers[frame.id] = frame
                return
        self._row("own_answer", None, frame.at, frame)

    def _answered_here(self, frame: Frame) -> None:
        """The call a simulator made was answered."""
        for exchange in self._exchanges:
            if (exchange.call.side, exchange.call.id) == (frame.side, frame.id):
                break
        else:
            return
        exchange.answered_at = frame.at
        if not exchange.counterparts:
            self._row("here", frame.side, frame.at, exchange.call)
        first = exchange.counterparts[0].id if exchange.counterparts else ""
        self._row("answer" if first else "here_answer", frame.side, frame.at, frame, exchange.answers.get(first))
        self._exchanges = [
            other
            for other in self._exchanges
            if other.answered_at is None or frame.at - other.answered_at < _LATE_SECONDS
        ]

    def _row(self, how: How, asker: Side | None, at: float, *frames: Frame | None) -> None:
        by_side = {frame.side: frame for frame in frames if frame is not None}
        self._give(Row(how, asker, by_side.get("station"), by_side.get("csms"), at))


def _may_cause(exchange: _Exchange, frame: Frame) -> bool:
    call = exchange.call
    if call.side == frame.side or call.identity != frame.identity:
        return False
    if call.action == frame.action == _STATUS and frame.side == "csms" and frame.payload.get("connectorId") == 0:
        # Connector 0 is the station itself; 2.0.1 has no status of it that could have caused this.
        return call.payload.get("connectorId") == 0
    return frame.action == call.action or frame.action in _CAUSES.get(call.action, frozenset())
