"""What the stations file does to stations at the door, and how it is read again."""

import asyncio
import base64
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.exceptions import InvalidStatus

from gateway.passwords import hash_password
from tests.integration.test_translation import csms_201
from tests.support import Csms, Gateway, ask, configuration, gateway

PASSWORD = b"a password long enough"
OCTETS = bytes(range(0xA1, 0xB1))
HASH, HASH_OF_OCTETS = hash_password(PASSWORD), hash_password(OCTETS)
HASH_OF_DIGITS = hash_password(OCTETS.hex().upper().encode())


def basic(username: str, password: bytes = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(username.encode() + b":" + password).decode()}


def write(folder: Path, stations: dict[str, Any] | str) -> None:
    """In one step, as it should be."""
    (folder / "new").write_text(stations if isinstance(stations, str) else yaml.safe_dump(stations))
    (folder / "new").replace(folder / "stations.yaml")


def configured(folder: Path, csms: Csms, stations: dict[str, Any], auth: Any = "none", **more: Any) -> dict[str, Any]:
    write(folder, stations)
    config = configuration(("legacy", csms), stations_file="stations.yaml", **more)
    config["listeners"][0]["auth"] = auth
    return config


async def status(running: Gateway, path: str, **options: Any) -> int:
    """What a station gets: 101 or why not."""
    try:
        ws = await running.station(path, **options)
    except InvalidStatus as refused:
        return refused.response.status_code
    await ws.close()
    return 101


async def login(running: Gateway, identity: str, password: bytes = PASSWORD) -> int:
    return await status(running, f"/{identity}", additional_headers=basic(identity, password))


async def rejections(running: Gateway, reason: str) -> float:
    return await running.metric(f'ocpp_gateway_connections_rejected_total{{reason="{reason}"}}')


async def test_who_is_let_in(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {}, "CP-2": {"enabled": False}}, unknown_stations="reject")
        async with gateway(tmp_path, config) as running:
            assert [await status(running, path) for path in ("/cp-1", "/CP-2", "/CP-3")] == [101, 404, 404]
            assert (await rejections(running, "unknown"), await rejections(running, "disabled")) == (1, 1)
        config["unknown_stations"] = "accept"
        async with gateway(tmp_path, config) as running:
            assert [await status(running, path) for path in ("/cp-1", "/CP-2", "/CP-3")] == [101, 404, 101]
            assert len(csms.requests) == 3


async def test_the_log_tells_a_wrong_password_from_a_station_without_one(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {"password_hash": HASH}, "CP-2": {}}, auth="basic")
        async with gateway(tmp_path, config) as running:
            for identity in ("CP-1", "CP-2", "CP-3"):
                with pytest.raises(InvalidStatus) as refused:
                    await running.station(f"/{identity}", additional_headers=basic(identity, b"another password"))
                assert (refused.value.response.status_code, refused.value.response.body) == (401, b"wrong password\n")
            assert {event["station"]: event["why"] for event in await running.told("station_refused", 3)} == {
                "CP-1": "wrong password",
                "CP-2": "no password_hash in the stations file",
                "CP-3": "not in the stations file",
            }


async def test_tags_choose_the_route(tmp_path: Path) -> None:
    async with Csms().running() as legacy, Csms().running() as pilot:
        config = configured(tmp_path, legacy, {"CP-1": {"tags": ["x", "pilot"]}, "CP-2": {"tags": ["x"]}})
        config["backends"]["pilot"] = {"url": pilot.url, "subprotocols": ["ocpp1.6"], "auth": "none"}
        config["routes"] = [{"match": {"tag": "pilot"}, "backend": "pilot"}, {"backend": "legacy"}]
        async with gateway(tmp_path, config) as running:
            for path in ("/CP-1", "/CP-2", "/CP-3"):
                assert await status(running, path) == 101
            assert [request.path for request in pilot.requests] == ["/ocpp/CP-1"]
            assert [request.path for request in legacy.requests] == ["/ocpp/CP-2", "/ocpp/CP-3"]


async def test_another_name_at_the_backend(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {"csms_identity": "Rdam|7"}}, auth="forward")
        config["backends"]["legacy"]["auth"] = "forward"
        octets = b"\xff:\x00 octets"
        async with gateway(tmp_path, config) as running:
            assert await login(running, "cp-1", octets) == 101
            assert csms.requests[-1].path == "/ocpp/Rdam%7C7"
            assert csms.requests[-1].headers["Authorization"] == basic("Rdam|7", octets)["Authorization"]
            assert await status(running, "/CP-1", additional_headers=basic("Rdam|7")) == 401
            # Without a password it would be a lower security profile than before.
            assert await status(running, "/CP-1") == 401
            assert await status(running, "/CP-2") == 101
            assert "Authorization" not in csms.requests[-1].headers
        config["backends"]["legacy"]["auth"] = {"username": "gw-{identity}", "password": "upstream secret"}
        async with gateway(tmp_path, config) as running:
            assert await login(running, "CP-1") == 101
            expected = basic("gw-Rdam|7", b"upstream secret")["Authorization"]
            assert csms.requests[-1].headers["Authorization"] == expected


async def test_the_only_subprotocol_of_a_station(tmp_path: Path) -> None:
    async with Csms(subprotocols=("ocpp1.6", "ocpp2.0.1")).running() as csms:
        stations = {"CP-1": {"subprotocol": "ocpp1.6"}, "CP-2": {"subprotocol": "ocpp2.1"}}
        config = configured(tmp_path, csms, stations)
        config["listeners"][0]["subprotocols"] = ["ocpp2.0.1", "ocpp1.6"]
        async with gateway(tmp_path, config) as running:
            ws = await running.station("/CP-1", subprotocols=["ocpp2.0.1", "ocpp1.6"])
            assert (ws.subprotocol, csms.connections[-1].subprotocol) == ("ocpp1.6", "ocpp1.6")
            await ws.close()
            assert await status(running, "/CP-1", subprotocols=["ocpp2.0.1"]) == 400
            ws = await running.station("/CP-1", subprotocols=None)
            assert csms.connections[-1].subprotocol == "ocpp1.6"
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            await ws.close()
            for offered in (None, ["ocpp2.1"], ["ocpp2.0.1"]):
                assert await status(running, "/CP-2", subprotocols=offered) == 400
            assert await status(running, "/CP-3", subprotocols=None) == 400


async def test_passwords(tmp_path: Path) -> None:
    stations = {
        "CP-1": {"password_hash": HASH, "csms_identity": "X"},
        "CP-2": {},
        "KEY": {"password_hash": HASH_OF_OCTETS},
        "HEX": {"password_hash": HASH_OF_DIGITS},
    }
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, stations, auth="basic")
        config["backends"]["legacy"]["auth"] = "forward"
        async with gateway(tmp_path, config, tls=True) as running:
            assert await login(running, "cp-1") == 101
            # What was verified here goes no further.
            assert "Authorization" not in csms.requests[-1].headers
            assert await login(running, "CP-1", b"wrong") == 401
            assert await status(running, "/CP-1") == 401
            for digits in (OCTETS, OCTETS.hex().encode(), OCTETS.hex().upper().encode()):
                assert await login(running, "KEY", digits) == 101
            for digits in (OCTETS, OCTETS.hex().upper().encode()):
                assert await login(running, "HEX", digits) == 101
            assert await login(running, "KEY", OCTETS.hex().encode()[:-2]) == 401
            assert await login(running, "CP-2") == 401
            assert await login(running, "CP-3") == 401
            assert (await rejections(running, "password"), await rejections(running, "credentials")) == (4, 1)
            assert len(csms.requests) == 6
        log = "".join(running.log)
        for secret in (PASSWORD.decode(), HASH, basic("CP-1")["Authorization"].partition(" ")[2]):
            assert secret not in log


async def test_a_refusal_takes_as_long_for_a_station_nobody_knows(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {"password_hash": HASH}}, auth="basic")
        async with gateway(tmp_path, config) as running:
            took: dict[str, list[float]] = {"CP-1": [], "CP-9": []}
            for _ in range(8):
                for identity, seconds in took.items():
                    began = time.perf_counter()
                    assert await login(running, identity, b"guess") == 401
                    seconds.append(time.perf_counter() - began)
            known, unknown = (sorted(seconds)[1] for seconds in took.values())
            assert min(known, unknown) > 0.01
            assert 0.4 < known / unknown < 2.5


async def test_known_hashes_decide_and_others_are_passed_on(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {"password_hash": HASH}, "CP-2": {}}, auth=["basic", "forward"])
        config["backends"]["legacy"]["auth"] = "forward"
        async with gateway(tmp_path, config) as running:
            assert await login(running, "CP-1", b"wrong") == 401
            assert csms.requests == []
            for identity, password in (("CP-1", PASSWORD), ("CP-2", b"theirs"), ("CP-3", b"theirs")):
                assert await login(running, identity, password) == 101
                assert csms.requests[-1].headers["Authorization"] == basic(identity, password)["Authorization"]
            csms.refuse = 401
            assert await login(running, "CP-2", b"wrong") == 401


async def test_guessing_is_slowed_down_for_the_guesser_alone(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {"password_hash": HASH}}, auth="basic")
        async with gateway(tmp_path, config) as running:
            async with await running.station(additional_headers=basic("CP-1")) as ws:
                guesses = [login(running, "CP-1", b"guess %d" % number) for number in range(14)]
                assert await asyncio.gather(*guesses) == [401] * 14
                began = time.perf_counter()
                assert await login(running, "CP-1") == 401
                assert time.perf_counter() - began >= 1
                assert await running.metric('ocpp_gateway_rate_limited_total{reason="attempts"}') == 5
                # Neither the session nor the station behind another address is harmed.
                assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            other = {"additional_headers": basic("CP-1"), "local_addr": ("127.0.0.2", 0), "host": "127.0.0.1"}
            assert await status(running, "/CP-1", **other) == 101


async def test_the_file_is_read_again_without_a_restart(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {}}, unknown_stations="reject")
        async with gateway(tmp_path, config) as running:
            assert [await status(running, path) for path in ("/CP-1", "/CP-2")] == [101, 404]
            write(tmp_path, {"CP-2": {}})
            await asyncio.sleep(1.1)
            # The first that comes sees it already.
            assert [await status(running, path) for path in ("/CP-2", "/CP-1")] == [101, 404]

            write(tmp_path, "CP-3: {tagz: x}\nCP-4: {enabled: x}\n")
            await asyncio.sleep(1.1)
            assert [await status(running, path) for path in ("/CP-2", "/CP-3")] == [101, 404]
            assert [event["why"].rpartition("/")[2] for event in await running.told("stations_file_refused", 2)] == [
                "stations.yaml:1:8: CP-3.tagz: unknown key; did you mean 'tags'?",
                "stations.yaml:2:17: CP-4.enabled: should be true or false, not 'x'",
            ]
            assert await running.metric("ocpp_gateway_stations_file_valid") == 0

            write(tmp_path, {"CP-3": {}, "CP-4": {}})
            running.process.send_signal(signal.SIGHUP)
            await csms.wait(lambda: running.events("reloaded"))
            assert await running.metric("ocpp_gateway_stations_file_valid") == 1
            assert [await status(running, path) for path in ("/CP-3", "/CP-2")] == [101, 404]
            assert [event["stations"] for event in await running.told("stations_file_read", 2)] == [1, 2]


async def test_the_configuration_may_name_another_file(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {}}, unknown_stations="reject")
        async with gateway(tmp_path, config) as running:
            (tmp_path / "others.yaml").write_text("CP-2: {enabled: x}\n")
            text = (tmp_path / "gateway.yaml").read_text().replace("stations.yaml", "others.yaml")
            (tmp_path / "gateway.yaml").write_text(text)
            running.process.send_signal(signal.SIGHUP)
            (refused,) = await csms.wait(lambda: running.events("reload_refused"))
            assert "others.yaml:1:17: CP-2.enabled" in refused["why"]
            assert await status(running, "/CP-1") == 101
            (tmp_path / "others.yaml").write_text("CP-2: {}\n")
            running.process.send_signal(signal.SIGHUP)
            await csms.wait(lambda: running.events("reloaded"))
            assert [await status(running, path) for path in ("/CP-2", "/CP-1")] == [101, 404]


async def test_a_bad_file_at_the_start(tmp_path: Path) -> None:
    config = configured(tmp_path, Csms(), {"CP-1": {"enabled": "x"}})
    with pytest.raises(AssertionError, match=r"stations\.yaml:2:12: CP-1\.enabled: should be true or false, not 'x'"):
        async with gateway(tmp_path, config):
            pass


async def test_the_quirks_of_a_station_are_mended_beside_those_of_its_route(tmp_path: Path) -> None:
    text = '[2,"m%d","MeterValues",{"connectorId":1,"transactionId":,"meterValue":[]}]'
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {"quirks": ["aefa"]}, "CP-2": {"quirks": ["-aefa"]}})
        async with gateway(tmp_path, config) as running, await running.station("/CP-1") as ws:
            await ws.send(text % 1)
            await csms.wait(lambda: csms.frames)
            assert csms.frames == [[2, "m1", "MeterValues", {"connectorId": 1, "meterValue": []}]]
        csms.texts.clear()
        config["routes"][0]["quirks"] = ["aefa"]
        async with gateway(tmp_path, config) as running:
            async with await running.station("/CP-3") as ws:
                await ws.send(text % 3)
                await csms.wait(lambda: csms.frames)
            async with await running.station("/CP-2") as ws:
                await ws.send(text % 2)
                assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            assert [frame[1] for frame in csms.frames] == ["m3", "a"]


async def test_connectors_reach_the_translation(tmp_path: Path) -> None:
    async with Csms(csms_201, ("ocpp2.0.1",)).running() as csms:
        config = configured(tmp_path, csms, {"CP-1": {"connectors": {2: [7, 3]}}})
        async with gateway(tmp_path, config) as running:
            ws = await running.station()
            boot = {"chargePointVendor": "AcmeVolt", "chargePointModel": "AV-22"}
            assert (await ask(ws, [2, "1", "BootNotification", boot]))[2]["status"] == "Accepted"
            told = {"connectorId": 2, "errorCode": "NoError", "status": "Available"}
            await ask(ws, [2, "2", "StatusNotification", told])
            (notified,) = csms.calls("StatusNotification")
            assert (notified["evseId"], notified["connectorId"]) == (7, 3)
            await csms.send([2, "u", "UnlockConnector", {"evseId": 7, "connectorId": 3}])
            call = json.loads(await ws.recv())
            assert call[2:] == ["UnlockConnector", {"connectorId": 2}]
            await ws.close()
