from typing import Any

import pytest

from translators import overview

BOOT = {"chargingStation": {"vendorName": "Acme", "model": "Two", "firmwareVersion": "3"}, "reason": "PowerUp"}
NOW = "2026-11-21T10:00:00Z"
LATER = "2026-11-21T11:00:00Z"


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
        "story/status/4/1": {"evseId": 4, "connectorId": 1, "connectorStatus": "Reserved", "timestamp": NOW},
    }
    assert overview.connectors(memory) == [
        {"evse": 2, "connector": 1, "status": "Occupied", "at": NOW},
        {"evse": 4, "connector": 1, "status": "Reserved", "at": NOW},
        {"evse": None, "connector": 1, "status": "Charging", "errorCode": "NoError", "at": NOW},
    ]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"status": "Charging"}, ("Charging", NOW)),  # the same word, and the gateway heard when
        ({"status": "Finishing"}, ("Finishing", None)),
        ({"status": "Finishing", "timestamp": LATER}, ("Finishing", LATER)),
        ({"status": "Preparing", "timestamp": "2026-11-21T09:00:00Z"}, ("Charging", NOW)),
    ],
)
def test_a_connector_is_there_once_with_the_station_s_last_word(
    said: dict[str, Any], shown: tuple[str, str | None]
) -> None:
    memory = {
        # What is left of a translation, when the station's backend has become one that speaks as it does.
        "station/status/1": {"status": "Charging", "errorCode": "NoError", "info": None, "at": NOW},
        "story/status/0/1": {"connectorId": 1, "errorCode": "NoError", **said},
    }
    (one,) = overview.connectors(memory)
    assert (one["status"], one["at"]) == shown


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


def test_the_transactions_of_a_station_whose_backend_speaks_as_it_does() -> None:
    start = {"connectorId": 2, "idTag": "A", "meterStart": 0, "timestamp": NOW}
    memory: dict[str, Any] = {
        "tx/7": {"int": 7, "uuid": "u", "connector": 1, "started": NOW, "waiting": []},  # another backend's
        "story/open/5": {"id": 5, "began": start, "seqNo": 0},
        "story/open/6": {"id": 6, "began": None, "seqNo": 0},
        "number/transactionId/5": {"csms": 50},
    }
    assert overview.transactions("ocpp1.6", "ocpp1.6", memory) == [
        {"station": 5, "csms": 50, "connector": 2, "started": NOW},
        {"station": 6, "csms": 6, "connector": None, "started": None},
    ]
    began = {
        "eventType": "Started",
        "timestamp": NOW,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T"},
        "evse": {"id": 2, "connectorId": 1},
    }
    memory = {"story/open/T": {"id": "T", "began": began, "seqNo": 0}}
    for version in ("ocpp2.0.1", "ocpp2.1"):
        assert overview.transactions("ocpp2.0.1", version, memory) == [
            {"station": "T", "csms": "T", "evse": 2, "connector": 1, "started": NOW}
        ]
