"""What a connection's last log line tells: who came, how, for how long, how much was said, and who ended it."""

import asyncio
from typing import Any

from gateway.sockets import Traffic

_BY_STATION = frozenset({"station_closed", "station_lost"})
_BY_BACKEND = frozenset({"backend_lost", "backend_refused"})


def encryption(transport: asyncio.BaseTransport | None) -> dict[str, str | None]:
    """The version and the suite of a connection's TLS, as OpenSSL names them; None and nothing else without."""
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    if tls is None:
        return {"tls": None}
    suite = tls.cipher()
    return {"tls": tls.version(), "cipher": suite[0] if suite is not None else None}


def closed_by(reason: str) -> str:
    """Who ended a session that ended for this reason: `station`, `backend` or `gateway`. What a peer did that had to be
    refused was ended here."""
    return "station" if reason in _BY_STATION else "backend" if reason in _BY_BACKEND else "gateway"


def said(traffic: Traffic) -> dict[str, Any]:
    """Frames (messages) and bytes (of WebSocket frames, pings included) to and from the station."""
    return {
        "frames_in": traffic.frames_in,
        "bytes_in": traffic.bytes_in,
        "frames_out": traffic.frames_out,
        "bytes_out": traffic.bytes_out,
    }
