"""What was on a simulator's own wire: frames as they were sent and received, noted before anybody interprets them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal, Protocol

Side = Literal["station", "csms"]
Kind = Literal["call", "result", "error"]
Listener = Callable[["Frame"], None]

_KINDS: dict[int, Kind] = {2: "call", 3: "result", 4: "error"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One OCPP-J frame of one simulator.

    `sent`: by the simulator, else received. `at`: seconds on the process's performance counter. `action` of an answer is
    its call's, empty for an answer to nothing. `payload` of an error is `{"errorCode", "errorDescription"}`.
    """

    side: Side
    identity: str
    sent: bool
    at: float
    kind: Kind
    id: str
    action: str
    payload: dict[str, Any]
    text: str


class Tape:
    """All frames of one side, in the order in which they were on the wire. `keeps` false: only told to listeners."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.frames: list[Frame] = []
        self.keeps = True
        self._listeners: list[Listener] = []
        # A call is known by the connection, who made it and its id: both ends may use the same ids.
        self._open: dict[tuple[str, bool, str], str] = {}

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Every frame from now on goes to `listener`; call what comes back to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def note(self, identity: str, text: str, *, sent: bool) -> None:
        """Raises ValueError for a text that is no OCPP-J frame: nothing of the kind belongs on this wire."""
        frame = self._read(identity, text, sent)
        if self.keeps:
            self.frames.append(frame)
        for listener in list(self._listeners):
            listener(frame)

    def calls(self, action: str, *, identity: str | None = None) -> list[Frame]:
        """The calls of this name, either way."""
        return [
            frame
            for frame in self.frames
            if frame.kind == "call" and frame.action == action and identity in (None, frame.identity)
        ]

    def _read(self, identity: str, text: str, sent: bool) -> Frame:
        try:
            number, message_id, *rest = json.loads(text)
            kind = _KINDS[number]
            if kind == "call":
                action, payload = rest
                self._open[identity, sent, message_id] = action
            else:
                action = self._open.pop((identity, not sent, message_id), "")
                payload = rest[0] if kind == "result" else {"errorCode": rest[0], "errorDescription": rest[1]}
        except (ValueError, TypeError, KeyError, IndexError):
            raise ValueError(f"no OCPP-J frame: {text[:200]}") from None
        return Frame(self.side, identity, sent, perf_counter(), kind, message_id, action, payload, text)


class Connection(Protocol):
    """What the `ocpp` package needs of a WebSocket."""

    async def recv(self) -> str | bytes: ...

    async def send(self, message: str, /) -> None: ...


class Tap:
    """Stands between the `ocpp` package and the `websockets` connection, and notes what goes by."""

    def __init__(self, connection: Connection, identity: str, tape: Tape) -> None:
        self._connection = connection
        self._identity = identity
        self._tape = tape

    async def recv(self) -> str:
        message = await self._connection.recv()
        text = message if isinstance(message, str) else message.decode()
        self._tape.note(self._identity, text, sent=False)
        return text

    async def send(self, text: str) -> None:
        # Noted first: the answer must not stand before its call.
        self._tape.note(self._identity, text, sent=True)
        await self._connection.send(text)
