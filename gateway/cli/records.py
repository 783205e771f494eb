"""Records of frames, as the API tells them, turned into rows of two lanes: which frame became which."""

from collections.abc import Callable
from typing import Any, cast

from gateway.demo.pairs import How, Row
from gateway.demo.wire import Frame, Kind, Side

Record = dict[str, Any]
_KINDS: dict[str, Kind] = {
    "call": "call",
    "send": "call",
    "result": "result",
    "error": "error",
    "result_error": "error",
}
_OTHER: dict[str, Side] = {"station": "csms", "csms": "station"}


class Rows:
    """Of one station. A call is held until what became of it comes, which is at once if anything does."""

    def __init__(self, give: Callable[[Row], None]) -> None:
        self._give = give
        self._held: dict[tuple[str, str], Frame] = {}
        """Calls that came in, and what answered the gateway's calls for them: by side and id of the call."""
        self._answers: dict[tuple[str, str], Frame] = {}

    def feed(self, record: Record) -> None:
        frame = frame_of(record)
        cause = (_OTHER[frame.side], str(record.get("cause")))
        if record["direction"] == "in":
            self._came(frame, record, cause)
        elif frame.kind == "call":
            self._went(frame, record, cause)
        else:
            self._answered(frame, record)

    def flush(self) -> None:
        """Nothing more comes for now."""
        for frame in list(self._held.values()):
            self._row("here", frame.side, frame)
        for frame in list(self._answers.values()):
            self._row("own_answer", None, frame)
        self._held.clear()
        self._answers.clear()

    def _came(self, frame: Frame, record: Record, cause: tuple[str, str]) -> None:
        self.flush()
        if frame.kind == "call":
            self._held[frame.side, frame.id] = frame
        elif "cause" in record:
            self._answers[cause] = frame
        else:
            self._row("own_answer", None, frame)

    def _went(self, frame: Frame, record: Record, cause: tuple[str, str]) -> None:
        if "cause" not in record:
            self._row("own", None, frame)
        elif cause in self._held:
            self._row("call", self._held[cause].side, frame, self._held.pop(cause))
        else:
            self._row("further", _OTHER[frame.side], frame)

    def _answered(self, frame: Frame, record: Record) -> None:
        key = (frame.side, frame.id)
        call = self._held.pop(key, None)
        if call is not None:
            self._row("here", frame.side, call)
        answer = self._answers.pop(key, None)
        alone = answer is None and record.get("what") == "answered here"
        self._row("here_answer" if alone else "answer", frame.side, frame, answer)

    def _row(self, how: How, asker: Side | None, *frames: Frame | None) -> None:
        by_side = {frame.side: frame for frame in frames if frame is not None}
        at = max(frame.at for frame in by_side.values())
        self._give(Row(how, asker, by_side.get("station"), by_side.get("csms"), at))


def frame_of(record: Record) -> Frame:
    """A record of a frame."""
    payload = record["payload"]
    return Frame(
        cast(Side, record["side"]),
        record["station"],
        record["direction"] == "in",
        record["at"],
        _KINDS[record["type"]],
        str(record["id"]),
        record["action"] or "",
        payload if isinstance(payload, dict) else {},
        "",
    )
