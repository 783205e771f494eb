"""`tail` and `replay` as commands: a gateway, a station, a capture, another CSMS."""

import asyncio
import json
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.minimal import answer
from tests.support import Csms, Gateway, ask, configuration, gateway

BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One"}
START = {"connectorId": 1, "idTag": "SECRET-TAG", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}


def given(frame: list[Any]) -> Any:
    if frame[2] == "StartTransaction":
        return {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    return answer("ocpp1.6", frame[2])


class Tail:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.text = ""

    async def until(self, condition: Callable[[str], bool]) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while not condition(self.text):
                some = await self.process.stdout.read(4096)
                assert some, self.text
                self.text += some.decode()
        return self.text


@asynccontextmanager
async def tail(running: Gateway, *arguments: str) -> AsyncIterator[Tail]:
    """From when it listens; it is interrupted at the end."""
    before = len(running.events("operator_listens"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "tail", "--admin", f"http://127.0.0.1:{running.admin}", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(20):
            while len(running.events("operator_listens")) == before:
                await asyncio.sleep(0.02)
        yield Tail(process)
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
        assert b"Traceback" not in errors, errors
        assert process.returncode == 130, errors


async def run(*arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()


async def test_a_station_is_shown_captured_and_played_to_another_csms(tmp_path: Path) -> None:
    capture = tmp_path / "capture.jsonl"
    async with Csms(given).running() as backend:
        async with gateway(tmp_path, configuration(("legacy", backend))) as running:
            async with tail(running, "CP-1", "--jsonl", str(capture)) as shown, tail(running, "--json") as lines:
                station = await running.station()
                await ask(station, [2, "b", "BootNotification", BOOT])
                await ask(station, [2, "s", "StartTransaction", START])
                await station.send("\x1b[2Jno frame")
                stop = {"transactionId": 7, "meterStop": 10, "timestamp": START["timestamp"]}
                await ask(station, [2, "e", "StopTransaction", stop])
                text = await shown.until(lambda text: text.count("StopTransaction") == 2 and "unreadable" in text)
                told = await lines.until(lambda text: text.count("\n") >= 15)
    boot = next(line for line in text.splitlines() if "BootNotification" in line)
    assert boot.count("BootNotification Acme One") == 2
    assert "──▶" in boot
    assert "StartTransaction 0.000 kWh [redacted] conn 1" in text
    assert "\x1b" not in text
    assert {json.loads(line)["station"] for line in told.splitlines()} == {"CP-1"}
    assert "SECRET-TAG" not in capture.read_text() + text + told
    assert stat.S_IMODE(capture.stat().st_mode) == 0o600

    def renumbered(frame: list[Any]) -> Any:
        return {**given(frame), "transactionId": 8} if frame[2] == "StartTransaction" else given(frame)

    async with Csms(renumbered).running() as same:
        code, out, errors = await run("replay", str(capture), "--to", same.url, "--speed", "0", "--id-tag", "TAG")
        assert (code, out, errors) == (
            0,
            "CP-1: 3 of 3 calls answered\n1 stations, 3 calls: 0 errors, 0 differences\n",
            "",
        )
        assert same.calls("StartTransaction")[0]["idTag"] == "TAG"
        assert same.calls("StopTransaction")[0]["transactionId"] == 8
    async with Csms(lambda frame: {**given(frame), "idTagInfo": {"status": "Blocked"}}).running() as other:
        code, out, errors = await run("replay", str(capture), "--to", other.url, "--speed", "0")
        assert code == 3
        assert "StartTransaction: idTagInfo.status: Blocked, was Accepted" in out
        assert errors == "ocpp-gateway: in 1 payloads something is hidden; --id-tag puts a tag in\n"
    code, out, _ = await run("replay", str(capture), "--to", other.url, "--json")
    assert (code, json.loads(out)[0]["findings"][0]["action"]) == (1, "connect")


async def test_tail_goes_on_when_the_gateway_comes_back(tmp_path: Path) -> None:
    async with Csms(given).running() as backend:
        config = configuration(("legacy", backend))
        async with gateway(tmp_path, config) as running:
            async with tail(running, "--identity", "cp-*", "--action", "Heartbeat") as shown:
                station = await running.station()
                await ask(station, [2, "h", "Heartbeat", {}])
                text = await shown.until(lambda text: "Heartbeat" in text)
                assert "CP-1" in text
                running.process.terminate()
                await shown.until(lambda text: "the stream ended" in text)


async def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    nowhere = ("--admin", "http://127.0.0.1:9")
    code, _, errors = await run("tail", "CP-1", *nowhere)
    assert (code, errors.startswith("ocpp-gateway: no admin API at")) == (4, True)
    code, _, errors = await run("tail", "--jsonl", str(tmp_path / "no" / "file"), *nowhere)
    assert (code, "No such file" in errors) == (2, True)
