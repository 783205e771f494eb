"""Peers that play with message ids, and JSON that reads differently to different readers."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests import minimal
from tests.support import Csms, ask, configuration, gateway, read, rss
from translators import schemas

LIMITS = {"frames_per_second": 1_000_000, "connects_per_second": 10_000}
AT = "2026-11-21T10:00:00Z"

PASSED_ON = [
    '[2,"p0","DataTransfer",{"vendorId":"x","data":"1","data":"2"}]',
    '[2,"p1","DataTransfer",{"vendorId":"x","n":1.10,"m":-0,"o":1E5,"e":1e400}]',
    '[2,"p2","DataTransfer",{"vendorId":"x","n":' + "9" * 5000 + "}]",
    ' [ 2 ,\t"p3","DataTransfer" , {"vendorId" : "x"} ]\n',
    '\ufeff[2,"p4","DataTransfer",{"vendorId":"x"}]',
    '[2,"p5","DataTransfer",{"vendorId":"x","data":"\\u0000\\/\\u00e9é👋"}]',
    '[2,"p6","DataTransfer",{' + ",".join(f'"k{n}":{n}' for n in range(10_000)) + "}]",
    '[2,"p7","DataTransfer",{"vendorId":"x","data":"' + "y" * 1_000_000 + '"}]',
    '[2,"p8","DataTransfer",{"vendorId":"x","data":' + "[" * 200 + "]" * 200 + "}]",
    f'[2,"{"i" * 200}","DataTransfer",{{"vendorId":"x"}}]',
    '[2,"\\u0070\\u0031\\u0030","DataTransfer",{"vendorId":"x"}]',
    '[2,"p11","NoSuch-Signed",{"payload":"eyJ","signatures":[{"protected":"eyJ","signature":"x.y"}]}]',
    '[2,"p12","__proto__",{"__proto__":{"x":1},"constructor":null}]',
]
REFUSED = [
    '[2,"r0","DataTransfer",{"x":NaN}]',
    '[2,"r1","DataTransfer",{"x":Infinity}]',
    '[2,"r2","DataTransfer",{"x":"\\ud800"}]',
    '[2,"r3","DataTransfer",{"x":"\x00"}]',
    '[2,"r4","DataTransfer",{"x":01}]',
    '[2,"r5","DataTransfer",{\'x\':1}]',
    '[2,"r6","DataTransfer",{"x":1,}]',
    '[2,"r7","DataTransfer",{"x":' + "[" * 100_000 + "]" * 100_000 + "}]",
    '[2,"r8","DataTransfer",{}] [2,"r9","Heartbeat",{}]',
    '[2,"r9","DataTransfer",{}]//',
]


async def test_odd_json_goes_on_to_the_octet_or_not_at_all(tmp_path: Path) -> None:
    """From the station and from the CSMS alike, a hundred times in a row."""
    config_limits = {**LIMITS, "max_frame_bytes": 2_000_000}
    async with Csms(lambda frame: {"status": "Accepted"}).running() as csms:
        async with gateway(tmp_path, configuration(("only", csms), limits=config_limits)) as running:
            ws = await running.station()
            for text in PASSED_ON:
                await ws.send(text)
                assert json.loads(await asyncio.wait_for(ws.recv(), 5))[0] == 3
            assert csms.texts == PASSED_ON
            for text in REFUSED * 10:
                await ws.send(text)
                assert json.loads(await asyncio.wait_for(ws.recv(), 5))[0] == 4, text[:80]
            assert csms.texts == PASSED_ON
            for number, text in enumerate(PASSED_ON):
                await csms.send(text)
                assert await asyncio.wait_for(ws.recv(), 5) == text
                answer = json.dumps([3, read(text)[1], {"n": number}])
                await ws.send(answer)
                await csms.wait(lambda answer=answer: answer in csms.texts)
            for text in REFUSED:
                count = len(csms.texts)
                await csms.send(text)
                await csms.wait(lambda count=count: len(csms.texts) > count)
                assert csms.frames[-1][0] == 4, text[:80]
            assert (await ask(ws, [2, "end", "Heartbeat", {}]))[:2] == [3, "end"], "nothing of it was passed on"
            await ws.close()


@pytest.mark.parametrize("csms_version", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_flood_of_answers_to_nothing(tmp_path: Path, csms_version: str) -> None:
    def answer(frame: list[Any]) -> Any:
        return minimal.answer(csms_version, frame[2])

    async with Csms(answer, (csms_version,)).running() as csms:
        async with gateway(tmp_path, configuration(("only", csms), limits=LIMITS)) as running:
            ws = await running.station()
            flood = ['[3,"nobody-%d",{}]', '[4,"nobody-%d","InternalError","",{}]']
            for number in range(2000):
                await ws.send(flood[number % 2] % number)
            assert (await ask(ws, [2, "a", "Heartbeat", {}], 20))[0] == 3
            before = rss(running.process.pid)
            for number in range(100_000):
                await ws.send(flood[number % 2] % number)
            assert (await ask(ws, [2, "b", "Heartbeat", {}], 40))[0] == 3
            assert rss(running.process.pid) - before < 8 * 1024
            counted = 'ocpp_gateway_unmatched_answers_total{peer="station",reason="unknown"}'
            assert await running.metric(counted) == 102_000
            assert not any("nobody" in text for text in csms.texts)
            assert len(running.log) < 100
            await ws.close()


async def test_an_answer_settles_the_call_it_was_asked_for_and_no_other(tmp_path: Path) -> None:
    async with Csms(lambda frame: {"currentTime": AT}).running() as csms:
        async with gateway(tmp_path, configuration(("only", csms), limits=LIMITS)) as running:
            one = await running.station("/ONE")
            two = await running.station("/TWO")
            to_one, to_two = csms.connections
            await to_one.send('[2,"shared","ClearCache",{}]')
            assert json.loads(await one.recv())[1] == "shared"
            # Another station answers; then the right one, twice.
            await two.send('[3,"shared",{"status":"Rejected","by":"two"}]')
            assert (await ask(two, [2, "t", "Heartbeat", {}]))[0] == 3
            for text in ('[3,"shared",{"status":"Accepted"}]', '[3,"shared",{"status":"Rejected"}]'):
                await one.send(text)
            # The same id the other way round is another call.
            assert (await ask(one, [2, "shared", "Heartbeat", {}]))[0] == 3
            # And used again, after it was answered, yet another one.
            await to_one.send('[2,"shared","ClearCache",{"again":1}]')
            assert json.loads(await one.recv())[3] == {"again": 1}
            await one.send('[3,"shared",{"status":"Accepted","again":1}]')
            await csms.wait(lambda: sum('"again"' in text for text in csms.texts))
            answers = [frame[2] for frame in csms.frames if frame[0] == 3]
            assert answers == [{"status": "Accepted"}, {"status": "Accepted", "again": 1}]
            counted = 'ocpp_gateway_unmatched_answers_total{peer="station",reason="unknown"}'
            assert await running.metric(counted) == 2
            await to_two.close()
            await one.close()


async def test_a_station_cannot_touch_another_ones_transaction(tmp_path: Path) -> None:
    """Transaction ids that are guessed: what a station says of a number that is not its own is never said of the
    transaction that it belongs to."""

    def answer(frame: list[Any]) -> Any:
        return minimal.answer("ocpp2.0.1", frame[2])

    async with Csms(answer, ("ocpp2.0.1",)).running() as csms:
        async with gateway(tmp_path, configuration(("cloud", csms), limits=LIMITS)) as running:
            victim, thief = await running.station("/VICTIM"), await running.station("/THIEF")
            start = {"connectorId": 1, "idTag": "04A1", "meterStart": 0, "timestamp": AT}
            started = await ask(victim, [2, "v", "StartTransaction", start])
            number = started[2]["transactionId"]
            (of_victim,) = {event["transactionInfo"]["transactionId"] for event in csms.calls("TransactionEvent")}
            before = len(csms.texts)
            for guess in (number, number - 1, number + 1, 1, 0, -1):
                stop = {"transactionId": guess, "meterStop": 5, "timestamp": AT, "idTag": "04A1"}
                sampled = [{"timestamp": AT, "sampledValue": [{"value": "7"}]}]
                values = {"connectorId": 1, "transactionId": guess, "meterValue": sampled}
                assert (await ask(thief, [2, f"m{guess}", "MeterValues", values]))[0] in (3, 4)
                assert (await ask(thief, [2, f"s{guess}", "StopTransaction", stop]))[0] in (3, 4)
            assert not any(of_victim in text for text in csms.texts[before:])
            assert all(
                schemas.valid("ocpp2.0.1", frame[2], frame[3], answer=False) for frame in csms.frames if frame[0] == 2
            )
            # The victim's goes on and ends as its own.
            stop = {"transactionId": number, "meterStop": 5, "timestamp": AT}
            assert (await ask(victim, [2, "w", "StopTransaction", stop]))[0] == 3
            assert csms.calls("TransactionEvent")[-1]["transactionInfo"]["transactionId"] == of_victim
            await victim.close()
            await thief.close()
