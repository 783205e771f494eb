"""A real Chromium on the console of a real gateway. It must report nothing: no error, no warning, no violation of the
policy, no request to anybody else."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

from playwright.async_api import Browser, Page, async_playwright

from tests.support import Gateway

# Long, for a loaded machine; everything is waited for, and comes in a moment.
MILLISECONDS = 20_000


class Console:
    """A page, and what the browser complained about. `allowed`: complaints that a test provokes, by a part of them."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.allowed: list[str] = []
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url))

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.base, "data:")):
            self.complaints.append(f"request elsewhere: {url}")

    async def go(self, path: str) -> Page:
        """To a page of the console, `/fleet`."""
        await self.page.goto(f"{self.base}/#{path}")
        return self.page

    def check(self) -> None:
        left = [one for one in self.complaints if not any(part in one for part in self.allowed)]
        assert not left, left

    async def until(self, condition: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Until an awaitable of this condition gives something true."""
        async with asyncio.timeout(seconds):
            while not (found := await condition()):
                await asyncio.sleep(0.05)
            return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    async with async_playwright() as playwright:
        # Containers have no user namespaces for its sandbox; the pages are our own.
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def console(
    running: Gateway,
    path: str = "/fleet",
    *,
    scheme: Literal["light", "dark"] = "light",
    size: tuple[int, int] = (1280, 800),
    browser: Browser | None = None,
) -> AsyncIterator[Console]:
    """The console open at this page; its end checks that the browser had nothing to say."""
    if browser is None:
        async with chromium() as own, console(running, path, scheme=scheme, size=size, browser=own) as one:
            yield one
        return
    width, height = size
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    try:
        page = await context.new_page()
        page.set_default_timeout(MILLISECONDS)
        one = Console(page, f"http://127.0.0.1:{running.admin}")
        await one.go(path)
        yield one
        one.check()
    finally:
        await context.close()
