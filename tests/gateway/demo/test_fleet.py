"""The fleet of a kept demo goes on charging, and comes again when it is sent away."""

import asyncio
from pathlib import Path
from typing import Any

from gateway.demo import fleet, process
from gateway.demo.csms16 import Csms16
from gateway.demo.csms201 import Csms201
from gateway.demo.peer import Clock, end
from tests.support import Gateway


async def until(condition: Any, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


async def test_it_charges_for_ever_and_owes_nothing(tmp_path: Path) -> None:
    """Also when a station is cut off while it charges: it comes again and ends what it began."""
    legacy, analytics = Csms16(Clock(), passwords=fleet.PASSWORDS), Csms201(Clock())
    async with legacy.listening() as url, analytics.listening() as analytics_url:
        backends = {"legacy": (url, "ocpp1.6"), "analytics": (analytics_url, "ocpp2.0.1")}
        followed = {
            "match": {"identity": fleet.FOLLOWED},
            "backend": "legacy",
            "followers": [{"backend": "analytics"}],
        }
        setup = process.write_files(tmp_path, backends, [followed, {"backend": "legacy"}], fleet.stations_file())
        async with process.running(setup) as running:
            pace = fleet.Pace(sample=0.2, rest=0.3)
            charging = asyncio.create_task(fleet.charge_on(setup.listener_url, setup.ca, pace))
            try:
                healthy = set(fleet.IDENTITIES) - {fleet.FAULTY}
                await until(lambda: {bill.identity for bill in legacy.bills.values() if bill.kwh} >= healthy, 60)
                open_now = next(bill for bill in legacy.bills.values() if bill.meter_stop is None)
                admin = int(setup.admin_url.rpartition(":")[2])
                api = Gateway(running.process, 0, admin, None).api
                assert (await api("POST", f"/stations/{open_now.identity}/disconnect"))[0] == 200
                await until(lambda: open_now.meter_stop is not None)
                status, one = await api("GET", f"/stations/{fleet.FAULTY}")
                assert (status, [each["status"] for each in one["connectors"]][-1]) == (200, "Faulted")
                _, missing = await api("GET", "/stations?connected=false")
                assert [one["identity"].upper() for one in missing["stations"]] == [fleet.MISSING]
                await until(lambda: analytics.bills)
                assert not charging.done()
            finally:
                await end(charging)
