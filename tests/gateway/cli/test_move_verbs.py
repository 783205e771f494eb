"""`route` and `migrate` against a running gateway."""

import json
from pathlib import Path

from tests.gateway.cli.test_admin_verbs import run
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
        code, out, _ = await run("migrate", "start", "move", *started, "--wait", "--json", "-c", path)
        assert (code, json.loads(out)["counts"]["done"], json.loads(out)["counts"]["failed"]) == (3, 2, 1)
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
