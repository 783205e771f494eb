"""Turns the notes of the pure core into metrics and log lines for one station's session."""

from collections.abc import Callable
from typing import Any

import structlog

from gateway.charging import OpenTransactions
from gateway.metrics import Metrics, action_label, code_label
from gateway.tallies import Tally
from translators.effects import Answered, Note
from translators.frames import CALL, Call, Frame

_ALARMING = frozenset(
    {
        *("never_stopped", "record_recreated", "start_repeated", "station_certificate_untrusted"),
        *("stop_after_assumed_end", "transaction_untold"),
    }
)
"""Notes that are only logged, but want somebody to look."""
_LOG_LINES = 20
"""Log lines of one kind and session; what comes after is only counted."""


class Observer:
    """One session's eyes. Counting is cheap; logging is limited per kind, so that a broken peer cannot flood."""

    __slots__ = (
        "_backend",
        "_buffered",
        "_counted",
        "_counters",
        "_frames_from_csms",
        "_frames_from_station",
        "_logged",
        "_logger",
        "_metrics",
        "_open",
        "_transactions",
        "_versions",
    )

    def __init__(
        self, metrics: Metrics, logger: structlog.stdlib.BoundLogger, station: str, csms: str, backend: str = ""
    ) -> None:
        """`station`, `csms`: the versions spoken; `backend`: its configured name."""
        self._metrics = metrics
        self._backend = backend
        self._buffered = 0
        self._transactions = OpenTransactions()
        self._counted = 0
        self._open = metrics.transactions_open.labels(backend)
        self._logger = logger
        self._versions = {"station": station, "csms": csms}
        self._logged: dict[str, int] = {}
        self._frames_from_station = self._frames_from_csms = 0
        self._counters = metrics.counters(station, csms)

    @property
    def frames(self) -> dict[str, int]:
        """Read from each side."""
        return {"station": self._frames_from_station, "csms": self._frames_from_csms}

    def close(self) -> None:
        """The session is over: what waits for its backend waits in the store, and its transactions are on no
        connection."""
        self._wait_for_backend(0)
        self._under_way(0)

    def received(self, peer: str, frame: Frame) -> None:
        """A call (or 2.1 SEND) came in; answers are counted when they are paired, for then their action is known."""
        from_station = peer == "station"
        if from_station:
            self._frames_from_station += 1
        else:
            self._frames_from_csms += 1
        if isinstance(frame, Call):
            self._count(peer, frame.action, "call" if frame.type == CALL else "send")
            if from_station and self._transactions.received(frame):
                self._under_way(self._transactions.count)

    def sent_to_station(self, frame: Frame) -> None:
        """A frame went to the station: a 1.6 transaction has its number from there."""
        transactions = self._transactions
        if transactions.starting is not None and transactions.sent(frame):
            self._under_way(transactions.count)

    def answered(self, answered: Answered) -> None:
        """A call to a peer was answered with a result."""
        peer, action = answered.peer, answered.action
        self._count(peer, action, "result")
        self._metrics.waited(peer, action, answered.seconds)

    def go_on_for(self, former: "Observer") -> None:
        """The station has another backend now: what it charges is counted there."""
        self._transactions, former._transactions = former._transactions, OpenTransactions()
        former._under_way(0)
        self._under_way(self._transactions.count)

    def _under_way(self, count: int) -> None:
        if count != self._counted:
            self._open.inc(count - self._counted)
            self._counted = count

    def note(self, note: Note) -> None:
        handler = _HANDLERS.get(note.kind)
        if handler is not None:
            handler(self, note.facts)
        else:
            self._log("warning" if note.kind in _ALARMING else "info", note.kind, note.facts)

    def _count(self, peer: str, action: str, kind: str) -> None:
        (self._counters.get((peer, action, kind)) or self._counter(peer, action, kind)).inc()

    def _counter(self, peer: str, action: str, kind: str) -> Tally:
        counter = self._metrics.message(f"from_{peer}", self._versions[peer], action, kind)
        if action_label(action) == action:
            self._counters[peer, action, kind] = counter
        return counter

    def _call_error(self, facts: dict[str, Any]) -> None:
        self._count(facts["peer"], facts["action"], "error")
        self._metrics.waited(facts["peer"], facts["action"], facts["seconds"])
        labels = (facts["peer"], action_label(facts["action"]), code_label(facts["code"]))
        self._metrics.call_errors.labels(*labels).inc()

    def _call_timeout(self, facts: dict[str, Any]) -> None:
        self._metrics.call_timeouts.labels(facts["peer"], action_label(facts["action"])).inc()
        self._log("warning", "call_timeout", facts | {"seconds": round(facts["seconds"], 3)})

    def _translated(self, facts: dict[str, Any]) -> None:
        labels = (facts["from"], facts["to"], action_label(facts["action"]), facts["outcome"])
        self._metrics.translations.labels(*labels).inc()

    def _lost(self, facts: dict[str, Any]) -> None:
        labels = (facts["from"], facts["to"], action_label(facts["action"]), facts["field"])
        self._metrics.losses.labels(*labels).inc()

    def _bad_frame(self, facts: dict[str, Any]) -> None:
        self._metrics.bad_frames.labels(facts["peer"], facts["kind"]).inc()
        self._log("warning", "bad_frame", facts)

    def _schema_violation(self, facts: dict[str, Any]) -> None:
        self._metrics.schema_violations.labels(facts["from"], action_label(facts["action"])).inc()
        self._log("info", "schema_violation", facts)

    def _mended(self, facts: dict[str, Any]) -> None:
        self._metrics.mended.labels(facts["version"], action_label(facts["action"])).inc()
        self._log("info", "mended", facts)

    def _failed(self, facts: dict[str, Any]) -> None:
        self._metrics.translation_failures.labels(action_label(facts["action"])).inc()
        self._log("error", "translation_failed", facts)

    def _withheld(self, facts: dict[str, Any]) -> None:
        self._metrics.withheld.labels(action_label(facts["action"])).inc()
        self._log("warning", "answer_withheld", facts)

    def _poison(self, facts: dict[str, Any]) -> None:
        self._metrics.poison.labels(action_label(facts["action"]), "yes" if facts["passed_on"] else "no").inc()
        self._log("error", "poison_message", facts)

    def _guarded(self, facts: dict[str, Any]) -> None:
        self._metrics.guarded_calls.labels(action_label(facts["action"])).inc()
        # An audit has no limit. What says nothing of a rule was refused where none, or `reject`, was given.
        told = {"rule": "reject", "outcome": "refused", **facts}
        self._logger.warning("guarded", **{"name": told.pop("call"), **told})

    def _outbox(self, facts: dict[str, Any]) -> None:
        event, told = facts["event"], {name: value for name, value in facts.items() if name != "event"}
        self._wait_for_backend(facts["messages"])
        if event:
            self._metrics.outbox_events.labels(event).inc()
        if event == "set_aside":
            self._log("error", "message_set_aside", told)
        elif event == "refused_later":
            self._log("warning", "assumed_token_refused", told)
        elif event == "failed":
            self._log("warning", "delivery_failed", told)
        elif event == "delivered" and not facts["messages"]:
            self._log("info", "outbox_delivered", {})

    def _wait_for_backend(self, messages: int) -> None:
        if messages != self._buffered:
            self._metrics.buffered.labels(self._backend).inc(messages - self._buffered)
            self._buffered = messages

    def _log(self, level: str, event: str, facts: dict[str, Any]) -> None:
        count = self._logged[event] = self._logged.get(event, 0) + 1
        if count <= _LOG_LINES:
            more = {"more": "only counted from here on"} if count == _LOG_LINES else {}
            # `from` is a keyword of the facts and of Python; the logger takes it through a mapping.
            getattr(self._logger, level)(event, **{**facts, **more})

    def _late(self, facts: dict[str, Any]) -> None:
        self._metrics.unmatched.labels(facts["peer"], "late").inc()

    def _unmatched(self, facts: dict[str, Any]) -> None:
        self._metrics.unmatched.labels(facts.get("peer", "csms"), "unknown").inc()


_HANDLERS: dict[str, Callable[[Observer, dict[str, Any]], None]] = {
    "call_error": Observer._call_error,
    "call_timeout": Observer._call_timeout,
    "translated": Observer._translated,
    "lost": Observer._lost,
    "bad_frame": Observer._bad_frame,
    "schema_violation": Observer._schema_violation,
    "mended": Observer._mended,
    "late_answer": Observer._late,
    "unmatched": Observer._unmatched,
    "invalid_output": Observer._failed,
    "mapping_failed": Observer._failed,
    "withheld": Observer._withheld,
    "guarded": Observer._guarded,
    "poison_message": Observer._poison,
    "outbox": Observer._outbox,
}
"""Of the class: an observer that held its own methods would stay until a full collection."""
