"""Pictures of the console, with the demo behind it: `make pictures`. Those of the repository were drawn where the fonts Inter and
JetBrains Mono are installed (Debian: fonts-inter, fonts-jetbrains-mono)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page

from tests.console.browser import chromium

PICTURES = Path(__file__).parents[2] / "docs/pictures"
SIZE = (1360, 800)
_TALK_SECONDS = 20
_STATION, _MIGRATION = "HAM-ALTONA-01", "hamburg-and-berlin"

Scheme = Literal["light", "dark"]


def picture_of(what: str, scheme: Scheme) -> Path:
    return PICTURES / f"console-{what}{'-dark' if scheme == 'dark' else ''}.png"


@asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """The address of the console of a demo that is kept running."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "demo", "--keep"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            async for line in process.stdout:
                words = line.decode().split()
                if words[:1] == ["console"]:
                    break
            else:
                raise AssertionError("the demo has ended")
        reading = asyncio.create_task(process.stdout.read())
        yield words[1]
        reading.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def _page(browser: Browser, scheme: Scheme) -> AsyncIterator[Page]:
    width, height = SIZE
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    yield await context.new_page()
    await context.close()


async def _start(url: str, browser: Browser) -> None:
    """A migration as an operator would start it."""
    async with _page(browser, "light") as page:
        await page.goto(f"{url}#/migrations/-new")
        await page.get_by_label("Name").fill(_MIGRATION)
        await page.get_by_label("To the backend").select_option("modern")
        await page.get_by_label("That are on").select_option("legacy")
        await page.get_by_label("Stations in a wave").fill("4")
        await page.get_by_label("Seconds between waves").fill("8")
        await page.get_by_role("button", name="Show the plan").click()
        await page.get_by_role("button", name="Start: move").click()
        await page.get_by_role("dialog").get_by_role("button", name="Start").click()
        await page.locator(".legend").get_by_text("waiting for idle").wait_for()


async def draw() -> None:
    async with demo() as url, chromium() as browser:
        async with _page(browser, "light") as light, _page(browser, "dark") as dark:
            pages: dict[Scheme, Page] = {"light": light, "dark": dark}
            for page in pages.values():
                await page.goto(f"{url}#/stations/{_STATION}")
            for page in pages.values():
                # A row that is opened shows what a translation is.
                row = page.locator(".talk-line", has_text="Occupied").first
                await row.click(timeout=150_000)
            await asyncio.sleep(_TALK_SECONDS)
            for scheme, page in pages.items():
                await page.locator(".talk-scroll").evaluate(
                    "one => one.scrollTop = one.querySelector('.talk-more:not([hidden])').parentElement.offsetTop - one.offsetTop - 6"
                )
                await page.mouse.move(0, 0)
                await page.screenshot(path=picture_of("station", scheme))
                await page.goto(f"{url}#/fleet")
                await page.locator(".rows-space .row").nth(15).wait_for()
                await page.screenshot(path=picture_of("fleet", scheme))
            await _start(url, browser)
            for page in pages.values():
                await page.goto(f"{url}#/migrations/{_MIGRATION}")
            # Some are through, some wait, the last wave has not begun.
            await asyncio.sleep(26)
            for scheme, page in pages.items():
                await page.screenshot(path=picture_of("migration", scheme))


if __name__ == "__main__":
    asyncio.run(draw())
