"""The OCPP-J envelope (1.6-J section 4.2, 2.0.1 and 2.1 part 4 section 4.2), keeping the text it came from.

A frame that was received knows its text; writing it again gives that text to the byte. The payload stays raw JSON until
somebody asks for it, so a frame that only passes through is never decoded beyond its envelope.
"""

import re
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

import msgspec

Payload = dict[str, Any]
MessageId = str | int
"""A message id. Text by the standard; an integer is read too, paired by its text form and given back as it came."""

CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND = 2, 3, 4, 5, 6
UNREADABLE_ID = "-1"
"""The id of a CALLERROR to a message whose own id could not be read (part 4 section 4.2.3)."""

_encode = msgspec.json.Encoder().encode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_call = msgspec.json.Decoder(tuple[int, str, str, msgspec.Raw]).decode
_decode_result = msgspec.json.Decoder(tuple[int, str, msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode
_HEAD = re.compile(r'\s*\[\s*([2-6])\s*,\s*"([^"\\\x00-\x1f]{1,255})"')
_DESCRIPTION_LIMIT = 255


class BadFrame(Exception):
    """A text that is no OCPP-J frame.

    kind: `not_json`, `envelope`, `message_id`, `message_type` or `payload`; the code of the answer is chosen from it.
    message_type: the type when it could be read. message_id: the id when it could be read, else None. text: the whole
    of what is not JSON, for those who know what this peer means by it.
    """

    def __init__(
        self, kind: str, why: str, message_type: int | None = None, message_id: MessageId | None = None
    ) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why
        self.message_type = message_type
        self.message_id = message_id
        self.text = ""


class _Body:
    """What CALL, CALLRESULT and SEND share: a payload that is decoded when first asked for."""

    __slots__ = ("_payload", "_raw", "_text", "key", "message_id")
    type: ClassVar[int]
    key: str
    """The message id as the key that pairs calls with answers."""

    def __init__(
        self,
        message_id: MessageId,
        payload: Payload | None = None,
        *,
        raw: msgspec.Raw | None = None,
        text: str | None = None,
    ) -> None:
        self.message_id = message_id
        self.key = message_id if type(message_id) is str else str(message_id)
        self._payload = payload
        self._raw = raw
        self._text = text

    @property
    def payload(self) -> Payload:
        """The payload as a JSON object. Raises BadFrame(kind="payload") when it is no object or cannot be decoded."""
        if self._payload is None:
            raw = b"null" if self._raw is None else self._raw
            try:
                value = _decode_any(raw)
            except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
                raise BadFrame("payload", _why(error), self.type, self.message_id) from None
            if not isinstance(value, dict):
                raise BadFrame("payload", "the payload is not a JSON object", self.type, self.message_id)
            if _is_too_deep(raw, value):
                raise BadFrame("payload", _TOO_DEEP, self.type, self.message_id)
            self._payload = value
        return self._payload

    def lighten(self) -> None:
        """Let go of the decoded payload of a frame that will wait: it is decoded again for whoever asks. Hundreds of such
        trees at rest cost more to free, each long out of the caches, than they did to make."""
        if self._raw is not None:
            self._payload = None

    @property
    def payload_text(self) -> str:
        """The payload as the JSON text it came as."""
        return bytes(self._raw).decode() if self._raw is not None else _encode(self._payload).decode()


class Call(_Body):
    """`[2, messageId, action, payload]`"""

    __slots__ = ("action",)
    type = CALL

    def __init__(
        self,
        message_id: MessageId,
        action: str,
        payload: Payload | None = None,
        *,
        raw: msgspec.Raw | None = None,
        text: str | None = None,
    ) -> None:
        # Not by super(): one is made for each message.
        self.message_id, self.action = message_id, action
        self.key = message_id if type(message_id) is str else str(message_id)
        self._payload, self._raw, self._text = payload, raw, text

    @classmethod
    def again(cls, message_id: MessageId, action: str, payload_text: str) -> "Call":
        """A call under another id with a payload that was kept as text (`payload_text`)."""
        raw = msgspec.Raw(payload_text.encode())
        return cls(message_id, action, raw=raw, text=_encode((cls.type, message_id, action, raw)).decode())

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = _encode((CALL, self.message_id, self.action, self._payload)).decode()
        return self._text


class Result(_Body):
    """`[3, messageId, payload]`"""

    __slots__ = ()
    type = CALLRESULT

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = _encode((CALLRESULT, self.message_id, self._payload)).decode()
        return self._text


class Send(Call):
    """`[6, messageId, action, payload]` (2.1): a call that expects no answer."""

    __slots__ = ()
    type = SEND

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = _encode((SEND, self.message_id, self.action, self._payload)).decode()
        return self._text


@dataclass(slots=True)
class Error:
    """`[4, messageId, code, description, details]`, and type 5 CALLRESULTERROR of 2.1, which has the same members."""

    message_id: MessageId
    code: str
    description: str = ""
    details: Payload | None = None
    type: int = CALLERROR
    received: str | None = None
    unheard: str = ""
    """Why nobody answered, in an error made here for want of an answer; empty in one that somebody made."""

    def lighten(self) -> None:
        """Nothing to let go of."""

    @property
    def text(self) -> str:
        if self.received is None:
            description = self.description[:_DESCRIPTION_LIMIT]
            members = (self.type, self.message_id, self.code, description, self.details or {})
            self.received = _encode(members).decode()
        return self.received

    @property
    def key(self) -> str:
        return str(self.message_id)


@dataclass(slots=True)
class NoAnswer:
    """Not on the wire: a call that got no answer that can be used. `waited` in seconds; `why` is a sentence's end."""

    message_id: MessageId
    waited: float
    why: str = ""

    @property
    def told(self) -> str:
        """What to say about it, after the peer's name."""
        return self.why or f"did not answer in {self.waited:g} s"

    @property
    def key(self) -> str:
        return str(self.message_id)


Frame = Call | Result | Error | Send
Reply = Result | Error | NoAnswer


DEEPEST = 100
"""How deeply objects and lists of a payload may stand in each other. The deepest schema has some ten; the JSON Schema engine
gives up at 255, and what walks over payloads has Python's stack."""
_TOO_DEEP = "nested too deeply"


def _is_too_deep(raw: bytes | msgspec.Raw, payload: Payload) -> bool:
    if len(raw) <= 2 * DEEPEST:
        return False  # what begins ends as well
    text = bytes(raw)
    if text.count(b"{") + text.count(b"[") <= DEEPEST:
        return False
    level: list[Any] = [payload]
    for _ in range(DEEPEST):
        inner = chain.from_iterable(one.values() if isinstance(one, dict) else one for one in level)
        level = [one for one in inner if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def decode(text: str) -> Frame:
    """Read one text message. Raises BadFrame; never anything else, whatever the text."""
    try:
        if text.startswith("[2,"):
            _, message_id, action, raw = _decode_call(text)
            if message_id and action:
                return Call(message_id, action, raw=raw, text=text)
        elif text.startswith("[3,"):
            _, message_id, raw = _decode_result(text)
            if message_id:
                return Result(message_id, raw=raw, text=text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        pass  # the careful way finds out what is wrong
    return _decode_carefully(text)


def _decode_carefully(text: str) -> Frame:
    text_read = text.removeprefix("\ufeff")
    try:
        members = _decode_array(text_read)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        head = _HEAD.match(text_read)
        bad = BadFrame("not_json", _why(error), int(head[1]), head[2]) if head else BadFrame("not_json", _why(error))
        bad.text = text_read
        raise bad from None
    message_type = _member(members, 0)
    message_id = _member(members, 1)
    if isinstance(message_type, bool) or not isinstance(message_type, int):
        raise BadFrame("envelope", "the message type is not an integer")
    if not (isinstance(message_id, str) and message_id) and type(message_id) is not int:
        raise BadFrame("message_id", "the message id is not a text", message_type)
    if message_type in (CALL, SEND):
        return _careful_call(message_type, message_id, members, text)
    if message_type == CALLRESULT:
        if len(members) != 3:
            raise BadFrame("envelope", f"a CALLRESULT has 3 members, not {len(members)}", message_type, message_id)
        return Result(message_id, raw=members[2], text=text)
    if message_type in (CALLERROR, CALLRESULTERROR):
        return _careful_error(message_type, message_id, members, text)
    raise BadFrame("message_type", f"message type {message_type} is not known", message_type, message_id)


def _careful_call(message_type: int, message_id: MessageId, members: list[msgspec.Raw], text: str) -> Frame:
    if len(members) != 4:
        raise BadFrame("envelope", f"a CALL has 4 members, not {len(members)}", message_type, message_id)
    action = _member(members, 2)
    if not isinstance(action, str) or not action:
        raise BadFrame("envelope", "the action is not a text", message_type, message_id)
    kind = Call if message_type == CALL else Send
    return kind(message_id, action, raw=members[3], text=text)


def _careful_error(message_type: int, message_id: MessageId, members: list[msgspec.Raw], text: str) -> Error:
    # Real peers leave out the details, send null for them, or a code of another version: all of it is carried.
    code, description, details = (_member(members, place) for place in (2, 3, 4))
    return Error(
        message_id,
        code if isinstance(code, str) and code else "GenericError",
        description if isinstance(description, str) else "",
        details if isinstance(details, dict) else {},
        message_type,
        text,
    )


def _member(members: list[msgspec.Raw], place: int) -> object:
    """A decoded member, or None when it is absent or cannot be decoded (lone surrogates, for one)."""
    if place >= len(members):
        return None
    try:
        return _decode_any(members[place])
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    if isinstance(error, UnicodeError):
        return "not valid Unicode"
    return str(error)
