"""What is fuzzed: each harness takes octets and raises when something is wrong."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gateway import deflate, identity, origin
from gateway.config.document import Document
from gateway.framing import Reader, xor
from tests.fuzz import board
from translators.frames import BadFrame, Error, decode


def frames(octets: bytes) -> None:
    """The envelope: a frame or BadFrame, never anything else; what was read is written as it came."""
    text = octets.decode("utf-8", "replace")
    try:
        frame = decode(text)
    except BadFrame as bad:
        assert bad.why  # noqa: PT017 - a property of every one of them
        assert isinstance(bad.message_id, str | int | None)  # noqa: PT017
        return
    assert frame.text == text
    if not isinstance(frame, Error):
        with suppress(BadFrame):
            assert isinstance(frame.payload, dict)


_DEFLATE = deflate.agree(["permessage-deflate"])


def wire(octets: bytes) -> None:
    """The reader of WebSocket frames, with compression and without: whole or cut in two, it comes to the same."""
    flags, cut = (*octets[:2], 0, 0)[:2]
    masked, agreed = bool(flags & 1), _DEFLATE if flags & 2 else None
    stream = octets[2:]
    one = Reader(4096, lambda: 0.0, xor, masked=masked, deflate=agreed)
    whole = one.feed(stream)
    two = Reader(4096, lambda: 0.0, xor, masked=masked, deflate=agreed)
    parts = two.feed(stream[:cut]) + two.feed(stream[cut:])
    assert (whole, one.gone, one.ping) == (parts, two.gone, two.ping)
    if agreed is None:
        assert sum(map(len, whole)) <= len(stream)
    assert all(len(text) < 4096 for text in whole)


def _proxied(stream: bytes) -> None:
    """A PROXY header is read to its end and no further, and tells an address or nothing."""
    taken = 0
    while more := origin.missing(stream[:taken]):
        taken += more
        if taken > len(stream):
            return
    told = origin.proxied(stream[:taken])
    assert told is None or origin.network_of(told)


def door(octets: bytes) -> None:
    """What a stranger sends before anybody knows him, and the configuration's text."""
    text = octets.decode("latin-1")
    found = identity.read_identity(text)
    if found is not None:
        assert identity.read_identity(found.quoted) == found
        assert not set(found.spelt) & set("/\\:%?#\r\n\0 \"'<>{}")
    segment = identity.segment_of(text, ("/ocpp/{identity}", "/{identity}"))
    assert segment is None or "/" not in segment
    with suppress(identity.BadCredentials):
        basic = identity.read_basic(text)
        if basic is not None:
            assert identity.read_basic(identity.write_basic(basic.username, basic.password)) is not None
    identity.offered_subprotocols([text])
    agreed = deflate.agree([text, f"permessage-deflate; {text}"])
    assert agreed is None or agreed.answer.startswith("permessage-deflate; ")
    with suppress(origin.NoProxyHeaderError):
        _proxied(octets)
    origin.network_of(origin.forwarded_for("127.0.0.1", [text], [text], ()))
    document = Document(octets.decode("utf-8", "replace"), Path(), {})
    for mistake in document.mistakes:
        assert mistake.place.line >= 1
    for steps in document.walk():
        document.get(*steps)


HARNESSES: dict[str, Callable[[bytes], None]] = {"frames": frames, "board": board.play, "wire": wire, "door": door}
