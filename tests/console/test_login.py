"""The token: asked for once, sent with every request and stream, gone with the tab."""

from pathlib import Path

import pytest

from tests.console.browser import console
from tests.integration.test_switch import Books, Station
from tests.redis_support import RedisServer
from tests.support import configuration, gateway

TOKEN = "0123456789abcdef0123456789abcdef"


async def signed_in(open_console: "object", token: str) -> None:
    page = open_console.page  # type: ignore[attr-defined]
    await page.get_by_role("dialog").get_by_label("Token").fill(token)
    await page.get_by_role("button", name="Sign in").click()


async def test_nothing_is_seen_without_the_token(tmp_path: Path) -> None:
    old = Books("ocpp1.6")
    async with old.running(), gateway(tmp_path, configuration(("old", old)), admin={"token": TOKEN}) as running:
        station = await Station("ocpp1.6").connect(running)
        await station.boots()
        async with console(running) as open_console:
            page = open_console.page
            await page.get_by_role("dialog").wait_for()
            await page.keyboard.press("Escape")  # there is no way around it
            await signed_in(open_console, "wrong")
            await page.get_by_role("alert").get_by_text("This token is not the one.").wait_for()
            await signed_in(open_console, TOKEN)
            await page.locator(".rows-space .row", has_text="CP-1").click()
            await page.get_by_role("link", name="CP-1").click()
            await page.locator(".talk-bar").get_by_text("live").wait_for()
            await station.status(1, "Charging")
            await page.locator(".talk-row", has_text="StatusNotification").first.wait_for()
            # It lives in this tab, not in the browser.
            assert await page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [1, 0, ""]
            await page.reload()
            await page.get_by_text("1 connected", exact=True).wait_for()
            await page.get_by_role("button", name="Sign out").click()
            await page.get_by_role("dialog").get_by_label("Token").wait_for()
            assert await page.evaluate("sessionStorage.length") == 0
            open_console.allowed = ["401"]


@pytest.mark.parametrize("workers", [2])
async def test_it_works_in_front_of_workers(tmp_path: Path, redis: RedisServer, workers: int) -> None:
    old = Books("ocpp1.6")
    config = configuration(("old", old), store=redis.url)
    async with old.running(), gateway(tmp_path, config, workers=workers, admin={"token": TOKEN}) as running:
        stations = [await Station("ocpp1.6").connect(running, f"/CP-{number}") for number in range(8)]
        for station in stations:
            await station.boots()
        async with console(running) as open_console:
            page = open_console.page
            await signed_in(open_console, TOKEN)
            await page.get_by_text("8 connected", exact=True).wait_for()
            await page.get_by_text("8 stations", exact=True).wait_for()
            for station in stations:
                await station.status(1, "Faulted")
            # From whichever worker they are at.
            await page.locator(".facet.faulted strong", has_text="8").wait_for()
            await open_console.go("/nodes")
            await page.get_by_text("worker 1").wait_for()
            await stations[0].ws.close()
            await page.get_by_text("7 connected", exact=True).wait_for()
            open_console.allowed = ["401"]
