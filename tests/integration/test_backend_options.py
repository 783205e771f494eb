"""What configuration says of a backend reaches the translation of a station that is on it."""

import json
from pathlib import Path
from typing import Any

from tests.integration.test_translation import BOOT_16, csms_16, csms_201
from tests.support import Csms, ask, configuration, gateway

LONG = {"idToken": "3d5f8f8e-aaaa-4bbb-8ccc-0123456789ab", "type": "Central"}


def configured(name: str, csms: Csms, **options: Any) -> dict[str, Any]:
    config = configuration((name, csms))
    config["backends"][name] |= options
    return config


async def test_of_a_1_6_backend(tmp_path: Path) -> None:
    async with Csms(csms_16).running() as csms:
        config = configured("legacy", csms, long_id_tokens="alias", soft_reset="OnIdle")
        async with gateway(tmp_path, config) as running:
            ws = await running.station(subprotocol="ocpp2.0.1")
            assert await ask(ws, [2, "1", "Authorize", {"idToken": LONG}]) == [
                3,
                "1",
                {"idTokenInfo": {"status": "Accepted"}},
            ]
            assert csms.calls("Authorize") == [{"idTag": "ALIASFAUFEGEDJADLIOE"}]
            await csms.send([2, "r", "Reset", {"type": "Soft"}])
            assert json.loads(await ws.recv())[2:] == ["Reset", {"type": "OnIdle"}]


async def test_of_a_2_0_1_backend(tmp_path: Path) -> None:
    async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
        config = configured("cloud", csms, immediate_reset="Soft", clear_cache_for_customer=True)
        async with gateway(tmp_path, config) as running:
            ws = await running.station()
            await ask(ws, [2, "1", "BootNotification", BOOT_16])
            await csms.send([2, "r", "Reset", {"type": "Immediate"}])
            reset = json.loads(await ws.recv())
            assert reset[2:] == ["Reset", {"type": "Soft"}]
            await ws.send(json.dumps([3, reset[1], {"status": "Accepted"}]))
            clear = {"requestId": 1, "report": False, "clear": True, "customerIdentifier": "x"}
            await csms.send([2, "c", "CustomerInformation", clear])
            assert json.loads(await ws.recv())[2:] == ["ClearCache", {}]
