"""What a CSMS that comes back is told first."""

from typing import Any

from translators.effects import Forget, Remember
from translators.frames import Call, decode
from translators.outbox.registration import PENDING_INTERVAL, USUAL_INTERVAL, Registration

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def status(word: str, connector: int = 1) -> Call:
    return Call("s", "StatusNotification", {"connectorId": connector, "status": word, "errorCode": "NoError"})


def test_accepted_here_only_when_it_was_accepted_there() -> None:
    one = Registration("ocpp1.6", {})
    answer, _ = one.answered(Call("b", "BootNotification", BOOT), 0)
    assert answer is not None
    assert (answer["status"], answer["interval"]) == ("Pending", PENDING_INTERVAL)
    one.heard(Call("b", "BootNotification", BOOT), {"status": "Accepted", "interval": 0})
    answer, _ = one.answered(Call("b", "BootNotification", BOOT), 0)
    assert answer is not None
    assert (answer["status"], answer["interval"]) == ("Accepted", USUAL_INTERVAL)
    one.heard(Call("b", "BootNotification", BOOT), {"status": "Rejected", "interval": 9})
    answer, _ = one.answered(Call("b", "BootNotification", BOOT), 0)
    assert answer is not None
    assert answer["status"] == "Pending"


def test_a_boot_answered_here_is_told_by_the_next_session() -> None:
    memory: dict[str, Any] = {}
    Registration("ocpp2.0.1", memory).answered(Call("b", "BootNotification", {"reason": "PowerUp"}), 0)
    later = Registration("ocpp2.0.1", memory)
    assert later.next() == ("BootNotification", {"reason": "PowerUp"})
    later.told("BootNotification", {}, {"status": "Accepted", "interval": 1})
    assert later.next() is None
    # Another connection of the CSMS, but no other boot.
    later.back()
    assert later.next() == ("BootNotification", {"reason": "Unknown"})
    assert Registration("ocpp2.0.1", memory).next() is None


def test_the_last_status_of_each_connector() -> None:
    memory: dict[str, Any] = {}
    one = Registration("ocpp1.6", memory)
    one.answered(status("Preparing"), 0)
    one.answered(status("Charging"), 0)
    one.answered(status("Available", 2), 0)
    later = Registration("ocpp1.6", memory)
    first = later.next()
    assert first == ("StatusNotification", status("Charging").payload)
    # The station says something newer while that is told.
    later.sent(status("Finishing"))
    assert later.told(*first, {}) == []
    assert later.heard(status("Finishing"), {}) == [Forget("outbox/status/0/1")]
    second = later.next()
    assert second == ("StatusNotification", status("Available", 2).payload)
    assert later.told(*second, None) == [Forget("outbox/status/0/2")]
    assert later.next() is None
    later.back()
    assert later.next() == ("StatusNotification", status("Finishing").payload)


def test_nothing_is_written_twice() -> None:
    one = Registration("ocpp1.6", {})
    accepted = {"status": "Accepted", "interval": 5}
    written = one.heard(Call("b", "BootNotification", BOOT), accepted)
    assert [effect.key for effect in written if isinstance(effect, Remember)] == ["outbox/boot", "outbox/registration"]
    assert one.heard(Call("b", "BootNotification", BOOT), accepted) == []
    assert one.heard(Call("h", "Heartbeat", {}), {}) == []
    assert one.heard(decode('[2,"b","BootNotification",[]]'), accepted) == []  # type: ignore[arg-type]
    assert one.answered(Call("h", "Heartbeat", {}), 0) == (None, [])


def test_a_csms_that_does_not_know_the_station() -> None:
    one = Registration("ocpp1.6", {})
    one.refused()
    assert one.next() is None
    one.heard(Call("b", "BootNotification", BOOT), {"status": "Accepted", "interval": 5})
    one.refused()
    assert one.next() == ("BootNotification", BOOT)
