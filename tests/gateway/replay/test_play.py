"""A station of a capture on a real CSMS."""

import time
from typing import Any

from gateway.replay.capture import Answer, Exchange, Script
from gateway.replay.play import Outcome, Target, play, play_all
from tests.support import Csms

BOOT = {"status": "Accepted", "interval": 10, "currentTime": "t"}


def script(**more: Any) -> Script:
    return Script(
        "CP-1",
        "ocpp1.6",
        [
            Exchange(1, 0.0, "BootNotification", {"chargePointVendor": "A"}, answer=Answer(False, BOOT)),
            Exchange(2, 0.1, "StartTransaction", {"idTag": "[redacted]"}, answer=Answer(False, {"transactionId": 7})),
            Exchange(3, 0.4, "StopTransaction", {"transactionId": 7}, answer=Answer(False, {})),
        ],
        **more,
    )


def answers(frame: list[Any]) -> Any:
    return {"BootNotification": BOOT, "StartTransaction": {"transactionId": 1001}}.get(frame[2], {})


def texts(outcome: Outcome) -> list[str]:
    return [f"{finding.kind} {line} {action}: {finding.text}" for line, action, finding in outcome.findings]


async def test_calls_in_their_order_with_the_csmss_own_numbers() -> None:
    async with Csms(answers).running() as csms:
        began = time.monotonic()
        outcome = await play(script(), Target(csms.url, id_tag="TAG"))
        assert time.monotonic() - began >= 0.4
        assert (texts(outcome), outcome.made, outcome.answered) == ([], 3, 3)
        assert csms.calls("StartTransaction") == [{"idTag": "TAG"}]
        assert csms.calls("StopTransaction") == [{"transactionId": 1001}]
        assert csms.requests[0].path == "/ocpp/CP-1"


async def test_what_it_answers_otherwise_or_not_is_found() -> None:
    def odd(frame: list[Any]) -> Any:
        if frame[2] == "BootNotification":
            return {**BOOT, "status": "Pending"}
        return None if frame[2] == "StartTransaction" else [4, frame[1], "InternalError", "no"]

    async with Csms(odd).running() as csms:
        outcome = await play(script(), Target(csms.url + "/{identity}", speed=0, answer_seconds=0.2))
    assert texts(outcome) == [
        "difference 1 BootNotification: status: Pending, was Accepted",
        "error 2 StartTransaction: no answer",
        "error 3 StopTransaction: CALLERROR InternalError no, was answered",
    ]
    assert (outcome.made, outcome.answered) == (3, 2)


async def test_the_csmss_calls_are_answered_as_they_were() -> None:
    async def asking(frame: list[Any]) -> Any:
        if frame[2] == "StopTransaction":
            for name, action in (("c1", "ClearCache"), ("c2", "Reset"), ("c3", "UnlockConnector")):
                await csms.send([2, name, action, {}])
        return answers(frame)

    error = Answer(True, {"errorCode": "InternalError", "errorDescription": "d", "errorDetails": {}})
    asked = [
        Exchange(4, 0, "ClearCache", {}, answer=Answer(False, {"status": "Accepted"})),
        Exchange(5, 0, "Reset", {}, answer=error),
        Exchange(6, 0, "GetConfiguration", {}, answer=Answer(False, {})),
    ]
    async with Csms(asking).running() as csms:
        outcome = await play(script(asked=asked), Target(csms.url, speed=0, settle_seconds=0.5))
        replies = [frame for frame in csms.frames if frame[0] != 2]
    assert replies == [
        [3, "c1", {"status": "Accepted"}],
        [4, "c2", "InternalError", "d", {}],
        [4, "c3", "NotSupported", "not in the capture", {}],
    ]
    assert texts(outcome) == [
        "difference 0 UnlockConnector: the CSMS asked for UnlockConnector, and the capture has no answer",
        "difference 6 GetConfiguration: the CSMS did not ask for GetConfiguration",
    ]


async def test_a_csms_that_goes_away_or_is_none_is_found() -> None:
    async def leaving(frame: list[Any]) -> Any:
        if frame[2] == "StartTransaction":
            await csms.connections[-1].close(1011, "tired")
            return None
        return answers(frame)

    async with Csms(leaving).running() as csms:
        outcome = await play(script(), Target(csms.url, speed=0))
        assert texts(outcome) == [
            "error 2 StartTransaction: no answer",
            "error 0 connection: the connection ended (1011 tired); 1 calls were not made",
        ]
        csms.refuse = 404
        assert "404" in texts(await play(script(), Target(csms.url)))[0]
    assert texts(await play(script(), Target(csms.url)))[0].startswith("error 0 connect: ")


async def test_texts_that_are_no_frames_and_another_subprotocol_are_found() -> None:
    async def odd(frame: list[Any]) -> Any:
        await csms.send("no frame")
        await csms.send([3, "unknown", {}])
        return answers(frame)

    async with Csms(odd, ("ocpp2.0.1",)).running() as csms:
        told: list[Outcome] = []
        (outcome,) = await play_all([script()], Target(csms.url, subprotocol="ocpp2.0.1", speed=0), told.append)
        assert told == [outcome]
        assert texts(outcome) == ["error 0 frame: it sent what is no frame: no frame"] * 3
        assert csms.requests[0].headers["Sec-WebSocket-Protocol"] == "ocpp2.0.1"
