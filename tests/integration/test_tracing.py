"""A gateway that traces: its spans at a collector, and nothing changes for stations when there is none."""

from pathlib import Path

from tests.otlp import Collector
from tests.support import Csms, ask, configuration, free_port, gateway

NOW = "2026-11-21T10:00:00Z"


def csms201(frame: list[object]) -> object:
    return {"currentTime": NOW, "interval": 300, "status": "Accepted"} if frame[2] == "BootNotification" else {}


async def test_a_translated_call_is_a_trace(tmp_path: Path) -> None:
    async with Collector().running() as collector, Csms(csms201, ("ocpp2.0.1",)).running() as csms:
        tracing = {"endpoint": f"http://127.0.0.1:{collector.port}", "ratio": 1.0}
        async with gateway(tmp_path, configuration(("cloud", csms), tracing=tracing)) as running:
            async with await running.station("/CP-1") as ws:
                boot = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}
                assert (await ask(ws, [2, "b1", "BootNotification", boot]))[2]["status"] == "Accepted"
        spans = await collector.wait(2)
    root = next(one for one in spans if one.attributes["ocpp.message_id"] == "b1")
    assert root.attributes["ocpp.outcome"] == "translated"
    assert root.attributes["ocpp.station"] == "CP-1"
    (child,) = [one for one in spans if one.parent == root.id]
    assert (child.name, child.attributes["ocpp.version"]) == ("BootNotification", "ocpp2.0.1")
    assert "Vendor" not in str(spans)


async def test_without_a_collector_stations_are_served_and_the_end_is_quick(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        tracing = {"endpoint": f"http://127.0.0.1:{free_port()}", "ratio": 1.0}
        async with gateway(tmp_path, configuration(("same", csms), tracing=tracing)) as running:
            async with await running.station("/CP-1") as ws:
                for number in range(50):
                    assert await ask(ws, [2, f"h{number}", "Heartbeat", {}]) == [3, f"h{number}", {}]
