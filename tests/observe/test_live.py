"""The truth about the dashboards: a real gateway under a fleet, a real Prometheus, every query of every panel."""

import asyncio
import re
from pathlib import Path
from time import time
from typing import Any

import pytest

from tests.observe.boards import Asked, files, filled, load, queries
from tests.observe.fleet import fleet
from tests.observe.prometheus import JOB, Prometheus, prometheus

WITHOUT_DATA = {
    ("translation", "Defects"): "a defect of the gateway",
    ("backends", "Messages refused for good"): "a backend that refuses one message and takes others, for long",
    ("node", "Workers"): "told by the supervisor of several workers",
    ("node", "Files that cannot be used"): "a certificate that is replaced by a bad one",
}
"""Panels that are empty in this fleet, and what it would take."""
_INTERVAL = "5s"


async def answer(server: Prometheus, asked: Asked, start: float, end: float) -> list[dict[str, Any]]:
    """What Grafana would draw, values that are no number left out."""
    text = filled(asked.expr, JOB, _INTERVAL, f"{end - start:.0f}s")
    found = await (server.now(text, end) if asked.instant else server.range(text, start, end))
    for series in found:
        series["values"] = [[when, value] for when, value in series["values"] if value not in ("NaN", "+Inf", "-Inf")]
    return [series for series in found if series["values"]]


def is_excused(asked: Asked) -> bool:
    return (asked.board, asked.panel) in WITHOUT_DATA


async def missing(server: Prometheus, start: float) -> list[Asked]:
    """Queries that should have data and have none yet."""
    end = time()
    wanted = [asked for asked in queries() if not is_excused(asked)]
    return [asked for asked in wanted if not await answer(server, asked, start, end)]


@pytest.mark.timeout(110)
async def test_every_panel_shows_what_happens_in_a_fleet(tmp_path: Path) -> None:
    async with fleet(tmp_path) as gateway, prometheus(tmp_path, gateway) as server:
        start = time()
        empty = queries()
        try:
            async with asyncio.timeout(60):
                while empty:
                    await asyncio.sleep(1)
                    empty = await missing(server, start)
        except TimeoutError:
            raise AssertionError("no data:\n" + "\n".join(f"{one.place}: {one.expr}" for one in empty)) from None
        end = time()

        for asked in queries():
            found = await answer(server, asked, start, end)
            for label in re.findall(r"\{\{(\w+)\}\}", asked.legend):
                assert all(label in series["metric"] for series in found), f"{asked.place}: no label {label}"

        for path in files():
            for one in load(path)["templating"]["list"]:
                if one["type"] == "query":
                    series, label = re.fullmatch(
                        r"label_values\((.+), (\w+)\)", filled(one["definition"], JOB, "", "")
                    ).groups()  # type: ignore[union-attr]
                    values = await server.get(f"/api/v1/label/{label}/values", **{"match[]": series})
                    assert values, f"{path.stem}: ${one['name']}"

        groups = (await server.get("/api/v1/rules"))["groups"]
        assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}
        told = {alert["labels"]["alertname"] for alert in (await server.get("/api/v1/alerts"))["alerts"]}
        assert {"GatewayBackendDown", "GatewayTransactionMessagesWithheld", "GatewayGuardedCalls"} <= told
        assert not {"GatewayDown", "GatewayAbsent", "GatewaySessionsFail", "GatewayTranslationDefect"} & told


async def test_transactions_are_told_while_they_are_under_way(tmp_path: Path) -> None:
    async with fleet(tmp_path, stations=1, moving=False) as gateway:
        async with asyncio.timeout(20):
            while await gateway.metric('ocpp_gateway_transactions_open{backend="cloud"}') != 2:
                await asyncio.sleep(0.1)
            while await gateway.metric('ocpp_gateway_transactions_open{backend="legacy"}') != 2:
                await asyncio.sleep(0.1)
