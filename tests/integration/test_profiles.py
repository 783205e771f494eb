"""Security profiles: by listener, by station, and never back to a lower one."""

from pathlib import Path
from typing import Any

import yaml
from websockets.exceptions import InvalidStatus

from gateway.passwords import hash_password
from tests.integration.secured import PASSWORD, Site, basic, rejections
from tests.support import Csms, Gateway, configuration, free_port, gateway

HASH = hash_password(PASSWORD.encode())


class Fleet:
    """One gateway with a plain listener and one with TLS: a station chooses its profile by how it comes."""

    def __init__(self, folder: Path, csms: Csms, stations: dict[str, Any], **more: Any) -> None:
        self.site = Site(folder)
        self.certificate = self.site.authority.issue("station")
        (folder / "stations.yaml").write_text(yaml.safe_dump({"CP-1": {"password_hash": HASH}, **stations}))
        config = configuration(("legacy", csms), stations_file="stations.yaml", **more)
        self.secure = free_port()
        ways = {"bind": f"127.0.0.1:{self.secure}", "auth": ["mtls", "basic"], "tls": self.site.mutual()}
        config["listeners"] = [{"bind": "", "auth": ["basic"]}, ways]
        self.config = config

    async def comes(self, running: Gateway, profile: int) -> int:
        headers = basic() if profile in (1, 2) else {}
        if profile < 2:
            return await _plain(running, headers)
        secure = Gateway(running.process, self.secure, running.admin, None)
        certificate = self.certificate if profile == 3 else None
        return await self.site.enters(secure, "/CP-1", certificate, additional_headers=headers)


async def _plain(running: Gateway, headers: dict[str, str]) -> int:
    try:
        ws = await running.station("/CP-1", additional_headers=headers)
    except InvalidStatus as refused:
        return refused.response.status_code
    await ws.close()
    return 101


async def test_never_back_to_a_lower_one_and_not_after_a_restart_either(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        fleet = Fleet(tmp_path, csms, {}, store=f"sqlite:{tmp_path / 'store.db'}")
        async with gateway(tmp_path, fleet.config) as running:
            assert [await fleet.comes(running, profile) for profile in (1, 2, 1, 2, 3, 2, 1, 3)] == [
                *(101, 101, 401, 101),
                *(101, 401, 401, 101),
            ]
            assert await rejections(running, "profile_lower") == 3
            await csms.wait(lambda: len(running.events("station_refused")) == 3)
            assert running.events("station_refused")[0]["why"] == "security profile 1 after 2"
        async with gateway(tmp_path, fleet.config) as running:
            assert [await fleet.comes(running, profile) for profile in (2, 1, 3)] == [401, 401, 101]


async def test_from_3_to_2_where_configured_and_no_lower(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        fleet = Fleet(tmp_path, csms, {}, profile_downgrade="3_to_2")
        async with gateway(tmp_path, fleet.config) as running:
            assert [await fleet.comes(running, profile) for profile in (3, 1, 2, 1, 3, 2)] == [
                101,
                401,
                101,
                401,
                101,
                101,
            ]


async def test_the_operator_may_let_go_of_one_station_or_of_all(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        for stations, more in (
            ({"CP-1": {"password_hash": HASH, "profile_ratchet": False}}, {}),
            ({}, {"profile_downgrade": "any"}),
        ):
            fleet = Fleet(tmp_path, csms, stations, **more)
            async with gateway(tmp_path, fleet.config) as running:
                assert [await fleet.comes(running, profile) for profile in (3, 1, 2, 1)] == [101] * 4


async def test_the_lowest_of_a_station_and_those_of_a_listener(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        fleet = Fleet(tmp_path, csms, {"CP-1": {"password_hash": HASH, "security_profile": 2}})
        async with gateway(tmp_path, fleet.config) as running:
            assert [await fleet.comes(running, profile) for profile in (1, 2, 3)] == [401, 101, 101]
            assert await rejections(running, "profile") == 1
        fleet = Fleet(tmp_path, csms, {})
        fleet.config["listeners"][1]["security_profiles"] = [3]
        async with gateway(tmp_path, fleet.config) as running:
            assert [await fleet.comes(running, profile) for profile in (2, 3)] == [401, 101]


async def test_credentials_that_nobody_judges_raise_nothing(tmp_path: Path) -> None:
    """Or a stranger could lock a station out by coming in its name with TLS."""
    async with Csms().running() as csms:
        fleet = Fleet(tmp_path, csms, {})
        for listener in fleet.config["listeners"]:
            listener["auth"] = "forward"
        async with gateway(tmp_path, fleet.config) as running:
            assert [await fleet.comes(running, profile) for profile in (2, 1)] == [101, 101]
        fleet.config["backends"]["legacy"]["auth"] = "forward"
        async with gateway(tmp_path, fleet.config) as running:
            csms.refuse = 401
            assert await fleet.comes(running, 2) == 401
            csms.refuse = None
            assert [await fleet.comes(running, profile) for profile in (1, 2, 1)] == [101, 101, 401]
