"""How a station is turned away at the door: an HTTP status, a reason for the metrics, a text."""

import random
from email.utils import formatdate

from gateway.handshakes import refused

_RETRY_SECONDS = (5, 15)
"""What Retry-After asks for, at random between the two: a fleet must not come back at once."""


class RefusedError(Exception):
    """The station is turned away with this HTTP status; `reason` is the metric's label. `retry_seconds` is what a 503
    asks for, in place of some time at random. `why` is what the log says, where it may tell more than the `text` that
    the station gets."""

    def __init__(
        self, status: int, reason: str, text: str, retry_seconds: int | None = None, *, why: str | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.text = text
        self.retry_seconds = retry_seconds
        self.why = why or text


def response_to(refusal: RefusedError, method: str) -> bytes:
    """What a station is told that asked with this method."""
    headers = {"Date": formatdate(usegmt=True)}
    if refusal.status == 503:
        seconds = refusal.retry_seconds or random.randint(*_RETRY_SECONDS)  # noqa: S311 - spreads a fleet, hides nothing
        headers["Retry-After"] = str(seconds)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
    if refusal.status == 426:
        headers["Upgrade"] = "websocket"
        headers["Sec-WebSocket-Version"] = "13"  # RFC 6455 section 4.4
    return refused(refusal.status, refusal.text, headers, has_body=method != "HEAD")
