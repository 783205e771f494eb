"""Same version on both sides: the text to the byte, one call in flight each way, the rules of weather."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.support import Csms, ask, closed, configuration, free_port, gateway

TEXTS = [
    '[2,"1","Heartbeat",{}]',
    ' [2 ,\n\t"2", "Heartbeat" , { } ] ',
    '[2,"1000201","StartTransaction",{"connectorId":1,"timestamp":"2026-11-21T10:00:00.000Z","idTag":"04A1B2C3"}]',
    '[2,"x","MeterValues",{"connectorId":1,"limit":21.40,"limit":21.4,"é":"\\u00e9ä","n":12345678901234567890}]',
    '[2,"' + "9" * 37 + '","Vendor.Unknown",{"deep":[[[[{"a":null}]]]]}]',
]


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_the_text_is_untouched_both_ways(tmp_path: Path, version: str, loop: str) -> None:
    async with Csms(subprotocols=(version,)).running() as csms:
        async with gateway(tmp_path, configuration(("same", csms)), tls=True, loop=loop) as running:
            ws = await running.station(subprotocol=version)
            csms.answer = lambda frame: None
            for text in TEXTS:
                await ws.send(text)
                await csms.wait(lambda text=text: csms.texts and csms.texts[-1] == text)
                answer = f'[3 , "{json.loads(text)[1]}" ,{{"x": 1.10, "x":2}}]'
                await csms.send(answer)
                assert await ws.recv() == answer
                await csms.send(text)
                assert await ws.recv() == text
                await ws.send(answer)
                await csms.wait(lambda answer=answer: csms.texts[-1] == answer)
            await ws.close()
            series = f'ocpp_gateway_messages_total{{action="Heartbeat",direction="from_station",subprotocol="{version}",type="call"}}'
            assert await running.metric(series) == 2
            assert await running.metric('ocpp_gateway_forward_duration_seconds_count{direction="from_csms"}') == 10


async def test_pipelined_calls_reach_the_backend_one_at_a_time(tmp_path: Path) -> None:
    async with Csms(answer=lambda frame: None).running() as csms:
        async with gateway(tmp_path, configuration(("same", csms))) as running:
            ws = await running.station()
            for number in range(3):
                await ws.send(json.dumps([2, f"c{number}", "Heartbeat", {}]))
            await ws.send('[2,"c2","Heartbeat",{}]'.replace(",", ", ", 1))
            for number in range(3):
                await csms.wait(lambda number=number: len(csms.texts) == number + 1)
                await asyncio.sleep(0.1)
                assert [frame[1] for frame in csms.frames] == [f"c{n}" for n in range(number + 1)]
                await csms.send([3, f"c{number}", {"currentTime": "2026-11-21T10:00:00Z"}])
                assert json.loads(await ws.recv())[1] == f"c{number}"
            await ws.close()


async def test_both_directions_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with Csms(answer=lambda frame: None).running() as csms:
        async with gateway(tmp_path, configuration(("same", csms))) as running:
            ws = await running.station()
            await csms.send([2, "same-id", "UnlockConnector", {"connectorId": 1}])
            assert json.loads(await ws.recv())[2] == "UnlockConnector"
            await ws.send('[2,"same-id","StatusNotification",{}]')
            await csms.wait(lambda: len(csms.texts) == 1)
            await csms.send([3, "same-id", {"for": "the station"}])
            assert json.loads(await ws.recv()) == [3, "same-id", {"for": "the station"}]
            await ws.send('[3,"same-id",{"status":"Unlocked"}]')
            await csms.wait(lambda: csms.frames[-1] == [3, "same-id", {"status": "Unlocked"}])
            await ws.close()


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_an_answer_of_the_station_that_is_too_late_goes_to_nobody(tmp_path: Path, version: str) -> None:
    """Neither to the CSMS, which has heard that there was none, nor to the call that came after it."""
    called = {"ocpp1.6": ("ClearCache", "GetLocalListVersion"), "ocpp2.0.1": ("ClearCache", "GetLocalListVersion")}
    async with Csms(subprotocols=(version,)).running() as csms:
        config = configuration(("only", csms))
        config["backends"]["only"]["call_timeout_seconds"] = 0.5
        async with gateway(tmp_path, config) as running:
            ws = await running.station()
            first, second = called[version]
            await csms.send([2, "first", first, {}])
            late = json.loads(await ws.recv())
            await csms.wait(lambda: [frame for frame in csms.frames if frame[:2] == [4, "first"]])
            await csms.send([2, "second", second, {}])
            now = json.loads(await ws.recv())
            await ws.send(json.dumps([3, late[1], {"status": "Accepted"}]))
            await ws.send(json.dumps([3, now[1], {"listVersion": 7}]))
            answer = await csms.wait(lambda: [frame for frame in csms.frames if frame[1] == "second"])
            assert list(answer[0][2].values()) == [7]
            assert [frame[:2] for frame in csms.frames if frame[1] == "first"] == [[4, "first"]]
            assert await running.metric('ocpp_gateway_unmatched_answers_total{peer="station",reason="late"}') == 1
            await ws.close()


async def test_silence_of_the_backend(tmp_path: Path) -> None:
    async with Csms(answer=lambda frame: None).running() as csms:
        config = configuration(("same", csms))
        config["backends"]["same"]["call_timeout_seconds"] = 0.5
        async with gateway(tmp_path, config) as running:
            ws = await running.station()
            assert (await ask(ws, [2, "h", "Heartbeat", {}]))[:3] == [4, "h", "InternalError"]
            await csms.send([3, "h", {"late": True}])
            await ws.send('[2,"i","Heartbeat",{}]')
            assert json.loads(await ws.recv())[:2] == [4, "i"]
            assert await running.metric('ocpp_gateway_unmatched_answers_total{peer="csms",reason="late"}') == 1
            start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}
            await ws.send(json.dumps([2, "s", "StartTransaction", start]))
            assert (await closed(ws))[0] == 1012
            assert await running.metric('ocpp_gateway_withheld_answers_total{action="StartTransaction"}') == 1


async def test_silence_of_the_station(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("same", csms))
        config["backends"]["same"]["call_timeout_seconds"] = 0.5
        async with gateway(tmp_path, config) as running:
            ws = await running.station()
            await csms.send([2, "r", "Reset", {"type": "Soft"}])
            await csms.wait(lambda: csms.frames and csms.frames[-1][:3] == [4, "r", "InternalError"])
            await ws.close()


async def test_a_backend_that_asks_too_much_is_told(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        async with gateway(tmp_path, configuration(("same", csms), limits={"queue_calls": 2})) as running:
            ws = await running.station()
            for number in range(5):
                await csms.send([2, f"q{number}", "ClearCache", {}])
            await csms.wait(lambda: len(csms.texts) == 2)
            assert [(frame[0], frame[1], frame[2]) for frame in csms.frames] == [
                (4, "q3", "InternalError"),
                (4, "q4", "InternalError"),
            ]
            for number in range(3):
                assert json.loads(await ws.recv())[1] == f"q{number}"
                await ws.send(json.dumps([3, f"q{number}", {"status": "Accepted"}]))
            await csms.wait(lambda: len(csms.texts) == 5)
            await ws.close()


async def test_both_sides_end_together(tmp_path: Path) -> None:
    config = configuration(("same", csms := Csms()))
    config["backends"]["same"]["when_down"] = "close"
    async with csms.running(), gateway(tmp_path, config) as running:
        ws = await running.station()
        await ws.close(1000, "done")
        await csms.wait(lambda: csms.closes == [1000], 1)
        ws = await running.station()
        ws.transport.abort()
        await csms.wait(lambda: len(csms.closes) == 2, 1)
        ws = await running.station()
        await csms.connections[-1].close(1001, "bye")
        assert (await closed(ws))[0] == 1012
        await csms.wait(lambda: len(csms.closes) == 3)
        assert await running.metric('ocpp_gateway_stations_connected{backend="same",subprotocol="ocpp1.6"}') == 0
        assert await running.metric('ocpp_gateway_backend_connections{backend="same"}') == 0


async def test_a_newer_connection_takes_over(tmp_path: Path) -> None:
    async with Csms().running() as csms, gateway(tmp_path, configuration(("same", csms))) as running:
        first = await running.station("/CP-1")
        second = await running.station("/cp-1")
        assert (await closed(first))[0] == 1008
        assert await ask(second, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
        storm = await asyncio.gather(*(running.station("/CP-1") for _ in range(10)), return_exceptions=True)
        await asyncio.sleep(0.3)
        alive = []
        for ws in storm:
            if not isinstance(ws, BaseException):
                try:
                    await ask(ws, [2, "a", "Heartbeat", {}], 1)
                    alive.append(ws)
                except Exception:
                    pass
        assert len(alive) == 1
        connected = 'ocpp_gateway_stations_connected{backend="same",subprotocol="ocpp1.6"}'
        async with asyncio.timeout(5):
            while await running.metric(connected) != 1:  # the last that was replaced may be about to close
                await asyncio.sleep(0.05)
        assert len(csms.connections) - len(csms.closes) == 1
        await alive[0].close()


async def test_a_silent_peer_is_noticed(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        limits = {"ping_seconds": 0.4, "pong_seconds": 0.4}
        async with gateway(tmp_path, configuration(("same", csms), limits=limits)) as running:
            ws = await running.station()
            await asyncio.sleep(1.5)
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            ws.transport.pause_reading()
            await csms.wait(lambda: len(csms.closes) == 1, 3)
            ws.transport.abort()
            ws = await running.station()
            csms.connections[-1].transport.pause_reading()
            await csms.wait(lambda: len(csms.connections) == 3, 3)
            assert await ask(ws, [2, "b", "Heartbeat", {}]) == [3, "b", {}]
            await ws.close()


async def test_drain_lets_stations_go_and_a_reload_does_not(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configuration(("same", csms))
        async with gateway(tmp_path, config, tls=True) as running:
            stations = [await running.station(f"/CP-{number}") for number in range(5)]
            running.process.send_signal(signal.SIGHUP)
            await csms.wait(lambda: running.events("reloaded"))
            assert await ask(stations[0], [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            await asyncio.sleep(0.1)
            async with await running.station("/CP-9") as ws:
                assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            path = tmp_path / "gateway.yaml"
            good = path.read_text()
            path.write_text(good + "typo: 1\n")
            running.process.send_signal(signal.SIGHUP)
            await csms.wait(lambda: running.events("reload_refused"))
            path.write_text(good)
            assert await ask(stations[0], [2, "b", "Heartbeat", {}]) == [3, "b", {}]
            running.process.send_signal(signal.SIGTERM)
            for ws in stations:
                assert (await closed(ws))[0] == 1012
            await asyncio.wait_for(running.process.wait(), 10)
            assert running.process.returncode == 0


async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    async with (
        Csms(answer=lambda frame: None).running() as csms,
        gateway(tmp_path, configuration(("same", csms))) as running,
    ):
        ws = await running.station()
        # A call at work, and a station that will not say goodbye.
        await ws.send('[2,"a","Heartbeat",{}]')
        await csms.wait(lambda: csms.texts)
        ws.transport.pause_reading()
        running.process.send_signal(signal.SIGTERM)
        await csms.wait(lambda: running.events("drain_began"))
        assert running.process.returncode is None
        running.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(running.process.wait(), 5)
        ws.transport.abort()


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_signals_until_the_end_do_not_kill_it(tmp_path: Path, loop: str) -> None:
    async with (
        Csms().running() as csms,
        gateway(tmp_path, configuration(("same", csms)), loop=loop) as running,
    ):
        async with await running.station():
            async with asyncio.timeout(20):
                while running.process.returncode is None:
                    for name in (signal.SIGTERM, signal.SIGHUP):
                        with suppress(ProcessLookupError):
                            os.kill(running.process.pid, name)
                    await asyncio.sleep(0.002)
        assert running.process.returncode == 0


async def test_not_ready_while_draining(tmp_path: Path) -> None:
    async with (
        Csms(answer=lambda frame: None).running() as csms,
        gateway(tmp_path, configuration(("same", csms))) as running,
    ):
        ws = await running.station()
        await ws.send('[2,"a","Heartbeat",{}]')
        await csms.wait(lambda: csms.texts)
        running.process.send_signal(signal.SIGTERM)
        await csms.wait(lambda: running.events("drain_began"))
        status, body = await running.get("/readyz")
        assert (status, json.loads(body)["reasons"]) == (503, ["draining"])
        assert (await running.get("/livez"))[0] == 200
        await csms.send([3, "a", {"currentTime": "2026-11-21T10:00:00Z"}])
        assert json.loads(await ws.recv())[:2] == [3, "a"]
        assert (await closed(ws))[0] == 1012


async def test_a_listener_more_or_less_does_not_break_the_reload(tmp_path: Path) -> None:
    async with Csms().running() as csms, gateway(tmp_path, configuration(("same", csms)), tls=True) as running:
        path = tmp_path / "gateway.yaml"
        one = path.read_text()
        two = one.replace("listeners:\n", f"listeners:\n- bind: 127.0.0.1:{free_port()}\n  auth: none\n")
        assert two != one
        for number, text in enumerate((two, one, two), 1):
            path.write_text(text)
            running.process.send_signal(signal.SIGHUP)
            await csms.wait(lambda number=number: len(running.events("reloaded")) == number)
        assert len(running.events("reload_needs_restart")) == 2
        async with await running.station() as ws:
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]


async def test_who_comes_while_it_drains_is_told_when_to_come_back(tmp_path: Path) -> None:
    async with (
        Csms(answer=lambda frame: None).running() as csms,
        gateway(tmp_path, configuration(("same", csms))) as running,
    ):
        ws = await running.station()
        await ws.send('[2,"a","Heartbeat",{}]')
        await csms.wait(lambda: csms.texts)
        running.process.send_signal(signal.SIGTERM)
        await csms.wait(lambda: running.events("drain_began"))
        with pytest.raises(InvalidStatus) as caught:
            await running.station("/CP-2")
        assert caught.value.response.status_code == 503
        assert caught.value.response.headers["Retry-After"]
        assert caught.value.response.headers["Server"] == "ocpp-gateway"
        await csms.send([3, "a", {"currentTime": "2026-11-21T10:00:00Z"}])
        assert (await closed(ws))[0] == 1012
