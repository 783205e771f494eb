"""A fleet is moved and brought home again by clicking."""

import asyncio
from pathlib import Path

from playwright.async_api import Route

from tests.console.browser import console
from tests.integration.test_migrate import backends, fleet
from tests.integration.test_switch import Books


async def test_a_migration_is_planned_run_watched_and_rolled_back(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    async with fleet(tmp_path, old, new, 7) as (running, stations):
        number = await stations[6].starts16()
        async with console(running, "/migrations") as open_console:
            page = open_console.page
            await page.get_by_text("There has been no migration yet.").wait_for()
            await page.get_by_role("link", name="Plan a migration").click()
            await page.get_by_label("Name").fill("berlin")
            await page.get_by_label("To the backend").select_option("new")
            await page.get_by_label("Stations in a wave").fill("3")
            await page.get_by_label("Seconds between waves").fill("0")
            await page.get_by_role("button", name="Show the plan").click()
            # The plan is a table, and nothing has been done.
            row = page.get_by_role("row", name="CP-0")
            await row.get_by_text("moves now").wait_for()
            assert "1.6 → 2.0.1" in await row.inner_text()
            await page.get_by_role("row", name="CP-6").get_by_text("moves when idle").wait_for()
            await page.get_by_text("1.6 → 2.0.1:").wait_for()
            assert (await running.api("GET", "/migrations"))[1] == {"migrations": []}
            # What is changed afterwards wants another plan.
            await page.get_by_label("Identity").fill("CP-*")
            assert await page.get_by_role("button", name="Start: move").count() == 0
            await page.keyboard.press("Enter")
            await page.get_by_role("button", name="Start: move 7 stations to new").click()
            await page.get_by_role("dialog").get_by_role("button", name="Start").click()
            # Watched: six move, one waits for its transaction.
            await page.get_by_role("heading", name="berlin").wait_for()
            await page.locator(".legend", has_text="6 done").get_by_text("waiting for idle").wait_for()
            assert (
                await page.get_by_role("progressbar").get_attribute("aria-valuetext") == "6 of 7 stations are through"
            )
            # Paused, and nothing moves; resumed, and what has become idle does.
            await page.get_by_role("button", name="Pause").click()
            await page.locator(".under").get_by_text("paused").wait_for()
            await stations[6].stops16(number, 2000)
            await page.get_by_role("button", name="Resume").click()
            await page.locator(".under").get_by_text("done", exact=True).wait_for()
            assert await backends(running) == ["new"] * 7
            # The journal, filtered; and back.
            assert await page.get_by_role("row", name="canary").count() == 1
            await page.get_by_role("button", name="Roll back").click()
            await page.get_by_role("dialog").get_by_text("7 stations that moved go back").wait_for()
            await page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
            await page.locator(".under").get_by_text("rolled back", exact=True).wait_for()
            await page.locator(".legend").get_by_text("returned").wait_for()
            assert await backends(running) == ["old"] * 7
            assert await page.get_by_role("button", name="Roll back").count() == 0
            # A name is taken once: the answer stands in its place.
            await page.locator("nav").get_by_role("link", name="Migrations").click()
            await page.locator(".card", has_text="berlin").get_by_text("rolled back").wait_for()
            await open_console.go("/migrations/-new")
            await page.get_by_label("Name").fill("berlin")
            await page.get_by_label("To the backend").select_option("new")
            await page.keyboard.press("Enter")
            await page.get_by_role("button", name="Start: move").click()
            await page.get_by_role("dialog").get_by_role("button", name="Start").click()
            await page.get_by_role("alert").get_by_text("there is a migration of this name").wait_for()
            await page.keyboard.press("Escape")
            open_console.allowed = ["409"]


async def test_an_older_answer_does_not_stand(tmp_path: Path) -> None:
    """What changes while the page reads is read too: the answer under way knew nothing of it."""
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    async with fleet(tmp_path, old, new, 1) as (running, stations):
        await stations[0].starts16()
        assert (await running.api("POST", "/migrations", {"name": "berlin", "to": "new"}))[0] == 201
        async with console(running, "/migrations/berlin") as open_console:
            page = open_console.page
            await page.locator(".legend").get_by_text("waiting for idle").wait_for()
            held, free = asyncio.Event(), asyncio.Event()

            async def hold(route: Route) -> None:
                answer = await route.fetch()
                if not held.is_set():
                    held.set()
                    await free.wait()
                await route.fulfill(response=answer)

            await page.route("**/api/v1/migrations/berlin", hold)
            await running.api("POST", "/migrations/berlin/pause")
            await asyncio.wait_for(held.wait(), 20)
            await running.api("POST", "/migrations/berlin/resume")
            await running.api("POST", "/migrations/berlin/rollback")
            await page.evaluate("""async () => {
                const { fleet } = await import("./console/fleet-store.js");
                while (fleet.migrations[0].state !== "rolled_back") await new Promise((told) => setTimeout(told, 20));
            }""")
            free.set()
            await page.locator(".under").get_by_text("rolled back", exact=True).wait_for()
