"""`route` and `migrate` against a running gateway."""

import asyncio
import json
import os
import pty
import sys
from pathlib import Path
from unittest.mock import patch

from tests.gateway.cli.run_command import run
from tests.integration.test_switch import Books, Station
from tests.support import configuration, free_port, gateway


async def test_the_verbs_that_move_stations(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    config = configuration(("old", old), ("new", new), store=f"sqlite:{tmp_path}/store.db")
    path = str(tmp_path / "gateway.yaml")
    async with old.running(), new.running(), gateway(tmp_path, config) as running:
        stations = [await Station("ocpp1.6").connect(running, f"/CP-{number}") for number in range(3)]
        for station in stations:
            await station.boots()
        assert await run("route", "CP-0", "new", "-c", path) == (0, "CP-0: new\n", "")
        assert await run("route", "CP-0", "--clear", "-c", path) == (0, "CP-0: old\n", "")
        assert (await run("route", "CP-0", "nobody", "-c", path))[0] == 1
        assert (await run("route", "CP-0", "-c", path))[0] == 2
        assert await run("route", "CP-7", "new", "-c", path) == (0, "CP-7: new, from its next connection on\n", "")
        assert (await run("route", "CP-7", "--clear", "-c", path))[0] == 0

        number = await stations[2].starts16()
        code, _, err = await run("route", "CP-2", "new", "-c", path)
        assert (code, "1 transaction goes on" in err) == (1, True)
        code, out, _ = await run("migrate", "plan", "--to", "new", "-c", path)
        lines = out.splitlines()
        assert (code, lines[1].split()) == (0, ["CP-0", "old", "ocpp1.6", "ocpp2.0.1", "switch", "-"])
        assert lines[-1] == "2 switch, 1 wait"
        assert any("vendorName" in line for line in lines)

        started = ("--to", "new", "--wave-interval", "0", "--idle-timeout", "0", "--abort-failed", "1")
        code, out, err = await run("migrate", "start", "move", *started, "--wait", "--json", "-c", path)
        assert (code, err, json.loads(out)["counts"]["done"], json.loads(out)["counts"]["failed"]) == (3, "", 2, 1)
        code, out, _ = await run("migrate", "status", "-c", path)
        assert (code, out.splitlines()[1].split()[:3]) == (0, ["move", "new", "done"])
        code, out, _ = await run("migrate", "status", "move", "-c", path)
        assert (code, out.splitlines()[0]) == (3, "move: done, 2 done, 1 failed")
        assert "idle_timeout" in out
        assert (await run("migrate", "pause", "move", "-c", path))[0] == 1
        assert (await run("migrate", "rollback", "move", "-c", path))[0] == 0
        code, out, _ = await run("migrate", "status", "move", "--wait", "--stations", "-c", path)
        assert "2 returned" in out
        await stations[2].stops16(number, 2000)


async def test_an_admin_api_that_is_not_there_is_exit_4() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for verb in (["route", "CP-1", "new"], ["migrate", "status"], ["migrate", "plan", "--to", "new"]):
        assert (await run(*verb, "--admin", url))[0] == 4


async def test_every_exit_code_of_the_verbs_that_move(tmp_path: Path) -> None:
    """0 done, 1 failed at its job, 2 usage or configuration, 3 partly done, 4 the admin API is not reachable."""
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    config = configuration(("old", old), ("new", new), store=f"sqlite:{tmp_path}/store.db")
    path = str(tmp_path / "gateway.yaml")
    odd = tmp_path / "odd.yaml"
    odd.write_text("listeners: nothing\n")
    async with old.running(), new.running(), gateway(tmp_path, config) as running:
        stations = [await Station("ocpp1.6").connect(running, f"/CP-{number}") for number in range(3)]
        for station in stations[:2]:
            await station.boots()
        assert (await run("stations", "--identity", "CP-*", "-c", path))[0] == 0
        assert (await run("stations", "CP-9", "-c", path))[0] == 1
        assert (await run("stations", "-c", str(odd)))[0] == 2
        assert (await run("backends", "--json", "-c", path))[0] == 0
        assert (await run("backends", "--nonsense", "-c", path))[0] == 2
        assert (await run("call", "CP-0", "Fly", "-c", path))[0] == 1
        assert (await run("call", "CP-0", "Reset", "[]", "-c", path))[0] == 2
        assert (await run("tail", "not an identity", "-c", path))[0] == 1
        # The third has never booted here, and cannot be moved.
        assert (await run("route", "CP-2", "new", "-c", path))[0] == 1
        assert (await run("route", "CP-0", "new", "--clear", "-c", path))[0] == 2
        code, out, _ = await run("route", "CP-0", "new", "--json", "-c", path)
        assert (code, json.loads(out)["backend"]) == (0, "new")
        assert (await run("migrate", "start", "x", "--to", "nobody", "-c", path))[0] == 1
        assert (await run("migrate", "start", "x", "--to", "new", "--when", "soon", "-c", path))[0] == 2
        assert (await run("migrate", "start", "x", "--to", "new", "--wave-size", "0", "-c", path))[0] == 2
        assert (await run("migrate", "start", "x", "--to", "new", "--identity", "Z*", "-c", path))[0] == 1
        move = ("migrate", "start", "move", "--to", "new", "--wave-interval", "0", "--abort-failed", "1", "-c", path)
        assert (await run(*move, "--wait"))[0] == 3
        code, out, _ = await run("migrate", "status", "move", "--stations", "-c", path)
        assert (code, out.splitlines()[1].split()) == (3, ["STATION", "WAVE", "STATE", "WHY"])
        assert (await run("migrate", "rollback", "move", "-c", path))[0] == 0
        # Who could not be moved is at home: nothing is left to be done.
        code, out, _ = await run("migrate", "status", "move", "--wait", "--json", "-c", path)
        assert (code, json.loads(out)["state"]) == (0, "rolled_back")
        assert (await run("migrate", "status", "nobody", "-c", path))[0] == 1
    for verb in (["tail"], ["route", "CP-0", "--clear"], ["migrate", "start", "x", "--to", "new"], ["mirror", "new"]):
        code, out, err = await run(*verb, "-c", path)
        assert (code, out, len(err.splitlines())) == (4, "", 1)


async def test_a_bar_on_a_terminal_that_outlasts_the_gateway(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    config = configuration(("old", old), ("new", new), store=f"sqlite:{tmp_path}/store.db")
    path = str(tmp_path / "gateway.yaml")
    async with old.running(), new.running():
        async with gateway(tmp_path, config) as running:
            address = running.admin
            stations = [await Station("ocpp1.6").connect(running, f"/CP-{number}") for number in range(2)]
            for station in stations:
                await station.boots()
            number = await stations[1].starts16()
            url = f"http://127.0.0.1:{address}"
            assert (await run("migrate", "start", "move", "--to", "new", "--wave-interval", "0", "-c", path))[0] == 0
            master, slave = pty.openpty()
            watching = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway", "migrate", "status", "move", "--wait", "--admin", url),
                stdout=asyncio.subprocess.PIPE,
                stderr=slave,
                env={**os.environ, "TERM": "xterm", "COLUMNS": "140"},
            )
            os.close(slave)
            seen = await asyncio.to_thread(_read_until, master, b"1 waiting_idle")
            assert b"move: running, wave 2" in seen
            assert b"50%" in seen
            running.process.kill()
            await running.process.wait()
        # Another gateway at the same address: the bar has waited for it.
        same_address = patch("tests.support.free_port", side_effect=[free_port(), address])
        with same_address:
            async with gateway(tmp_path, config) as running:
                stations = [await Station("ocpp1.6").connect(running, f"/CP-{place}") for place in range(2)]
                await stations[1].stops16(number, 2000)
                async with asyncio.timeout(60):
                    out, _ = await watching.communicate()
                assert (watching.returncode, out.decode().splitlines()[0]) == (0, "move: done, 2 done")
    os.close(master)


def _read_until(terminal: int, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        seen += os.read(terminal, 65536)
    return seen
