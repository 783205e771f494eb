"""How a simulated station gets onto the wire, whatever its version."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from ocpp.charge_point import ChargePoint
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.demo.peer import end
from gateway.demo.wire import Tap, Tape

_OPEN_SECONDS = 10
_Station = TypeVar("_Station", bound=ChargePoint)


@asynccontextmanager
async def dial(
    url: str, identity: str, tape: Tape, *, subprotocol: str, password: str | None = None, ca: Path | None = None
) -> AsyncIterator[Tap]:
    """A connection to `url`/`identity` with HTTP Basic where there is a password; `ca` is trusted for wss, alone.

    Raises websockets' InvalidStatus when refused, OSError and TimeoutError when not reached.
    """
    headers = {}
    if password is not None:
        headers["Authorization"] = f"Basic {b64encode(f'{identity}:{password}'.encode()).decode()}"
    context = ssl.create_default_context(cafile=ca) if ca is not None else None
    address = f"{url.rstrip('/')}/{identity}"
    offered = [Subprotocol(subprotocol)]
    async with connect(
        address,
        subprotocols=offered,
        additional_headers=headers,
        ssl=context,
        proxy=None,
        open_timeout=_OPEN_SECONDS,
        close_timeout=2,
    ) as connection:
        if connection.subprotocol != subprotocol:
            raise OSError(f"{address}: answered without the subprotocol {subprotocol}")
        yield Tap(connection, identity, tape)


@asynccontextmanager
async def alive(station: _Station, lost: Callable[[str], None] = lambda why: None) -> AsyncIterator[_Station]:
    """The station reads its wire as long as this lasts; it must, to make calls. `lost` is told why the wire ended."""
    reading = asyncio.create_task(_read(station, lost))
    try:
        yield station
    finally:
        await end(reading)


async def beat(station: Any, seconds: float) -> None:
    """Heartbeats for ever; ends with the connection."""
    with suppress(ConnectionClosed):
        while True:
            await asyncio.sleep(seconds)
            await station.heartbeat()


async def _read(station: Any, lost: Callable[[str], None]) -> None:
    try:
        await station.start()
    except ConnectionClosed as end:
        lost(f"the station's connection ended: {end}")
    except ValueError as bad:
        lost(f"the station got {bad}")
