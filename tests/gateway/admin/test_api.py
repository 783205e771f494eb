"""The admin API of one gateway with real stations."""

import asyncio
import json
from pathlib import Path
from typing import Any

import yaml
from websockets.asyncio.client import ClientConnection

from tests.minimal import answer
from tests.support import Csms, Gateway, ask, closed, configuration, gateway

BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One", "firmwareVersion": "1.2"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": "2026-11-21T10:00:00Z"}


def csms(version: str) -> Csms:
    def given(frame: list[Any]) -> Any:
        if frame[2] == "Authorize":
            return {"idTokenInfo": {"status": "Accepted"}}
        if frame[2] == "TransactionEvent":
            return {"idTokenInfo": {"status": "Accepted"}} if "idToken" in frame[3] else {}
        return answer(version, frame[2])

    return Csms(given, (version,))


async def answer_next(station: ClientConnection, payload: dict[str, Any]) -> list[Any]:
    """Take the next call and answer it."""
    while True:
        frame: list[Any] = json.loads(await station.recv())
        if frame[0] == 2:
            await station.send(json.dumps([3, frame[1], payload]))
            return frame


async def call(running: Gateway, identity: str, action: str, payload: dict[str, Any]) -> tuple[int, Any]:
    return await running.api("POST", f"/stations/{identity}/call", {"action": action, "payload": payload})


async def test_stations_are_listed_described_called_and_disconnected(tmp_path: Path) -> None:
    async with csms("ocpp1.6").running() as backend:
        async with gateway(tmp_path, configuration(("legacy", backend))) as running:
            stations = [await running.station(f"/CP-{number}") for number in (3, 1, 2)]
            await ask(stations[1], [2, "b", "BootNotification", BOOT])
            await ask(stations[1], [2, "s", "StatusNotification", STATUS])
            status, found = await running.api("GET", "/stations?limit=2")
            assert status == 200
            assert [one["identity"] for one in found["stations"]] == ["CP-1", "CP-2"]
            _, rest = await running.api("GET", f"/stations?limit=2&cursor={found['next_cursor']}")
            assert [one["identity"] for one in rest["stations"]] == ["CP-3"]
            assert (rest["next_cursor"], rest["unreachable_nodes"]) == (None, [])
            for query, count in (("identity=cp-[12]", 2), ("backend=cloud", 0), ("subprotocol=ocpp1.6", 3)):
                assert len((await running.api("GET", f"/stations?{query}"))[1]["stations"]) == count

            status, one = await running.api("GET", "/stations/cp-1")
            assert status == 200
            told = {"vendor": "Acme", "model": "One", "firmware": "1.2", "backend": "legacy", "subprotocol": "ocpp1.6"}
            assert told.items() <= one.items()
            assert one["connectors"] == [
                {"evse": None, "connector": 1, "status": "Charging", "errorCode": "NoError", "at": STATUS["timestamp"]}
            ]
            assert (one["version"], one["primary"]) == ("ocpp1.6", "legacy")
            assert (one["transactions"], one["frames"]["station"], one["counters"]["from_station"]) == ([], 2, 2)

            before = len(backend.texts)
            calling = asyncio.create_task(call(running, "CP-1", "ClearCache", {}))
            asked = await answer_next(stations[1], {"status": "Accepted"})
            assert asked[2:] == ["ClearCache", {}]
            assert await calling == (200, {"subprotocol": "ocpp1.6", "payload": {"status": "Accepted"}, "error": None})
            calling = asyncio.create_task(call(running, "CP-1", "Reset", {"type": "Soft"}))
            asked = json.loads(await stations[1].recv())
            await stations[1].send(json.dumps([4, asked[1], "NotSupported", "no", {}]))
            assert (await calling)[1]["error"]["code"] == "NotSupported"
            # Neither call nor answer is any of the CSMS's business.
            await ask(stations[1], [2, "h", "Heartbeat", {}])
            assert [json.loads(text)[2] for text in backend.texts[before:]] == ["Heartbeat"]

            assert (await call(running, "CP-1", "Fly", {}))[0] == 422
            assert (await call(running, "CP-1", "Reset", {"type": "Odd"}))[0] == 422
            assert (await call(running, "CP-9", "ClearCache", {}))[0] == 404
            assert (await running.api("POST", "/stations/CP-2/disconnect"))[0] == 200
            assert (await closed(stations[2]))[0] == 1012
            assert (await running.told("operator_call"))[0]["outcome"] == "done"
            assert (await running.api("GET", "/stations/CP-2"))[0] == 404
            _, backends = await running.api("GET", "/backends")
            assert (backends["backends"][0]["name"], backends["backends"][0]["stations"]) == ("legacy", 2)
            (node,) = (await running.api("GET", "/nodes"))[1]["nodes"]
            assert (node["stations"], node["draining"], node["addresses"]) == (2, False, [f"127.0.0.1:{running.port}"])
            await running.api("POST", "/stations/CP-1/disconnect")
            await closed(stations[1])
            _, away = await running.api("GET", "/stations/CP-1")
            assert (away["connected"], away["vendor"], away["connectors"]) == (False, "Acme", one["connectors"])


async def test_a_translated_station_is_called_in_its_own_version_in_turn(tmp_path: Path) -> None:
    async with csms("ocpp2.0.1").running() as backend:
        async with gateway(tmp_path, configuration(("cloud", backend))) as running:
            station = await running.station()
            await ask(station, [2, "b", "BootNotification", BOOT])
            start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}
            started = (await ask(station, [2, "t", "StartTransaction", start]))[2]
            _, one = await running.api("GET", "/stations/CP-1")
            (transaction,) = one["transactions"]
            assert transaction["station"] == started["transactionId"]
            assert transaction["csms"] == backend.calls("TransactionEvent")[0]["transactionInfo"]["transactionId"]
            assert (one["upstream_subprotocol"], one["vendor"]) == ("ocpp2.0.1", "Acme")
            # The CSMS's own call is in flight: the operator's waits for its answer.
            await backend.send([2, "c", "ClearCache", {}])
            first = json.loads(await station.recv())
            calling = asyncio.create_task(call(running, "CP-1", "UnlockConnector", {"connectorId": 1}))
            await ask(station, [2, "h", "Heartbeat", {}])
            await station.send(json.dumps([3, first[1], {"status": "Accepted"}]))
            second = await answer_next(station, {"status": "Unlocked"})
            assert (first[2], second[2]) == ("ClearCache", "UnlockConnector")
            assert (await calling)[1]["payload"] == {"status": "Unlocked"}
            await backend.wait(lambda: [3, "c", {"status": "Accepted"}] in backend.frames)


async def test_a_station_that_does_not_answer_is_504(tmp_path: Path) -> None:
    async with csms("ocpp1.6").running() as backend:
        config = configuration(("legacy", backend))
        config["backends"]["legacy"]["call_timeout_seconds"] = 0.5
        async with gateway(tmp_path, config) as running:
            station = await running.station()
            calling = asyncio.create_task(call(running, "CP-1", "ClearCache", {}))
            await station.recv()
            status, problem = await calling
            assert (status, problem["reason"]) == (504, "no_answer")
            calling = asyncio.create_task(call(running, "CP-1", "ClearCache", {}))
            await station.recv()
            await station.close()
            assert (await calling)[0] == 504


async def test_who_may_change_what(tmp_path: Path) -> None:
    async with csms("ocpp1.6").running() as backend:
        async with gateway(tmp_path, configuration(("legacy", backend))) as running:
            station = await running.station()
            here = f"127.0.0.1:{running.admin}"
            path = "/stations/CP-1/disconnect"
            assert (await running.api("POST", path, Origin="http://evil.example"))[0] == 403
            for odd in ("null", "http://[", ""):
                assert (await running.api("POST", path, Origin=odd))[0] == 403
            assert (await running.api("GET", "/stations", Host="["))[0] in (400, 403)
            rebound = {"Origin": "http://evil.example", "Host": "evil.example"}
            assert (await running.api("POST", path, **rebound))[0] == 403
            assert (await running.api("GET", "/stations", Host="evil.example"))[0] == 403
            assert (await running.api("GET", path))[0] == 405
            form = {"Content-Type": "text/plain"}
            assert (await running.api("POST", "/stations/CP-1/call", {"action": "ClearCache"}, **form))[0] == 415
            assert (await running.api("GET", "/stations?limit=0"))[0] == 400
            assert (await ask(station, [2, "h", "Heartbeat", {}]))[0] == 3
            assert (await running.api("POST", path, Origin=f"http://{here}"))[0] == 200
            assert (await closed(station))[0] == 1012


async def test_the_token_opens_everything(tmp_path: Path) -> None:
    config = configuration(("legacy", Csms()))
    async with gateway(tmp_path, config, admin={"token": "a token long enough"}) as running:
        assert (await running.api("GET", "/stations"))[0] == 401
        assert (await running.api("GET", "/stations", Authorization="Bearer wrong"))[0] == 401
        assert (await running.api("GET", "/stations", Authorization="Bearer a token long enough"))[0] == 200


async def test_the_description_has_every_operation(tmp_path: Path) -> None:
    async with gateway(tmp_path, configuration(("legacy", Csms()))) as running:
        status, document = await running.api("GET", "/openapi.json")
        assert (status, document["openapi"]) == (200, "3.1.0")
        paths = document["paths"]
        assert set(paths["/api/v1/stations/{id}/call"]) == {"post"}
        assert paths["/api/v1/stations/{id}/call"]["post"]["parameters"][0]["name"] == "id"
        assert {"/api/v1/nodes", "/api/v1/backends", "/api/v1/drain", "/api/v1/reload"} <= set(paths)


async def test_known_stations_that_are_not_connected(tmp_path: Path) -> None:
    stations = tmp_path / "stations.yaml"
    stations.write_text(yaml.safe_dump({"CP-1": {"tags": ["x"]}, "CP-2": {}, "DE-3": {}}))
    async with csms("ocpp1.6").running() as backend:
        async with gateway(tmp_path, configuration(("legacy", backend), stations_file=str(stations))) as running:
            await running.station("/CP-1")
            _, found = await running.api("GET", "/stations?connected=false")
            assert [one["identity"] for one in found["stations"]] == ["cp-2", "de-3"]
            _, found = await running.api("GET", "/stations?connected=false&identity=CP-*")
            assert [one["identity"] for one in found["stations"]] == ["cp-2"]
            status, one = await running.api("GET", "/stations/CP-2")
            assert (status, one["connected"]) == (200, False)


async def test_reload_tells_what_is_wrong_and_drain_ends(tmp_path: Path) -> None:
    config = configuration(("legacy", Csms()))
    async with gateway(tmp_path, config) as running:
        assert (await running.api("POST", "/reload"))[0] == 200
        (tmp_path / "gateway.yaml").write_text(yaml.safe_dump({**config, "oddity": 1}))
        status, problem = await running.api("POST", "/reload")
        assert status == 422
        assert "oddity" in problem["mistakes"][0]
        assert (await running.api("POST", "/drain"))[0] == 202
        async with asyncio.timeout(10):
            assert await running.process.wait() == 0
