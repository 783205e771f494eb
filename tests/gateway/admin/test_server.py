"""The admin address of a running gateway."""

import json
from pathlib import Path

from tests.support import Csms, configuration, gateway


async def test_health_metrics_and_problems(tmp_path: Path) -> None:
    async with gateway(tmp_path, configuration(("only", Csms()))) as running:
        assert await running.get("/livez") == (200, '{"status": "live"}')
        assert await running.get("/readyz") == (200, '{"status": "ready"}')
        status, page = await running.get("/metrics")
        assert status == 200
        assert "# TYPE ocpp_gateway_forward_duration_seconds histogram" in page
        assert "ocpp_gateway_build_info{" in page
        assert "process_cpu_seconds_total" in page
        status, body = await running.get("/nowhere")
        assert (status, json.loads(body)["status"]) == (404, 404)


async def test_a_token_guards_everything_but_health_and_metrics(tmp_path: Path) -> None:
    config = configuration(("only", Csms()))
    async with gateway(tmp_path, config, admin={"token": "a token long enough"}) as running:
        for path in ("/livez", "/readyz", "/metrics"):
            assert (await running.get(path))[0] == 200
        assert (await running.get("/nowhere"))[0] == 401
