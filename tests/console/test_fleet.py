"""The fleet in a real browser: live, searched, filtered; thousands of rows; stations that mean harm."""

import json
from pathlib import Path

from tests.console.browser import console
from tests.integration.test_switch import Books, Station
from tests.support import Gateway, ask, configuration, gateway
from tests.tcp_proxy import TcpProxy

EVIL = '<img src=x onerror="document.title=1"><script>x()</script>'
ROWS = ".rows-space .row"
FACET = ".facet.{} strong"


async def test_it_follows_the_fleet_live(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    stations_file = tmp_path / "stations.yaml"
    stations_file.write_text("BER-1: {tags: pilot}\nBER-9: {tags: pilot}\n")
    config = configuration(("old", old), ("new", new), stations_file=str(stations_file))
    config["routes"] = [{"match": {"identity": "HAM-*"}, "backend": "new"}, {"backend": "old"}]
    async with old.running(), new.running(), gateway(tmp_path, config) as running:
        async with console(running) as open_console:
            page = open_console.page
            await page.get_by_text("No station is connected.").wait_for()
            ber = await Station("ocpp1.6").connect(running, "/BER-1")
            await ber.boots()
            ham = await Station("ocpp1.6").connect(running, "/HAM-1")
            await ham.boots()
            await page.locator(ROWS, has_text="HAM-1").get_by_text("1.6 → 2.0.1").wait_for()
            await page.get_by_text("2 connected", exact=True).wait_for()
            # A node that gives no answer is named.
            silent = "import('/console/fleet-store.js').then(({fleet}) => { fleet.silent = ['south'];"
            await page.evaluate(f"{silent} fleet.dispatchEvent(new Event('fleet')); }})")
            await page.get_by_role("alert").get_by_text("No answer from south").wait_for()
            # A status that changes.
            await ber.status(1, "Charging")
            await page.locator(ROWS, has_text="BER-1").get_by_text("Charging, Available").wait_for()
            await page.locator(FACET.format("busy"), has_text="1").wait_for()
            # Filters, each in the address.
            await page.get_by_label("Tag").select_option("pilot")
            await page.get_by_text("1 of 2 stations").wait_for()
            assert "tag=pilot" in page.url
            await page.get_by_label("Tag").select_option("")
            await page.get_by_label("Backend").select_option("new")
            assert await page.locator(ROWS).all_inner_texts() == [
                await page.locator(ROWS, has_text="HAM-1").inner_text()
            ]
            await page.reload()
            await page.get_by_text("1 of 2 stations").wait_for()
            await page.get_by_label("Backend").select_option("")
            await page.keyboard.press("/")
            await page.get_by_label("Search").fill("acme ber")
            await page.get_by_label("Station speaks").select_option("ocpp1.6")
            await page.get_by_text("1 of 2 stations").wait_for()
            await page.get_by_label("Search").fill("")
            await page.get_by_label("Station speaks").select_option("")
            # Who is not there.
            await page.locator(".facet.offline").click()
            await page.locator(ROWS, has_text="ber-9").wait_for()
            assert await page.locator(ROWS).count() == 1
            await page.locator(".facet.connected").click()
            # Who goes is gone; who moves is seen where it is.
            await ham.ws.close()
            await page.locator(ROWS, has_text="HAM-1").wait_for(state="detached")
            assert (await running.api("PUT", "/stations/BER-1/route", {"backend": "new", "when": "now"}))[0] == 200
            await page.locator(ROWS, has_text="BER-1").get_by_text("1.6 → 2.0.1").wait_for()


async def test_it_says_when_the_gateway_is_gone_and_comes_back_by_itself(tmp_path: Path) -> None:
    old = Books("ocpp1.6")
    config = configuration(("old", old))
    async with old.running():
        async with gateway(tmp_path, config) as first, TcpProxy(first.admin).running() as proxy:
            seen = Gateway(first.process, first.port, proxy.port, None)
            async with console(seen) as open_console:
                page = open_console.page
                await Station("ocpp1.6").connect(first, "/CP-1")
                await page.locator(ROWS, has_text="CP-1").wait_for()
                first.process.terminate()
                await page.get_by_text("reconnecting: ").wait_for()
                async with gateway(tmp_path, config) as second:
                    await Station("ocpp1.6").connect(second, "/CP-2")
                    proxy._target = second.admin
                    await page.locator(ROWS, has_text="CP-2").wait_for()
                    # What it knew of the other process is forgotten.
                    await page.locator(ROWS, has_text="CP-1").wait_for(state="detached")
                    await page.get_by_text("1 connected", exact=True).wait_for()
                    open_console.allowed = ["ERR_", "Failed to load"]


async def test_five_thousand_rows_are_searched_at_once(tmp_path: Path) -> None:
    old = Books("ocpp1.6")
    stations_file = tmp_path / "stations.yaml"
    stations_file.write_text("".join(f"CP-{number:05}: {{tags: t{number % 7}}}\n" for number in range(5000)))
    config = configuration(("old", old), stations_file=str(stations_file))
    async with old.running(), gateway(tmp_path, config) as running:
        async with console(running, "/fleet?state=offline") as open_console:
            page = open_console.page
            await page.get_by_text("5,000 stations", exact=True).wait_for()
            # Only those in sight are elements.
            assert 0 < await page.locator(ROWS).count() < 80
            took = await page.evaluate(
                """() => {
                  const search = document.querySelector("input[type=search]");
                  const times = [];
                  for (const text of ["cp", "cp-0", "cp-0421", "t3", "nobody", "cp-04999", ""]) {
                    const began = performance.now();
                    search.value = text;
                    search.dispatchEvent(new Event("input", { bubbles: true }));
                    document.body.offsetHeight;  // laid out
                    times.push(performance.now() - began);
                  }
                  return times;
                }"""
            )
            assert max(took) < 200, took
            await page.get_by_label("Search").fill("cp-0421")
            await page.get_by_text("10 of 5,000 stations").wait_for()
            await page.get_by_label("Search").fill("")
            # The last row can be reached with a key.
            await page.locator(".rows").focus()
            await page.keyboard.press("End")
            await page.locator(ROWS, has_text="cp-04999").wait_for()
            assert await page.evaluate("document.activeElement.textContent") == "cp-04999"


async def test_what_stations_say_is_never_markup(tmp_path: Path) -> None:
    old = Books("ocpp1.6")
    async with old.running(), gateway(tmp_path, configuration(("old", old))) as running:
        ws = await running.station("/EVIL-1")
        boot = {"chargePointVendor": EVIL[:20], "chargePointModel": EVIL[-20:], "firmwareVersion": EVIL[:50]}
        await ask(ws, [2, "b", "BootNotification", boot])
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "info": EVIL[:50]}
        await ask(ws, [2, "s", "StatusNotification", status])
        async with console(running, "/stations/EVIL-1") as open_console:
            page = open_console.page
            await page.get_by_text(EVIL[:50]).first.wait_for()
            await page.get_by_text("live", exact=True).wait_for()
            await ws.send(json.dumps([2, EVIL[:36], "DataTransfer", {"vendorId": EVIL, "data": EVIL * 20}]))
            await page.locator(".talk-line", has_text="DataTransfer").first.click()
            await page.locator(".talk-more .json", has_text="<script>").first.wait_for()
            await open_console.go("/fleet")
            await page.get_by_text(f"{EVIL[:20]} {EVIL[-20:]}").wait_for()
            await open_console.go("/fleet?q=" + "%3Cimg%20src%3Dx%20onerror%3D1%3E")
            await open_console.go("/migrations/%3Cimg%20src%3Dx%3E")
            await page.get_by_text("There is no such migration.").wait_for()
            await open_console.go("/stations/%3Cimg%20src%3Dx%3E%")
            await page.get_by_role("heading", name="<img").or_(page.get_by_role("heading", name="%3Cimg")).wait_for()
            assert await page.locator("main img, main script").count() == 0
            assert await page.title() != "1"
            open_console.allowed = ["404"]
