"""What the lanes show, from the frames of both wires."""

import io
import json

import pytest
from rich.console import Console

from gateway.demo.lanes import Lanes
from gateway.demo.wire import Tape


class Wires:
    def __init__(self, width=100):
        self.out = io.StringIO()
        self.lanes = Lanes(Console(file=self.out, width=width, highlight=False, soft_wrap=True))
        self.tapes = {"station": Tape("station"), "csms": Tape("csms")}
        for tape in self.tapes.values():
            tape.listen(self.lanes.frame)

    def play(self, script):
        """`station> frame` was sent by it, `>station frame` was received."""
        for line in script.strip().splitlines():
            who, _, frame = line.strip().partition(" ")
            json.loads(frame)
            self.tapes[who.strip(">")].note("DEMO-1", frame, sent=who.endswith(">"))

    @property
    def shown(self):
        return [line[7:].split() for line in self.out.getvalue().splitlines()]


@pytest.fixture
def wires():
    return Wires()


def test_a_call_and_what_it_becomes_share_a_line_and_so_do_their_answers(wires):
    wires.play("""
        station> [2,"a","TransactionEvent",{"eventType":"Updated","triggerReason":"RemoteStart","seqNo":1,"transactionInfo":{"transactionId":"u"},"idToken":{"idToken":"APP","type":"Central"}}]
        >csms [2,"x","StartTransaction",{"connectorId":1,"idTag":"APP","meterStart":2000,"timestamp":"2026-11-21T10:02:00Z"}]
        csms> [3,"x",{"transactionId":5512,"idTagInfo":{"status":"Accepted"}}]
        >station [3,"a",{"idTokenInfo":{"status":"Accepted"}}]
    """)
    assert wires.shown == [
        ["TransactionEvent", "Updated", "RemoteStart", "APP", "─────────▶", "StartTransaction", "2.000", "kWh", "APP", "conn", "1"],
        ["Accepted", "◁╌╌╌╌╌╌╌╌╌", "Accepted", "tx", "5512"],
    ]  # fmt: skip


def test_a_call_of_the_csms_points_left(wires):
    wires.play("""
        csms> [2,"x","RemoteStopTransaction",{"transactionId":5512}]
        >station [2,"g","RequestStopTransaction",{"transactionId":"7f3f0a5e-6a0c-5c7e-9d53-2f6f5b1a9c11"}]
        station> [3,"g",{"status":"Accepted"}]
        >csms [3,"x",{"status":"Accepted"}]
    """)
    assert wires.shown == [
        ["RequestStopTransaction", "tx", "7f3f0a5e…", "◀─────────", "RemoteStopTransaction", "tx", "5512"],
        ["Accepted", "╌╌╌╌╌╌╌╌╌▷", "Accepted"],
    ]


def test_what_the_gateway_does_by_itself(wires):
    wires.play("""
        >station [2,"g","SetVariables",{"setVariableData":[{"attributeValue":"A","component":{"name":"TxCtrlr"},"variable":{"name":"TxStartPoint"}}]}]
        station> [3,"g",{"setVariableResult":[{"attributeStatus":"Rejected","component":{"name":"TxCtrlr"},"variable":{"name":"TxStartPoint"}}]}]
        station> [2,"a","StatusNotification",{"timestamp":"2026-11-21T10:00:02Z","connectorStatus":"Available","evseId":1,"connectorId":1}]
        >csms [2,"h","StatusNotification",{"connectorId":0,"errorCode":"NoError","status":"Available"}]
        csms> [3,"h",{}]
        >csms [2,"i","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]
        csms> [3,"i",{}]
        >station [3,"a",{}]
        station> [2,"b","NotifyReport",{"requestId":1,"generatedAt":"2026-11-21T10:00:02Z","seqNo":0}]
        >station [3,"b",{}]
    """)
    assert wires.shown == [
        ["SetVariables", "TxStartPoint", "◀─", "gateway"],
        ["Rejected", "╌▷", "gateway"],
        ["gateway", "─▶", "StatusNotification", "0", "Available"],
        ["StatusNotification", "1/1", "Available", "─────────▶", "StatusNotification", "1", "Available"],
        ["NotifyReport", "─▶", "gateway"],
    ]


def test_one_call_may_become_two(wires):
    wires.play("""
        station> [2,"a","TransactionEvent",{"eventType":"Ended","triggerReason":"RemoteStop","seqNo":1,"transactionInfo":{"transactionId":"u"}}]
        >csms [2,"x","StopTransaction",{"transactionId":5512,"meterStop":9000,"timestamp":"2026-11-21T10:02:00Z"}]
        csms> [3,"x",{}]
        >csms [2,"y","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Finishing"}]
        csms> [3,"y",{}]
        >station [3,"a",{}]
    """)
    assert wires.shown[1] == ["└─────▶", "StatusNotification", "1", "Finishing"]
    assert len(wires.shown) == 2


def test_a_call_error_is_shown(wires):
    wires.play("""
        station> [2,"a","Heartbeat",{}]
        >csms [2,"x","Heartbeat",{}]
        csms> [4,"x","InternalError","tired",{}]
        >station [4,"a","InternalError","tired",{}]
    """)
    assert wires.shown[1] == [
        "CALLERROR",
        "InternalError",
        "tired",
        "◁╌╌╌╌╌╌╌╌╌",
        "CALLERROR",
        "InternalError",
        "tired",
    ]


@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_no_line_is_wider_than_the_terminal(width):
    wires = Wires(width)
    wires.play("""
        station> [2,"a","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"A manufacturer with a name as long as it may be","model":"Charging Station Two"}}]
        >csms [2,"x","BootNotification",{"chargePointVendor":"A manufacturer with ","chargePointModel":"Charging Station Two"}]
    """)
    assert max(len(line) for line in wires.out.getvalue().splitlines()) <= min(width, 150)
    assert "\x1b" not in wires.out.getvalue()
