"""A CSMS that comes back under a session that went on hears who the station is, before anything else."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from gateway.switchboard import Switchboard
from translators.effects import Effect, Note, ToCsms
from translators.frames import Call, Error, Result
from translators.links import between, is_shared
from translators.options import Options

BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "v", "model": "m"}}
STATUS = {"timestamp": "2026-11-21T10:00:00Z", "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
ACCEPTED = {"currentTime": "2026-11-21T10:00:00Z", "interval": 300, "status": "Accepted"}
PAIRS = [("ocpp2.0.1", "ocpp2.1"), ("ocpp2.1", "ocpp2.0.1")]


def board(station: str, csms: str, memory: dict[str, Any]) -> Switchboard:
    ids = count(1)
    stage = between(
        station,
        csms,
        options=Options(),
        memory=memory,
        new_id=lambda: f"g{next(ids)}",
        connected_at=0.0,
        epoch=0.0,
    )
    return Switchboard(stage, station_version=station, csms_version=csms)


def asked(effects: list[Effect]) -> list[Call]:
    return [effect.frame for effect in effects if isinstance(effect, ToCsms) and isinstance(effect.frame, Call)]


def told(one: Switchboard, action: str, payload: dict[str, Any], answer: dict[str, Any], now: float) -> None:
    [call] = asked(one.from_station(Call(f"s{now}", action, payload), now))
    one.from_csms(Result(call.message_id, answer), now)


@pytest.mark.parametrize(("station", "csms"), PAIRS)
def test_boot_and_statuses_are_told_again(station: str, csms: str) -> None:
    memory: dict[str, Any] = {}
    one = board(station, csms, memory)
    told(one, "BootNotification", BOOT, ACCEPTED, 1)
    told(one, "StatusNotification", STATUS, {}, 2)
    assert all(is_shared(key) for key in memory if key.startswith("v21/"))
    [waiting] = asked(one.from_station(Call("s3", "Heartbeat", {}), 3))
    one.hold_csms()
    [boot] = asked(one.resume_csms(4))[:1]
    assert (boot.action, boot.payload) == ("BootNotification", {**BOOT, "reason": "Unknown"})
    [next_call] = asked(one.from_csms(Result(boot.message_id, ACCEPTED), 5))
    if next_call.key == waiting.key:
        [next_call] = asked(one.from_csms(Result(next_call.message_id, {"currentTime": "2026-11-21T10:00:00Z"}), 6))
    assert (next_call.action, next_call.payload) == ("StatusNotification", STATUS)


@pytest.mark.parametrize(
    "answer", [lambda key: Error(key, "InternalError"), lambda key: Result(key, {**ACCEPTED, "status": "Pending"})]
)
def test_a_csms_that_does_not_take_the_boot_hears_no_more(answer: Callable[[str], Result | Error]) -> None:
    one = board("ocpp2.1", "ocpp2.0.1", {"v21/station/boot": BOOT, "v21/station/status/1/1": STATUS})
    one.hold_csms()
    [boot] = asked(one.resume_csms(1))
    effects = one.from_csms(answer(boot.key), 2)
    assert not asked(effects)
    assert any(isinstance(effect, Note) and effect.kind.startswith("replay_") for effect in effects)


def test_a_station_that_has_not_booted_is_not_introduced() -> None:
    one = board("ocpp2.0.1", "ocpp2.1", {})
    one.hold_csms()
    assert not asked(one.resume_csms(1))


@pytest.mark.parametrize(("station", "csms"), [("ocpp1.6", "ocpp2.1"), ("ocpp2.1", "ocpp1.6")])
def test_over_two_links_one_of_them_tells_it(station: str, csms: str) -> None:
    memory: dict[str, Any] = {"v21/station/boot": BOOT, "v21/station/status/1/1": STATUS}
    one = board(station, csms, memory)
    one.hold_csms()
    assert not asked(one.resume_csms(1))  # the link of 1.6 has not seen a boot


def test_what_a_station_may_make_us_keep_has_an_end() -> None:
    memory: dict[str, Any] = {}
    one = board("ocpp2.0.1", "ocpp2.1", memory)
    for number in range(300):
        told(one, "StatusNotification", {**STATUS, "connectorId": number}, {}, number)
    assert len([key for key in memory if key.startswith("v21/")]) == 256


def test_over_two_links_the_boot_goes_before_what_waits() -> None:
    one = board("ocpp1.6", "ocpp2.1", {})
    told(one, "BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"}, ACCEPTED, 1)
    [waiting] = asked(one.from_station(Call("s2", "Heartbeat", {}), 2))
    one.hold_csms()
    [boot] = asked(one.resume_csms(3))[:1]
    assert (boot.action, boot.payload["reason"]) == ("BootNotification", "Unknown")
    following = asked(one.from_csms(Result(boot.message_id, ACCEPTED), 4))
    assert waiting.key in [call.key for call in following]
