"""The simulators directly against each other, in one version, on real sockets."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from ocpp.v16 import call as call16
from ocpp.v201 import call as call201
from websockets.exceptions import InvalidStatus

from gateway.demo.csms16 import Csms16
from gateway.demo.csms201 import Csms201
from gateway.demo.meter import Meter
from gateway.demo.peer import Clock
from gateway.demo.station import alive, dial
from gateway.demo.station16 import Station16
from gateway.demo.station201 import Station201
from gateway.demo.wire import Tape

IDENTITY = "DEMO-1"


@asynccontextmanager
async def pair(station_class, csms_class):
    clock, tape = Clock(), Tape("station")
    csms = csms_class(clock, passwords={IDENTITY: "open sesame"})
    async with (
        csms.listening() as url,
        dial(url, IDENTITY, tape, subprotocol=csms.subprotocol, password="open sesame") as tap,
        alive(station_class(IDENTITY, tap, clock, Meter(120_500, [11_000, 9_600]))) as station,
    ):
        yield station, csms, tape


async def until(csms, action, times=1):
    async with asyncio.timeout(5):
        while len(csms.tape.calls(action)) < times:
            await asyncio.sleep(0.01)


def story(tape):
    """The station's calls in order, without the payload."""
    return [frame.action for frame in tape.frames if frame.kind == "call"]


async def test_a_charge_in_1_6():
    async with pair(Station16, Csms16) as (station, csms, tape):
        charge = asyncio.create_task(station.charge("04A1B2C3"))
        await until(csms, "MeterValues", 3)
        assert await csms.remote_stop(IDENTITY, 1) == "Rejected"
        assert await csms.remote_stop(IDENTITY, station.transaction_id) == "Accepted"
        await charge
        await station.unplug()
        assert story(tape) == (
            ["BootNotification", "StatusNotification", "StatusNotification", "Heartbeat", "Authorize"]
            + ["StatusNotification", "StartTransaction", "StatusNotification"]
            + ["MeterValues"] * 3
            + ["RemoteStopTransaction"] * 2
            + ["StopTransaction", "StatusNotification", "StatusNotification"]
        )
        bill = csms.bills[station.transaction_id]
        # 10 minutes at 11 kW, 20 at 9.6 kW.
        assert bill.kwh == pytest.approx(1.833 + 3.2)
        assert bill.kwh * 1000 == station.meter.delivered_wh


async def test_a_charge_in_2_0_1():
    async with pair(Station201, Csms201) as (station, csms, tape):
        charge = asyncio.create_task(station.charge())
        await until(csms, "TransactionEvent")
        assert await csms.remote_start(IDENTITY, "APP-7", 1) == "Accepted"
        await until(csms, "TransactionEvent", 6)
        assert await csms.remote_stop(IDENTITY, "another") == "Rejected"
        assert await csms.remote_stop(IDENTITY, station.transaction_id) == "Accepted"
        await charge
        await station.unplug()
        assert story(tape) == (
            ["BootNotification", "StatusNotification", "StatusNotification", "Heartbeat", "StatusNotification"]
            + ["TransactionEvent", "RequestStartTransaction", "Authorize", "TransactionEvent"]
            + ["TransactionEvent"] * 4
            + ["RequestStopTransaction"] * 2
            + ["TransactionEvent", "StatusNotification"]
        )
        bill = csms.bills[station.transaction_id]
        assert bill.kwh * 1000 == station.meter.delivered_wh
        assert bill.seq_nos == list(range(7))
        assert bill.ended
        started = csms.tape.calls("TransactionEvent")[1].payload
        assert started["triggerReason"] == "RemoteStart"
        assert started["transactionInfo"]["remoteStartId"] == station.remote_start_id


async def test_a_card_starts_a_2_0_1_charge_and_a_refused_one_does_not():
    async with pair(Station201, Csms201) as (station, csms, _):
        csms.refused_tokens.add("BAD")
        with pytest.raises(Exception, match="Authorize was answered Invalid"):
            await station.charge(token={"id_token": "BAD", "type": "ISO14443"})


async def test_what_a_gateway_may_ask_after_the_boot():
    async with pair(Station201, Csms201) as (station, csms, _):
        await station.heartbeat()
        start_point = {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}}
        stop_point = {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStopPoint"}}
        nothing = {"component": {"name": "TxCtrlr"}, "variable": {"name": "Nothing"}}
        change = [{**what, "attribute_value": "PowerPathClosed"} for what in (start_point, stop_point, nothing)]
        answer = await csms.call(IDENTITY, call201.SetVariables(set_variable_data=change))
        statuses = [result["attribute_status"] for result in answer.set_variable_result]
        assert statuses == ["Rejected", "Accepted", "UnknownVariable"]
        answer = await csms.call(IDENTITY, call201.GetVariables(get_variable_data=[start_point, stop_point]))
        values = [result["attribute_value"] for result in answer.get_variable_result]
        assert values == ["EVConnected", "PowerPathClosed"]
        await csms.call(IDENTITY, call201.GetBaseReport(request_id=9, report_base="FullInventory"))
        await until(csms, "NotifyReport")
        assert csms.tape.calls("NotifyReport")[0].payload["requestId"] == 9


async def test_configuration_of_the_1_6_station():
    async with pair(Station16, Csms16) as (station, csms, _):
        await station.heartbeat()
        answer = await csms.call(IDENTITY, call16.GetConfiguration(key=["NumberOfConnectors", "Colour"]))
        assert answer.configuration_key == [{"key": "NumberOfConnectors", "value": "1", "readonly": True}]
        assert answer.unknown_key == ["Colour"]


async def test_wrong_credentials_are_refused():
    csms = Csms16(Clock(), passwords={IDENTITY: "open sesame"})
    async with csms.listening() as url:
        for identity, password in ((IDENTITY, "wrong"), ("DEMO-2", "open sesame"), (IDENTITY, None)):
            with pytest.raises(InvalidStatus, match="401"):
                async with dial(url, identity, Tape("station"), subprotocol="ocpp1.6", password=password):
                    pass
