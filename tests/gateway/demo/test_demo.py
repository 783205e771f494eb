"""The demo as a user runs it: a process, the gateway as its child, an exit code."""

import asyncio
import io
import json
import os
import signal
import sys
from contextlib import AsyncExitStack

import pytest
from rich.console import Console

from gateway.demo import move, move_summary, process, run
from gateway.demo.act import Place
from gateway.demo.acts import LegacyAct
from gateway.demo.books import Book, Entry
from gateway.demo.checklist import Check
from gateway.demo.csms16 import Csms16
from gateway.demo.csms201 import Csms201
from gateway.demo.peer import Clock
from gateway.demo.summary import Outcome


class Nobody:
    def act_begins(self, act): ...

    def frame(self, frame): ...

    def act_ends(self, result): ...


async def demo(*arguments):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "demo", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_everything_arrives():
    running = await demo("--json")
    out, err = await running.communicate()
    outcome = json.loads(out)
    missing = [check for act in outcome["acts"] for check in act["checks"] if not check["ok"]]
    assert (missing, running.returncode) == ([], 0), err.decode()
    for act in outcome["acts"]:
        assert act["station"]["kwh"] == act["csms"]["kwh"] > 0
    assert outcome["gateway"]["inside_ms"]["from_station"]["p99"] > 0


async def test_a_fleet_is_moved_stopped_and_brought_home():
    running = await demo("--migrate", "--json")
    out, err = await running.communicate()
    outcome = json.loads(out)
    assert ([check for check in outcome["checks"] if not check["ok"]], running.returncode) == ([], 0), err.decode()
    legacy, modern = outcome["books"]
    assert (legacy["billed"] + modern["billed"], legacy["open"], modern["open"]) == (20, 0, 0)
    assert min(legacy["billed"], modern["billed"]) > 0
    assert legacy["kwh"] + modern["kwh"] == pytest.approx(outcome["delivered_kwh"], abs=0.001)
    assert len(outcome["checks"]) == 10


async def test_what_does_not_go_together():
    running = await demo("--migrate", "--keep")
    _, err = await running.communicate()
    assert (running.returncode, b"--keep has nothing to keep" in err) == (2, True)


def test_the_fleets_story_is_told_in_lines_and_what_is_wrong_is_said():
    out = Console(file=io.StringIO(), width=120)
    lines = move_summary.Lines(out)
    lines.begins(2)
    lines.says("They are moved:")
    lines.moved("FLEET-01", "ocpp1.6", "done", "")
    lines.moved("FLEET-02", "ocpp2.0.1", "failed", "boot_refused: no")
    checks = [Check("all is well", True), Check("the books balance", False, "FLEET-02 is billed 2 times")]
    books = [Book("legacy", [Entry("FLEET-01", 1.0)]), Book("modern", [Entry("FLEET-02", 0.0), Entry("X", None)])]
    move_summary.show(move.Outcome(checks, books, 1.0, ["a warning"], 2.0), out)
    said = out.file.getvalue()
    for words in ("FLEET-02  ocpp2.0.1  stays  boot_refused: no", "billed 2 times", "FAILED: 1 not as", "a warning"):
        assert words in said
    assert not move.Outcome(checks, books, 1.0, [], 2.0).ok


async def test_kept_until_ctrl_c_and_nothing_is_left_behind():
    running = await demo("--keep")
    lines = []
    async with asyncio.timeout(30):
        async for line in running.stdout:
            lines.append(line.decode())
            if "password" in lines[-1] and "DEMO-16:" in lines[-1]:
                break
    directory = next(line.split()[-1] for line in lines if line.strip().startswith("files"))
    assert os.path.exists(os.path.join(directory, "gateway.yaml"))
    running.send_signal(signal.SIGINT)
    async with asyncio.timeout(15):
        await running.communicate()
    assert running.returncode == 0
    assert not os.path.exists(directory)
    assert any(line.startswith("OK: every expected message arrived") for line in lines)


async def test_a_gateway_that_dies_shows_its_last_lines(tmp_path):
    setup = process.write_files(tmp_path, {"legacy": ("ws://127.0.0.1:9/ocpp", "ocpp1.6")}, [{"backend": "legacy"}])
    setup.config.write_text("listeners: 5\n")
    with pytest.raises(process.GatewayError, match="exited with 2") as death:
        async with process.running(setup):
            pass
    assert any("listeners" in line for line in death.value.lines)


async def test_without_the_gateways_translation_the_act_fails_and_says_what_is_missing():
    """A 2.0.1 station on the 2.0.1 CSMS: nothing that the 1.6 CSMS should get arrives there."""
    clock = Clock()
    modern = Csms201(clock, passwords=run.PASSWORDS)
    async with modern.listening() as url, asyncio.timeout(20), AsyncExitStack() as stations:
        place = Place(url, None, run.PASSWORDS, Csms16(clock), modern, stations, step_seconds=0.5)
        result = await LegacyAct(place).run(Nobody())
    assert not result.ok
    assert "csms: StartTransaction at 482300 Wh" in result.missing
    assert "csms: BootNotification" in result.missing
    assert "the station and the CSMS count the same kWh (station 0.0, CSMS None)" in result.missing
    assert not any("401" in line for line in result.missing)
    assert not Outcome([result], None, [], 1.0).ok
