"""`stations`, `backends` and `call` against a running gateway."""

import asyncio
import json
from pathlib import Path

from tests.gateway.cli.run_command import run
from tests.support import Csms, ask, configuration, free_port, gateway

BOOT = {"chargePointVendor": "Ac\x1bme", "chargePointModel": "One"}


async def test_the_verbs_of_a_running_gateway(tmp_path: Path) -> None:
    async with Csms().running() as backend:
        config = configuration(("legacy", backend))
        async with gateway(tmp_path, config, admin={"token": "a token long enough"}) as running:
            station = await running.station()
            await ask(station, [2, "b", "BootNotification", BOOT])
            url, path = f"http://127.0.0.1:{running.admin}", str(tmp_path / "gateway.yaml")
            code, out, err = await run("stations", "-c", path)
            assert (code, err) == (0, "")
            assert out.splitlines()[0].split()[:2] == ["STATION", "VERSION"]
            assert out.splitlines()[1].split()[:3] == ["CP-1", "ocpp1.6", "legacy"]
            # What a station says of itself is printed, and does nothing to the terminal.
            code, out, _ = await run("stations", "cp-1", "-c", path)
            assert code == 0
            assert "Ac?me" in out
            env = {"OCPP_GATEWAY_TOKEN": "a token long enough"}
            code, out, _ = await run("stations", "CP-1", "--json", "--admin", url, env=env)
            assert (code, json.loads(out)["model"]) == (0, "One")
            code, out, _ = await run("backends", "--admin", url, env=env)
            assert (code, out.splitlines()[1].split()[0]) == (0, "legacy")

            calling = asyncio.create_task(run("call", "CP-1", "Reset", '{"type": "Soft"}', "-c", path))
            frame = json.loads(await station.recv())
            await station.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
            assert (frame[2:], await calling) == (
                ["Reset", {"type": "Soft"}],
                (0, '{\n  "status": "Accepted"\n}\n', ""),
            )
            calling = asyncio.create_task(run("call", "CP-1", "ClearCache", "-c", path))
            frame = json.loads(await station.recv())
            await station.send(json.dumps([4, frame[1], "NotSupported", "never", {}]))
            assert await calling == (1, "", "ocpp-gateway: NotSupported: never\n")

            assert (await run("call", "CP-1", "Reset", "{", "-c", path))[0] == 2
            code, _, err = await run("call", "CP-9", "ClearCache", "-c", path)
            assert (code, len(err.splitlines())) == (1, 1)
            code, _, err = await run("stations", "--admin", url)
            assert (code, "401" in err) == (1, True)


async def test_an_admin_api_that_is_not_there_is_exit_4() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for verb in (["stations"], ["backends"], ["mirror", "cloud"], ["call", "CP-1", "ClearCache"]):
        code, out, err = await run(*verb, "--admin", url)
        assert (code, out, len(err.splitlines())) == (4, "", 1)
        assert url in err
    assert (await run("stations", "--admin", "nonsense"))[0] == 2
