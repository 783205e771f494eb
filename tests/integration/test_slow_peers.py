"""Peers that take their time, on their way in and when they are in, and one that has too much to say."""

import asyncio
import csv
import json
import os
import socket
import statistics
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.secured import Site, rejections
from tests.integration.test_door import knock
from tests.integration.websocket import raw
from tests.support import Csms, Frame, Gateway, ask, configuration, gateway, rss

_OPEN = 150


async def slowhttptest(folder: Path, running: Gateway, *mode: str) -> dict[str, int]:
    """The tool's last line of figures: connections `Connected`, `Pending`, `Closed`."""
    url = f"http://127.0.0.1:{running.port}/CP-1"
    how = ("-c", str(_OPEN), "-r", "150", "-i", "1", "-l", "8", "-p", "3", "-u", url, "-g", "-o", str(folder / "slow"))
    process = await asyncio.create_subprocess_exec(
        "slowhttptest", *mode, *how, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(60):
        await process.wait()
    with (folder / "slow.csv").open() as file:
        *_, last = csv.DictReader(file)
    return {name.strip(): int(value) for name, value in last.items() if name and value and value.strip().isdecimal()}


@pytest.mark.parametrize("mode", [("-H",), ("-B",), ("-X", "-w", "1", "-y", "2", "-n", "1", "-z", "1")])
async def test_slowhttptest_holds_no_connection(tmp_path: Path, mode: tuple[str, ...]) -> None:
    """Slow headers (slowloris), slow bodies, slow readers. Stations come in meanwhile, and nothing is left behind."""
    async with Csms().running() as csms:
        config = configuration(("legacy", csms), limits={"handshake_seconds": 2, "handshakes_per_source": 500})
        async with gateway(tmp_path, config) as running:
            before = _descriptors(running)
            attacking = asyncio.create_task(slowhttptest(tmp_path, running, *mode))
            waits: list[float] = []
            held = before + _OPEN
            while not attacking.done():
                began = time.monotonic()
                assert await knock(running, f"CP-{len(waits)}", source="127.0.0.8") == 101
                waits.append(time.monotonic() - began)
                await asyncio.sleep(0.2)
                held = _descriptors(running)
            found = await attacking
            assert found["Closed"] + found["Connected"] == _OPEN, found
            # A slow reader believes that it is connected long after: what the gateway holds is what counts.
            assert held <= before + 20, (before, held, found)
            assert statistics.median(waits) < 2, waits
            await csms.wait(lambda: len(csms.closes) == len(waits), 15)
            await csms.wait(lambda: _descriptors(running) <= before + 2, 15)


def _descriptors(running: Gateway) -> int:
    return len(os.listdir(f"/proc/{running.process.pid}/fd"))


async def test_a_byte_at_a_time_of_tls_is_too_slow(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with Csms().running() as csms:
        config = site.config(csms, tls=site.tls(), auth="none", limits={"handshake_seconds": 1})
        async with gateway(tmp_path, config) as running:
            peers = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(20)]
            hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)
            began, sent = time.monotonic(), 0
            while peers and time.monotonic() - began < 20:
                peers = [peer for peer in peers if _dripped(peer, hello[sent % len(hello)])]
                sent += 1
                await asyncio.sleep(0.1)
            assert peers == []
            assert await rejections(running, "tls_timeout") == 20
            ws = await site.connect(running)
            await ws.close()


def _dripped(peer: socket.socket, octet: int) -> bool:
    """Whether it is still there."""
    peer.setblocking(False)
    try:
        peer.send(bytes([octet]))
        gone = peer.recv(1) == b""
    except BlockingIOError:
        gone = False
    except OSError:
        gone = True
    if gone:
        peer.close()
    return not gone


async def test_a_message_that_never_ends_keeps_no_connection(tmp_path: Path) -> None:
    """Octets that end no frame are no sign of life: who does not answer a ping is gone."""
    async with Csms().running() as csms:
        config = configuration(("legacy", csms), limits={"ping_seconds": 0.5, "pong_seconds": 0.5})
        async with gateway(tmp_path, config) as running:
            station = await raw.station(running.port, "SLOW")

            async def drip() -> None:
                for octet in station.frames.text(b"[" * 60_000):
                    await station.write(bytes([octet]))
                    await asyncio.sleep(0.1)

            dripping = asyncio.create_task(drip())
            began = time.monotonic()
            await csms.wait(lambda: csms.closes, 30)
            assert time.monotonic() - began < 20
            dripping.cancel()
            station.cut()


async def test_a_station_that_reads_an_octet_at_a_time_is_cut(tmp_path: Path) -> None:
    """A peer that reads a little is as bad as one that reads nothing: what is behind it has to go within write_seconds."""
    async with Csms(lambda frame: {"status": "Accepted", "data": "y" * 200_000}).running() as csms:
        limits = {"write_seconds": 1, "frames_per_second": 1000}
        async with gateway(tmp_path, configuration(("legacy", csms), limits=limits)) as running:
            memory = rss(running.process.pid)
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", running.port))
            station = await raw.station(running.port, "DRIP", connection=connection)
            asking = station.frames.text(json.dumps([2, "d", "DataTransfer", {"vendorId": "x"}]))
            pouring = asyncio.create_task(_poured(station, asking))
            neighbour = await running.station("/NEIGHBOUR")
            async with asyncio.timeout(30):
                while not csms.closes:
                    assert (await ask(neighbour, [2, "n", "DataTransfer", {"vendorId": "x"}]))[0] == 3
                    await asyncio.sleep(0.1)
            assert rss(running.process.pid) - memory < 32 * 1024
            pouring.cancel()
            station.cut()
            await neighbour.close()


async def _poured(station: raw.Peer, call: bytes) -> None:
    """Calls without end, of which hardly an octet of an answer is read. asyncio's reader stops the transport at its
    limit, so that the kernel's buffers fill."""
    for _ in range(300):
        await station.write(call)
        await station.reader.read(1)
        await asyncio.sleep(0.02)


async def test_a_backend_that_reads_an_octet_at_a_time_costs_its_stations_only(tmp_path: Path) -> None:
    """What piles up behind it is bounded, it is given up within write_seconds, and those of another backend notice
    nothing."""
    slow = raw.Backend()
    async with slow.running(), Csms().running() as good:
        config = configuration(
            ("good", good),
            ("slow", slow),
            limits={"write_seconds": 1, "frames_per_second": 1000},  # type: ignore[arg-type]
        )
        config["routes"] = [{"match": {"identity": "S-*"}, "backend": "slow"}, {"backend": "good"}]
        config["backends"]["slow"] |= {"when_down": "close", "call_timeout_seconds": 60}
        async with gateway(tmp_path, config) as running:
            neighbour = await running.station("/NEIGHBOUR")
            usual = await _round_trips(neighbour, 40)
            memory = rss(running.process.pid)
            stations = [await running.station(f"/S-{number}") for number in range(20)]
            behind = [await slow.arrived(f"S-{number}") for number in range(20)]
            for peer in behind:
                peer.writer.transport.pause_reading()
            # Answers: they wait for nobody, so nothing but the socket's bounds holds them.
            texts = [asyncio.create_task(_flood(station, peer)) for station, peer in zip(stations, behind, strict=True)]
            during = await _round_trips(neighbour, 40)
            async with asyncio.timeout(40):
                assert set(await asyncio.gather(*texts)) <= {1012, 1013}
            assert rss(running.process.pid) - memory < 150 * 1024
            assert statistics.median(during) < max(2 * statistics.median(usual), 0.05)
            await neighbour.close()


async def _flood(station: Any, backend: raw.Peer) -> int:
    """The backend asks, never reads, and the station's answers are long. The code that the station is closed with."""
    answer = "z" * 300_000
    for number in range(40):
        await backend.write(backend.frames.text(json.dumps([2, f"b{number}", "DataTransfer", {"vendorId": "x"}])))
    try:
        while True:
            call = json.loads(await station.recv())
            await station.send(json.dumps([3, call[1], {"status": "Accepted", "data": answer}]))
    except ConnectionClosed as gone:
        return gone.rcvd.code if gone.rcvd is not None else 1006


async def _round_trips(ws: Any, count: int) -> list[float]:
    found = []
    for number in range(count):
        began = time.monotonic()
        await ask(ws, [2, f"n{number}", "Heartbeat", {}], 20)
        found.append(time.monotonic() - began)
        await asyncio.sleep(0.02)
    return found


async def test_a_noisy_neighbour_is_slowed_alone_and_loses_nothing(tmp_path: Path) -> None:
    """T31: thousands of messages a second and messages of a megabyte from one; the others' round trips stay."""
    answered: list[Frame] = []

    def answer(frame: Frame) -> dict[str, Any]:
        answered.append(frame)
        return {}

    async with Csms(answer).running() as csms:
        async with gateway(tmp_path, configuration(("legacy", csms))) as running:
            neighbours = [await running.station(f"/N-{number}") for number in range(8)]
            usual = [
                one for found in await asyncio.gather(*(_round_trips(one, 30) for one in neighbours)) for one in found
            ]
            noisy = await running.station("/NOISY")
            large = json.dumps([2, "large", "DataTransfer", {"vendorId": "x", "data": "y" * 1_000_000}])
            sent = [f"s{number}" for number in range(120)]

            async def shout() -> None:
                await noisy.send(large)
                for name in sent:
                    await noisy.send(json.dumps([2, name, "Heartbeat", {}]))
                await noisy.send(large.replace("large", "last"))

            shouting = asyncio.create_task(shout())
            during = [
                one for found in await asyncio.gather(*(_round_trips(one, 60) for one in neighbours)) for one in found
            ]
            heard = []
            async with asyncio.timeout(60):
                while len(heard) < len(sent) + 2:
                    heard.append(json.loads(await noisy.recv())[1])
            await shouting
            assert heard == ["large", *sent, "last"]
            assert await running.metric('ocpp_gateway_rate_limited_total{reason="frames"}') > 0
            p99 = [statistics.quantiles(found, n=100)[98] for found in (usual, during)]
            print(f"neighbours' p99 {1000 * p99[0]:.1f} -> {1000 * p99[1]:.1f} ms")
            assert p99[1] < max(2 * p99[0], 0.5), p99
            for one in (noisy, *neighbours):
                await one.close()
