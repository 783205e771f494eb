from typing import Any

from translators import overview
from translators.frames import Call
from translators.passthrough import Passthrough
from translators.quirked import Quirked

BOOT = {"chargingStation": {"vendorName": "Acme", "model": "Two", "firmwareVersion": "3"}, "reason": "PowerUp"}
NOW = "2026-11-21T10:00:00Z"


def test_the_maker_is_found_wherever_a_boot_is_kept() -> None:
    two = {"vendor": "Acme", "model": "Two", "firmware": "3"}
    assert overview.maker({"station/maker": {"vendor": "A", "model": "B", "firmware": ""}}) == {
        "vendor": "A",
        "model": "B",
        "firmware": None,
    }
    assert overview.maker({"station/boot": {"call": BOOT, "at": 0}}) == two
    assert overview.maker({"passthrough/boot": BOOT}) == two
    assert overview.maker({"v21/station/boot": BOOT}) == two
    assert overview.maker({}) == {"vendor": None, "model": None, "firmware": None}


def test_the_connectors_of_every_kind_of_session() -> None:
    memory = {
        "station/status/1": {"status": "Charging", "errorCode": "NoError", "info": None, "at": NOW},
        "station/reported/2.1": {"status": "Occupied", "timestamp": NOW, "since": NOW},
        "v21/station/status/3/1": {"evseId": 3, "connectorId": 1, "connectorStatus": "Faulted", "timestamp": NOW},
    }
    stage = Passthrough("ocpp2.0.1")
    stage.from_station(
        Call(
            "1", "StatusNotification", {"evseId": 4, "connectorId": 1, "connectorStatus": "Reserved", "timestamp": NOW}
        ),
        0,
    )
    inside = Quirked(stage, "ocpp2.0.1", (), {}, translated=False)
    assert overview.connectors(memory, inside) == [
        {"evse": 2, "connector": 1, "status": "Occupied", "at": NOW},
        {"evse": 3, "connector": 1, "status": "Faulted", "at": NOW},
        {"evse": 4, "connector": 1, "status": "Reserved", "at": NOW},
        {"evse": None, "connector": 1, "status": "Charging", "errorCode": "NoError", "at": NOW},
    ]


def test_the_transactions_that_go_on() -> None:
    record: dict[str, Any] = {"int": 7, "uuid": "u", "connector": 1, "started": NOW, "waiting": []}
    memory = {"tx/7": record, "tx/8": {**record, "ended": 1.0}, "tx/9": {**record, "superseded": True}}
    assert overview.transactions("ocpp1.6", "ocpp2.0.1", memory) == [
        {"station": 7, "csms": "u", "connector": 1, "started": NOW}
    ]
    memory = {"tx/u": {"at": NOW, "transactionId": 5, "connector": 1}, "tx/v": {"at": NOW}, "tx/w": {"ended": 1.0}}
    assert overview.transactions("ocpp2.0.1", "ocpp1.6", memory) == [
        {"station": "u", "csms": 5, "connector": 1, "started": NOW},
        {"station": "v", "csms": None, "connector": None, "started": NOW},
    ]
    assert overview.transactions("ocpp1.6", "ocpp1.6", memory) is None
