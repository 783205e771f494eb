"""Who listens to which session."""

from types import SimpleNamespace
from typing import Any

from gateway import taps as module
from gateway.ear import Ear
from gateway.identity import Identity
from gateway.taps import Taps


def session(name: str) -> Any:
    about = SimpleNamespace(subprotocol="ocpp1.6", version="ocpp1.6")
    return SimpleNamespace(identity=Identity(name, name), about=about, tap=None)


async def test_a_session_has_a_tap_while_somebody_listens_to_it() -> None:
    sessions = {name: session(name) for name in ("a", "b")}
    taps = Taps("north", sessions, ())
    every, one = Ear(), Ear(station="a")
    with taps.heard_by("1", one):
        assert (sessions["a"].tap is not None, sessions["b"].tap) == (True, None)
        tap = sessions["a"].tap
        with taps.heard_by("2", every):
            assert sessions["a"].tap is tap  # it goes on with what it knows
            assert tap.ears == (one, every)
            sessions["c"] = session("c")
            taps.begin("c", sessions["c"])
            assert sessions["c"].tap.ears == (every,)
        assert (tap.ears, sessions["b"].tap, sessions["c"].tap) == ((one,), None, None)
    assert sessions["a"].tap is None
    taps.begin("a", sessions["a"])
    assert sessions["a"].tap is None


async def test_there_is_an_end_to_listeners_and_to_what_is_decoded() -> None:
    taps = Taps("north", {}, ())
    taps.ears = {str(number): Ear() for number in range(module.MOST_EARS)}
    assert taps.full
    taps.close()
    assert all(ear.closed for ear in taps.ears.values())
    long = 8 * module._FRAME_CHARACTERS
    assert sum(taps.may(long) for _ in range(1000)) < 200
    assert not all(taps.may(10) for _ in range(1000))
