"""The transaction messages that wait for their CSMS, in the order they came. Memory, of the station on this backend:

outbox/message/<n>  {"action", "payload": its JSON text, "answer": what the station was told, "tries"}; n rises
outbox/dead/<n>     the same, of a message that the CSMS will not take
outbox/waits        as long as there are any: what whoever delivers them without the station has to know
outbox/done         [[print, answer], ...] of the last messages delivered: a station may not have heard its answer
"""

import hashlib
from collections import deque
from typing import Any

import msgspec

from translators.effects import Effect, Forget, Note, Remember
from translators.frames import BadFrame, Call, Payload

WAITS = "outbox/waits"
_MESSAGE, _DEAD, _DONE = "outbox/message/", "outbox/dead/", "outbox/done"
_DONE_KEPT = 32

_encode = msgspec.json.Encoder(order="deterministic").encode


class Message:
    """One message that waits."""

    __slots__ = ("action", "answer", "ends", "number", "payload", "print", "text", "transaction", "tries")

    def __init__(self, number: int, action: str, text: str, payload: Payload, answer: Payload, tries: int = 0) -> None:
        self.number = number
        self.action = action
        self.text = text
        self.payload = payload
        self.answer = answer
        self.tries = tries
        self.print = print_of(action, payload)
        self.transaction = transaction_of(action, payload, answer)
        self.ends = action == "StopTransaction" or payload.get("eventType") == "Ended"

    @property
    def size(self) -> int:
        """Bytes, about."""
        return len(self.text) + 64

    def record(self) -> dict[str, Any]:
        return {"action": self.action, "payload": self.text, "answer": self.answer, "tries": self.tries}


class Queue:
    """First in, first out; every change is an effect that makes it durable."""

    def __init__(self, memory: dict[str, Any], waits: Payload | None = None) -> None:
        """`waits`: what stands in memory as long as something waits; None: nothing does."""
        self._memory = memory
        self._waits = waits
        found = sorted(_numbered(memory, _MESSAGE))
        self._messages = deque(_read(number, memory[f"{_MESSAGE}{number}"]) for number in found)
        self._prints = {message.print: message for message in self._messages}
        self._last = max([*found, *_numbered(memory, _DEAD)], default=0)
        self.size = sum(message.size for message in self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def head(self) -> Message:
        return self._messages[0]

    @property
    def last(self) -> Message:
        return self._messages[-1]

    def note(self, event: str = "", action: str = "", **facts: Any) -> Note:
        """What has happened to a message, and how many wait now."""
        return Note("outbox", {"event": event, "action": action, "messages": len(self._messages), **facts})

    def answer_given(self, call: Call) -> Payload | None:
        """What the station was told when it sent the same message before."""
        done = self._memory.get(_DONE, [])
        if not done and not self._messages:
            return None
        try:
            same = print_of(call.action, call.payload)
        except BadFrame:
            return None
        waiting = self._prints.get(same)
        if waiting is not None:
            return waiting.answer
        return next((answer for known, answer in done if known == same), None)

    def put(self, call: Call, answer: Payload) -> list[Effect]:
        """At the end. Raises BadFrame for a payload that is no JSON object."""
        self._last += 1
        message = Message(self._last, call.action, call.payload_text, call.payload, answer)
        self._messages.append(message)
        self._prints[message.print] = message
        self.size += message.size
        out: list[Effect] = [self._remember(f"{_MESSAGE}{message.number}", message.record())]
        if self._waits is not None and WAITS not in self._memory:
            out.append(self._remember(WAITS, self._waits))
        return out

    def delivered(self) -> list[Effect]:
        """The first one has been answered by the CSMS. Durable before the next one is sent: what is forgotten is written
        with what is remembered."""
        message = self._take()
        done = [*self._memory.get(_DONE, []), [message.print, message.answer]][-_DONE_KEPT:]
        return [self._remember(_DONE, done), *self._gone(message)]

    def failed(self) -> list[Effect]:
        """The first one has been tried in vain."""
        self.head.tries += 1
        return [self._remember(f"{_MESSAGE}{self.head.number}", self.head.record(), behind=True)]

    def set_aside(self) -> list[Effect]:
        """The first one will not be taken: it is kept for an operator, and blocks no other."""
        message = self._take()
        return [self._remember(f"{_DEAD}{message.number}", message.record()), *self._gone(message)]

    def ends(self, transaction: object) -> bool:
        """Whether the end of this transaction waits here."""
        return any(message.ends and message.transaction == transaction for message in self._messages)

    def _take(self) -> Message:
        message = self._messages.popleft()
        self.size -= message.size
        if self._prints.get(message.print) is message:
            del self._prints[message.print]
        return message

    def _gone(self, message: Message) -> list[Effect]:
        out: list[Effect] = [self._forget(f"{_MESSAGE}{message.number}")]
        return out if self._messages or WAITS not in self._memory else [*out, self._forget(WAITS)]

    def _remember(self, key: str, value: Any, *, behind: bool = False) -> Remember:
        self._memory[key] = value
        return Remember(key, value, behind)

    def _forget(self, key: str) -> Forget:
        self._memory.pop(key, None)
        return Forget(key)


def print_of(action: str, payload: Payload) -> str:
    """What two messages share that are the same one. A station that repeats an event may call it offline by then."""
    said = {name: value for name, value in payload.items() if name != "offline"}
    return hashlib.sha1(_encode([action, said]), usedforsecurity=False).hexdigest()


def transaction_of(action: str, payload: Payload, answer: Payload) -> object:
    """The station's id of the transaction that a message speaks of; None where it names none."""
    if action == "TransactionEvent":
        info = payload.get("transactionInfo")
        return info.get("transactionId") if isinstance(info, dict) else None
    return (answer if action == "StartTransaction" else payload).get("transactionId")


def _read(number: int, record: dict[str, Any]) -> Message:
    text = record["payload"]
    return Message(number, record["action"], text, msgspec.json.decode(text), record["answer"], record["tries"])


def _numbered(memory: dict[str, Any], prefix: str) -> list[int]:
    return [int(key[len(prefix) :]) for key in memory if key.startswith(prefix)]
