"""What a session does when its parts are slow: no real sockets, a store that is let go by hand."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any, cast

import structlog

from gateway.bridge import About, Bridge
from gateway.config import Backend, Limits
from gateway.identity import Identity
from gateway.ledger import Ledger
from gateway.metrics import Metrics
from gateway.observer import Observer
from gateway.sockets import Gone
from gateway.upstream import Leg
from translators.effects import Effect, Remember, ToCsms
from translators.frames import BadFrame, Call, Frame, decode

CALL = cast(Call, decode('[2,"1","Heartbeat",{}]'))


class FakeSocket:
    congested = False

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.left: Callable[[Gone], None] | None = None

    def deliver(self, take: Callable[[str], None], left: Callable[[Gone], None]) -> None:
        self.left = left

    def lose(self) -> None:
        left, self.left = self.left, None
        if left is not None:
            left(Gone(1006, "lost"))

    def send(self, text: str) -> None:
        self.sent.append(text)

    def part(self, code: int, reason: str) -> None:
        self.left = None

    async def close(self, code: int, reason: str) -> None:
        self.part(code, reason)

    def abort(self) -> None:
        self.left = None

    def due(self, ping_seconds: float, pong_seconds: float) -> float:
        return asyncio.get_running_loop().time() + ping_seconds


class FakeBoard:
    """A call that goes out behind a change, and again over a new connection."""

    station_full = False
    story = None

    def __init__(self) -> None:
        self.resumed = asyncio.Event()

    def open(self, now: float, *, away: bool = False) -> list[Effect]:
        return [Remember("key", 1), ToCsms(CALL)]

    def from_station(self, frame: Frame, now: float) -> list[Effect]:
        return []

    from_csms = from_station

    def bad_from_station(self, bad: BadFrame, now: float) -> list[Effect]:
        return []

    bad_from_csms = bad_from_station

    def hold_csms(self) -> None:
        pass

    def resume_csms(self, now: float) -> list[Effect]:
        self.resumed.set()
        return [ToCsms(CALL)]

    def deadline(self) -> None:
        return None

    def close(self) -> None:
        pass


class FakeStore:
    def __init__(self) -> None:
        self.durable = asyncio.get_running_loop().create_future()

    shared = instant = False

    def write(self, identity: str, epoch: int, changes: Any) -> Any:
        return self.durable

    async def release(self, identity: str, epoch: int) -> None:
        return


class Dial:
    def __init__(self, socket: FakeSocket) -> None:
        self.socket = socket

    async def __call__(self, seconds: float) -> Leg:
        return Leg(cast(Any, self.socket), "ocpp1.6")

    async def opening(self, seconds: float) -> None:
        return

    def farewell(self) -> float:
        return 0.0


def made(station: FakeSocket, csms: FakeSocket, new: FakeSocket, board: FakeBoard, store: FakeStore) -> Bridge:
    metrics, logger = Metrics(), structlog.get_logger()
    backend = Backend(url="ws://localhost")
    backend._name = "b"
    return Bridge(
        Identity("CP-1", "cp-1"),
        About("ocpp1.6", "ocpp1.6", "10.0.0.1", 0.0),
        backend,
        cast(Any, station),
        Leg(cast(Any, csms), "ocpp1.6"),
        Dial(new),
        cast(Any, board),
        Ledger(cast(Any, store), "cp-1", "node", 1, "b", {}, 10.0, metrics),
        Limits(),
        metrics,
        Observer(metrics, logger, "ocpp1.6", "ocpp1.6"),
        logger,
        cast(Any, None),
    )


async def test_a_call_behind_a_slow_store_is_written_once_to_the_backend_that_came_back() -> None:
    station, old, new = FakeSocket(), FakeSocket(), FakeSocket()
    board, store = FakeBoard(), FakeStore()
    bridge = made(station, old, new, board, store)
    living = asyncio.create_task(bridge.run())
    await asyncio.sleep(0)
    old.lose()
    async with asyncio.timeout(5):
        await board.resumed.wait()
        store.durable.set_result(None)
        while not new.sent:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert (old.sent, new.sent) == ([], [CALL.text])
        bridge.end(1012, "", "drain")
        await living


async def test_a_session_that_has_ended_is_freed_without_a_full_collection() -> None:
    """Full collections are as good as switched off in the process (`gateway.app`)."""
    station, csms, store = FakeSocket(), FakeSocket(), FakeStore()
    store.durable.set_result(None)
    bridge = made(station, csms, FakeSocket(), FakeBoard(), store)
    parts = [weakref.ref(part) for part in (bridge, bridge.ledger, bridge.primary, bridge.primary.pump)]
    living = asyncio.create_task(bridge.run())
    gc.disable()
    try:
        async with asyncio.timeout(5):
            while not csms.sent:
                await asyncio.sleep(0.01)
            station.lose()
            assert (await living).reason == "station_lost"
        del living, bridge
        await asyncio.sleep(0)
        assert [part() for part in parts] == [None, None, None, None]
    finally:
        gc.enable()
