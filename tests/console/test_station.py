"""One station's page: both sides of its conversation, what is known, what can be done."""

from pathlib import Path

from tests.console.browser import console
from tests.integration.test_switch import Books, Station
from tests.support import closed, configuration, gateway


async def test_both_lanes_are_told_live(tmp_path: Path) -> None:
    old, new = Books("ocpp2.0.1"), Books("ocpp1.6")
    async with old.running(), new.running():
        config = configuration(("old", old), ("new", new))
        async with gateway(tmp_path, config) as running:
            station = await Station("ocpp1.6").connect(running)
            await station.boots()
            async with console(running, "/stations/CP-1") as open_console:
                page = open_console.page
                await page.get_by_text("station, OCPP 1.6").wait_for()
                await page.get_by_text("old, OCPP 2.0.1").wait_for()
                await page.locator(".talk-bar").get_by_text("live").wait_for()
                number = await station.starts16()
                # The call and what became of it are one row, the answers another.
                row = page.locator(".talk-row[data-type=call]", has_text="StartTransaction")
                await row.get_by_text("TransactionEvent").wait_for()
                await row.get_by_text("translated").wait_for()
                answer = page.locator(".talk-row[data-type=result]", has_text="StartTransaction")
                await answer.get_by_text("TransactionEvent").wait_for()
                await row.locator(".talk-line").click()
                shown = await row.locator(".talk-more").inner_text()
                assert '"meterStart": 1000' in shown
                assert '"eventType": "Started"' in shown
                assert "TAG" not in shown
                assert "[redacted]" in shown
                # What goes on, under both its ids.
                await page.locator(".facts").get_by_text(str(number), exact=True).wait_for()
                # Paused frames wait.
                await page.get_by_role("button", name="Pause").click()
                await station.meters16(number, 1500)
                await page.get_by_text("paused, 4 frames held").wait_for()
                assert await page.locator(".talk-row", has_text="MeterValues").count() == 0
                await page.get_by_role("button", name="Go on").click()
                await page.locator(".talk-row", has_text="MeterValues").first.wait_for()
                await page.get_by_label("Show").select_option("error")
                assert await page.locator(".talk-row:visible").count() == 0
                await page.get_by_label("Show").select_option("")
                await station.stops16(number, 2000)
                await page.get_by_text("None goes on.").wait_for()


async def test_what_an_operator_does_asks_first(tmp_path: Path) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with old.running(), new.running():
        async with gateway(tmp_path, configuration(("old", old), ("new", new))) as running:
            station = await Station("ocpp1.6").connect(running)
            await station.boots()
            async with console(running, "/stations/CP-1") as open_console:
                page = open_console.page
                dialog = page.get_by_role("dialog")
                await page.get_by_role("button", name="Send a call").click()
                await dialog.get_by_label("Payload").fill('{"requestedMessage": 1')
                await dialog.get_by_role("button", name="Send the call").click()
                await dialog.get_by_role("alert").get_by_text("The payload is not JSON").wait_for()
                await dialog.get_by_label("Payload").fill('{"requestedMessage": "Nonsense"}')
                await dialog.get_by_role("button", name="Send the call").click()
                await dialog.get_by_role("alert").get_by_text("the call is not valid").wait_for()
                await dialog.get_by_label("Payload").fill('{"requestedMessage": "Heartbeat"}')
                await dialog.get_by_role("button", name="Send the call").click()
                await dialog.get_by_text('"status"').wait_for()
                await dialog.get_by_role("button", name="Done").click()
                assert [frame[2] for frame in station.called] == ["TriggerMessage"]
                # Called off, nothing happens.
                await page.get_by_role("button", name="Move").click()
                await dialog.get_by_role("button", name="Cancel").click()
                await page.get_by_role("button", name="Move").click()
                await dialog.get_by_label("Backend").select_option("new")
                await dialog.get_by_role("button", name="Move").click()
                await page.get_by_text("CP-1 is on new.").wait_for()
                await page.get_by_text("To new, by an operator.").wait_for()
                await page.get_by_role("button", name="Back to the rules").click()
                await dialog.get_by_role("button", name="Give back").click()
                await page.get_by_text("By the rules: old.").wait_for()
                await page.get_by_role("button", name="Disconnect").click()
                await dialog.get_by_role("button", name="Disconnect").click()
                assert (await closed(station.ws))[0] == 1012
                await page.get_by_text("not connected").first.wait_for()
                # It comes again, and the page knows.
                again = await Station("ocpp1.6").connect(running)
                await again.boots()
                await page.get_by_role("button", name="Disconnect").wait_for()
                open_console.allowed = ["422", "404"]
