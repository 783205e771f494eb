"""What a message costs from the octets of one connection to those of the other and back: microseconds of one core, with
metrics and a store in memory, without the kernel, TLS and the loop. `python -m tests.bench.path [--profile]` prints it.
"""

import argparse
import asyncio
import cProfile
import gc
import pstats
from collections.abc import Callable
from itertools import count
from time import process_time, time
from types import SimpleNamespace
from typing import Any, cast

import structlog

from gateway.bridge import About, Bridge
from gateway.config import Backend, Limits
from gateway.identity import Identity
from gateway.ledger import Ledger
from gateway.metrics import Metrics
from gateway.observer import Observer
from gateway.sockets import Socket
from gateway.store.memory import MemoryStore
from gateway.switchboard import Switchboard
from gateway.upstream import Leg
from tests.bench.frames import build, mask
from tests.bench.messages import METER_16, Readings, call
from translators.frames import decode
from translators.links import between
from translators.options import Options
from translators.story import Story

ROUNDS, SERIES = 250, 40
ANSWERS = {
    "BootNotification": {"currentTime": "2026-11-21T10:00:00Z", "interval": 300, "status": "Accepted"},
    "StartTransaction": {"transactionId": 1, "idTagInfo": {"status": "Accepted"}},
    "TransactionEvent": {"idTokenInfo": {"status": "Accepted"}},
}
_KEY = b"\x01\x02\x03\x04"


class _Wire:
    """In the transport's place: keeps what was written last."""

    def __init__(self) -> None:
        self.last = b""

    def write(self, data: bytes) -> None:
        self.last = data

    def set_write_buffer_limits(self, high: int) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def get_protocol(self) -> asyncio.Protocol:
        return asyncio.Protocol()

    def set_protocol(self, protocol: asyncio.Protocol) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


def _socket(wire: _Wire, *, dialled: bool) -> Socket:
    upgrade = SimpleNamespace(dialled=dialled, early=b"", deflate=None)
    return Socket(cast(Any, upgrade), cast(Any, wire), max_bytes=2**20, write_seconds=10)


class Path:
    """A station and a backend that stand still between two messages."""

    def __init__(self, csms_version: str) -> None:
        self.station_wire, self.csms_wire = _Wire(), _Wire()
        self.station = _socket(self.station_wire, dialled=False)
        self.csms = _socket(self.csms_wire, dialled=True)
        metrics, logger, limits = Metrics(), structlog.get_logger(), Limits(frames_per_second=1_000_000)
        ids = count(1)
        memory: dict[str, Any] = {}
        stage = between(
            "ocpp1.6",
            csms_version,
            options=Options(identity="CP-1"),
            memory=memory,
            new_id=lambda: f"0123456789abcdef-{next(ids)}",
            connected_at=time(),
            epoch=time() - asyncio.get_running_loop().time(),
            validation="count",
            outbox=False,
        )
        self.bridge = Bridge(
            Identity("CP-1", "cp-1"),
            About("ocpp1.6", csms_version, "127.0.0.1", time()),
            Backend(url="ws://localhost"),
            self.station,
            Leg(self.csms, csms_version),
            cast(Any, None),
            Switchboard(stage, station_version="ocpp1.6", csms_version=csms_version, story=Story("ocpp1.6", memory)),
            Ledger(MemoryStore(), "cp-1", "node", 1, "b", memory, 10.0, metrics),
            limits,
            metrics,
            Observer(metrics, logger, "ocpp1.6", csms_version),
            logger,
            cast(Any, None),
        )

    def trip(self, frame: bytes) -> None:
        """A call of the station, and its answer."""
        self.station.data_received(frame)
        self.csms.data_received(self.answer())

    def asked(self) -> bytes:
        """How the last call to the backend begins."""
        written = self.csms_wire.last
        start = 4 if written[1] & 0x7F == 126 else 2
        return mask(written[start + 4 : start + 70], written[start : start + 4])

    def answer(self) -> bytes:
        """The backend's answer to it, as a frame."""
        _, _, rest = self.asked().partition(b'"')
        identifier, _, rest = rest.partition(b'"')
        action = rest.split(b'"')[1].decode()
        return build(b'[3,"%s",%s]' % (identifier, _ENCODED.get(action, b"{}")))

    def open(self) -> Readings:
        for number, (action, payload) in enumerate(METER_16.opening):
            self.trip(build(call(f"open-{number}", action, payload), _KEY))
        size = self.station_wire.last[1] & 0x7F
        answer: Any = decode(self.station_wire.last[-size:].decode())
        return Readings(METER_16, answer.payload["transactionId"], _KEY)


_ENCODED = {action: b"".join(call("", "", answer).partition(b"{")[1:])[:-1] for action, answer in ANSWERS.items()}


async def _path(csms_version: str) -> tuple[Path, Readings, Callable[[], None]]:
    path = Path(csms_version)
    living = asyncio.ensure_future(path.bridge.run())
    await asyncio.sleep(0)
    return path, path.open(), living.cancel


async def cost(csms_version: str, series: int = SERIES) -> float:
    """Microseconds of processor time per round trip of Readings, the best of several series."""
    path, meter, end = await _path(csms_version)
    best, number = float("inf"), count(1)
    for _ in range(series):
        frames = [meter.next(next(number))[1] for _ in range(ROUNDS)]
        answering = process_time()
        for _ in frames:
            path.answer()
        answering = process_time() - answering
        began = process_time()
        for frame in frames:
            path.trip(frame)
        best = min(best, (process_time() - began - answering) / ROUNDS)
        await asyncio.sleep(0)
    end()
    return best * 1e6


async def profile(csms_version: str) -> None:
    path, meter, end = await _path(csms_version)
    frames = [meter.next(number)[1] for number in range(1, 1000)]
    seen = cProfile.Profile()
    seen.enable()
    for frame in frames:
        path.trip(frame)
    seen.disable()
    end()
    pstats.Stats(seen).sort_stats("tottime").print_stats(45)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.path")
    parser.add_argument("--profile", action="store_true", help="where the time goes, instead")
    options = parser.parse_args()
    gc.set_threshold(50_000, 20, 1_000)
    for name, version in (("passthrough", "ocpp1.6"), ("translate", "ocpp2.0.1")):
        if options.profile:
            print(name)
            asyncio.run(profile(version))
        else:
            print(f"{name}: {asyncio.run(cost(version)):.1f} us")


if __name__ == "__main__":
    main()
