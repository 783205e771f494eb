"""The stage that mends: who has which quirk, what goes through it, what stays untouched."""

from typing import Any

import pytest

from translators.effects import Note, Remember, ToCsms, ToStation
from translators.frames import Call, Error, NoAnswer, Result, Send
from translators.links import between, is_shared
from translators.options import Options
from translators.passthrough import Passthrough
from translators.quirk import Quirk
from translators.quirked import MAKER, Quirked, is_quirk, needed, text_mend
from translators.quirks import QUIRKS

KEBA = {"chargePointVendor": "Keba AG", "chargePointModel": "KC-P30", "firmwareVersion": "1.12.0"}
CARD = {"idTag": "04A2B3C4_17619300"}


class Inner:
    """A stage that hands everything on and answers with what it is given."""

    epoch = 100.0

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.closed = False

    def open(self, now: float) -> list[Any]:
        return []

    def away(self, now: float) -> list[Any]:
        return [ToStation(Call("w", "Heartbeat", {}))]

    def resumed(self, now: float) -> list[Any]:
        return [ToStation(Call("r", "Heartbeat", {}))]

    def from_station(self, frame: Any, now: float) -> list[Any]:
        self.seen.append(frame)
        return [ToCsms(frame)]

    def from_csms(self, frame: Any, now: float) -> list[Any]:
        return [ToStation(frame)]

    def tick(self, now: float) -> list[Any]:
        return [Note("tick", {})]

    def deadline(self) -> float | None:
        return 5.0

    def close(self) -> None:
        self.closed = True

    def idle(self) -> bool:
        return False


def stage(memory: dict[str, Any] | None = None, *named: str, translated: bool = True) -> Quirked:
    return Quirked(Inner(), "ocpp1.6", named, {} if memory is None else memory, translated=translated)


def authorized(one: Quirked) -> str:
    effects = one.from_station(Call("a", "Authorize", CARD), 1)
    return str(next(effect.frame for effect in effects if isinstance(effect, ToCsms)).payload["idTag"])


def test_a_boot_tells_the_maker_who_is_kept() -> None:
    memory: dict[str, Any] = {}
    one = stage(memory)
    assert authorized(one) == CARD["idTag"]
    effects = one.from_station(Call("b", "BootNotification", KEBA), 1)
    assert effects[0] == Remember(MAKER, {"vendor": "Keba AG", "model": "KC-P30", "firmware": "1.12.0"})
    assert is_shared(MAKER)
    assert authorized(one) == "04A2B3C4"
    assert not any(isinstance(effect, Remember) for effect in one.from_station(Call("b", "BootNotification", KEBA), 1))
    assert authorized(stage(memory)) == "04A2B3C4"


def test_a_boot_of_an_older_session_is_enough() -> None:
    assert authorized(stage({"station/boot": {"call": KEBA}})) == "04A2B3C4"


def test_another_boot_is_another_maker() -> None:
    one = stage({MAKER: {"vendor": "Keba AG", "model": "", "firmware": ""}})
    one.from_station(Call("b", "BootNotification", {"chargePointVendor": "Other", "chargePointModel": "X"}), 1)
    assert authorized(one) == CARD["idTag"]


def test_what_stations_of_one_maker_have_is_there_once() -> None:
    of_keba = {"station/boot": {"call": KEBA}}
    assert stage(dict(of_keba))._mends is stage(dict(of_keba))._mends
    assert stage(dict(of_keba))._mends is not stage({})._mends


def test_configuration_gives_and_takes() -> None:
    assert authorized(stage({}, "keba")) == "04A2B3C4"
    assert authorized(stage({"station/boot": {"call": KEBA}}, "-keba")) == CARD["idTag"]


@pytest.mark.parametrize(
    "boot", [{}, {"chargePointVendor": 5}, {"chargingStation": 5}, {"chargingStation": {"model": []}}]
)
def test_a_boot_that_does_not_say(boot: Any) -> None:
    one = stage()
    assert isinstance(one.from_station(Call("b", "BootNotification", boot), 1)[-1], ToCsms)


def test_a_boot_that_cannot_be_read_goes_on() -> None:
    one = stage({"station/boot": {"call": KEBA}})
    frame = Call("b", "BootNotification", raw=b"[]")  # type: ignore[arg-type]
    assert one.from_station(frame, 1) == [ToCsms(frame)]
    authorize = Call("a", "Authorize", raw=b"5")  # type: ignore[arg-type]
    assert one.from_station(authorize, 1) == [ToCsms(authorize)]


def test_a_mended_call_is_noted_and_keeps_its_id() -> None:
    effects = stage({}, "keba").from_station(Call("a", "Authorize", CARD, text="as it came"), 1)
    assert effects[0] == Note("mended", {"version": "ocpp1.6", "action": "Authorize", "what": ["quirk keba"]})
    assert isinstance(effects[1], ToCsms)
    assert effects[1].frame.text == '[2,"a","Authorize",{"idTag":"04A2B3C4"}]'


def test_what_is_right_is_the_same_frame() -> None:
    one = stage({}, "keba")
    for frame in (
        Call("a", "Authorize", {"idTag": "04A2B3C4"}),
        Send("a", "Authorize", CARD),
        Error("a", "InternalError"),
        NoAnswer("a", 1.0),
        Result("a", CARD),
    ):
        effects = one.from_station(frame, 1)
        assert isinstance(effects[0], ToCsms)
        assert effects[0].frame is frame


def test_answers_are_paired_with_their_calls() -> None:
    one = stage({}, "webasto_next")
    boot = {"status": "Accepted", "currentTime": "2026-11-21T10:00:00Z", "interval": 5}
    stray = one.from_csms(Result("b", boot), 1)
    assert [effect.frame.payload for effect in stray if isinstance(effect, ToStation)] == [boot]
    one.from_station(Call("b", "BootNotification", KEBA), 1)
    effects = one.from_csms(Result("b", boot), 2)
    assert isinstance(effects[-1], ToStation)
    assert (
        effects[-1].frame.text == '[3,"b",{"status":"Accepted","currentTime":"2026-11-21T10:00:00.000Z","interval":5}]'
    )
    one.from_station(Call("b", "Heartbeat", {}), 3)
    failed = Error("b", "InternalError")
    assert one.from_csms(failed, 4) == [ToStation(failed)]
    assert one.from_csms(Result("b", boot), 5)[-1].frame.payload == boot  # type: ignore[union-attr]


def test_a_mend_that_fails_leaves_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(payload: Any, scene: Any) -> Any:
        scene.keep("x", 1)
        raise ValueError("oops")

    monkeypatch.setitem(QUIRKS, "broken", Quirk("x", ("a/b#1",), calls={"Authorize": broken}))
    frame = Call("a", "Authorize", CARD)
    effects = stage({}, "broken").from_station(frame, 1)
    assert effects[0] == Remember("station/quirk/x", 1)
    assert isinstance(effects[1], Note)
    assert effects[1].kind == "mapping_failed"
    assert effects[2] == ToCsms(frame)


def test_the_rest_is_the_inner_stage() -> None:
    one = stage()
    one.epoch = 7.0
    assert one.inner.epoch == 7.0
    assert (one.open(1), one.tick(1), one.deadline(), one.idle()) == ([], [Note("tick", {})], 5.0, False)
    assert len(one.resumed(1)) == len(one.away(1)) == 1
    one.close()
    assert one.inner.closed  # type: ignore[attr-defined]


def test_the_same_version_is_untouched_but_for_what_is_named_for_it() -> None:
    def made(*quirks: str) -> Any:
        return between(
            "ocpp1.6", "ocpp1.6", options=Options(quirks=quirks), memory={}, new_id=str, connected_at=0, epoch=0
        )

    assert isinstance(made().inner, Passthrough)
    assert isinstance(made("keba").inner, Passthrough)
    assert isinstance(made("webasto_next").inner, Quirked)
    assert isinstance(made("foxess").inner, Passthrough)
    one = made("webasto_next", "keba")
    assert authorized(one) == CARD["idTag"]


def test_translated_sessions_have_it_where_there_is_a_quirk_of_the_version() -> None:
    assert needed("ocpp1.6", (), translated=True)
    assert needed("ocpp2.0.1", (), translated=True)
    assert not needed("ocpp2.1", ("keba",), translated=True)


def test_texts_are_mended_for_named_stations_alone() -> None:
    assert text_mend("ocpp1.6", ()) is None
    assert text_mend("ocpp1.6", ("keba", "nobody")) is None
    assert text_mend("ocpp2.0.1", ("zj_beny",)) is None
    mend = text_mend("ocpp1.6", ("zj_beny", "aefa"))
    assert mend is not None
    assert mend('"sampledValue":[,"transactionId":,') == '"sampledValue":['


def test_names() -> None:
    assert is_quirk("keba")
    assert is_quirk("-keba")
    assert not is_quirk("--keba")
    assert not is_quirk("")
