"""Everybody can use it: names, roles, contrast, the keyboard alone, small windows; in both colour schemes."""

from pathlib import Path

from tests.console.browser import Console, chromium, console
from tests.integration.test_switch import Books, Station
from tests.support import Gateway, configuration, gateway

PAGES = (
    "/fleet",
    "/stations/CP-1",
    "/migrations",
    "/migrations/east",
    "/migrations/-new",
    "/backends",
    "/mirror",
    "/nodes",
    "/certificates",
)

# What is wrong with a page, in the words of WCAG 2.2: 1.1.1, 1.3.1, 1.4.3, 2.4.2, 2.4.6, 4.1.2.
WRONG = """() => {
  const seen = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const wrong = [];
  if (!document.documentElement.lang) wrong.push("no language");
  if (!document.title) wrong.push("no title");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id twice");
  for (const one of document.querySelectorAll("img")) if (!one.hasAttribute("alt")) wrong.push("img without alt");
  for (const one of document.querySelectorAll("input, select, textarea")) {
    if (seen(one) && !one.labels?.length && !one.ariaLabel) wrong.push(`no label: ${one.outerHTML.slice(0, 80)}`);
  }
  for (const one of document.querySelectorAll("a, button")) {
    if (seen(one) && !one.textContent.trim() && !one.ariaLabel) wrong.push(`no name: ${one.outerHTML.slice(0, 80)}`);
  }
  for (const one of document.querySelectorAll("[role=row]")) {
    if (!one.closest("[role=table]")) wrong.push("a row outside a table");
  }
  const part = (value) => { const c = value / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const rgba = (text) => { const found = text.match(/[\\d.]+/g).map(Number); return found.length < 4 ? [...found, 1] : found; };
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 1) return color;
    }
    return [255, 255, 255, 1];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !seen(one) || one.closest("noscript, option, script, .skip, .unseen, .told, :disabled")) continue;
    const style = getComputedStyle(one);
    const [a, b] = [light(rgba(style.color)), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 600 || parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)} ${style.color}`);
  }
  return [...new Set(wrong)];
}"""
# Whether something sticks out of the window.
WIDE = "document.documentElement.scrollWidth > innerWidth || document.querySelector('main').scrollWidth > innerWidth"


async def _fleet(running: Gateway) -> list[Station]:
    stations = [await Station("ocpp1.6").connect(running, f"/CP-{number}") for number in range(1, 4)]
    for station in stations:
        await station.boots()
    await stations[1].status(1, "Faulted")
    await stations[2].status(1, "SuspendedEV")
    return stations


async def test_every_page_can_be_read_by_everybody(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    config = configuration(("old", old), ("new", new))
    config["routes"] = [{"backend": "old", "followers": [{"backend": "new"}]}]
    async with old.running(), new.running(), chromium() as browser, gateway(tmp_path, config, tls=True) as running:
        stations = await _fleet(running)
        body = {"name": "east", "to": "new", "wave_interval_seconds": 0}
        assert (await running.api("POST", "/migrations", body))[0] == 201
        async with console(running, scheme="light", browser=browser) as one:
            assert await _background(one) == "rgb(246, 246, 248)"
            await _has_nothing_wrong(one, stations[0])
            # A small window: nothing sticks out.
            await one.page.set_viewport_size({"width": 390, "height": 800})
            for path in PAGES:
                await one.go(path)
                await _settled(one)
                assert not await one.page.evaluate(WIDE), path
        async with console(running, scheme="dark", browser=browser) as one:
            assert await _background(one) == "rgb(16, 18, 25)"
            await _has_nothing_wrong(one, stations[0])


async def _background(one: Console) -> str:
    found: str = await one.page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


async def _has_nothing_wrong(one: Console, station: Station) -> None:
    await one.page.locator(".rows-space .row").nth(2).wait_for()
    for path in PAGES:
        await one.go(path)
        await _settled(one)
        if path == "/stations/CP-1":
            await one.page.locator(".talk-bar").get_by_text("live").wait_for()
            await station.status(1, "Available")
            await one.page.locator(".talk-line").first.click()
        assert await one.page.evaluate(WRONG) == [], path


async def _settled(one: Console) -> None:
    """What the page asks for first has come."""
    await one.page.locator("main h1").wait_for(state="attached")
    await one.page.locator(
        "main table, main .rows-space .row, main form, main .empty, main .card, main .facts section"
    ).first.wait_for()


async def test_everything_can_be_done_with_keys(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with old.running(), new.running(), gateway(tmp_path, configuration(("old", old), ("new", new))) as running:
        await _fleet(running)
        async with console(running) as one:
            page = one.page
            await page.locator(".rows-space .row").nth(2).wait_for()
            # The skip link is the first thing, and shows itself.
            await page.keyboard.press("Tab")
            skip = page.get_by_role("link", name="Skip to the content")
            assert await skip.evaluate("one => one === document.activeElement && one.offsetHeight > 10")
            await page.keyboard.press("Enter")
            assert await page.evaluate("document.activeElement.id") == "main"
            seen = []
            for _ in range(30):
                await page.keyboard.press("Tab")
                told = "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
                seen.append(await page.evaluate(told))
                if await page.evaluate("document.activeElement.className.startsWith('rows')"):
                    break
            assert all(outline != "none" for _, outline in seen), seen
            # From row to row, and into the second.
            await page.keyboard.press("ArrowDown")
            await page.keyboard.press("ArrowDown")
            assert await page.evaluate("document.activeElement.textContent") == "CP-2"
            await page.keyboard.press("Enter")
            await page.get_by_role("heading", name="CP-2").wait_for()
            await page.get_by_role("button", name="Move").wait_for()
            assert await page.evaluate("document.activeElement.id") == "main"
            for _ in range(10):
                await page.keyboard.press("Tab")
                if await page.evaluate("document.activeElement.textContent.startsWith('Move')"):
                    break
            await page.keyboard.press("Enter")
            await page.get_by_role("dialog").wait_for()
            # The focus stays in the dialog; Enter does it.
            assert await page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
            await page.get_by_role("dialog").get_by_label("Backend").focus()
            for _ in range(6):
                await page.keyboard.press("Tab")
                if await page.evaluate("document.activeElement.type") == "submit":
                    break
            await page.keyboard.press("Enter")
            await page.get_by_text("To new, by an operator.").wait_for()
            await page.get_by_role("dialog").wait_for(state="detached")
            assert await page.evaluate("document.activeElement.textContent.startsWith('Move')")
