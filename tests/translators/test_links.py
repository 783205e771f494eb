"""The way from one version to another, and what the sessions on it share."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transcript import TRANSCRIPTS, Player, versions
from tests.translators.generate import calls
from tests.translators.wire import Wire
from translators import schemas
from translators.chain import Chain
from translators.effects import Effect, Remember, ToCsms
from translators.frames import Call
from translators.links import (
    LINKS,
    NoPathError,
    between,
    csms_version_for,
    has_outbox,
    is_hint,
    is_shared,
    path,
    reached,
)
from translators.options import Options
from translators.passthrough import Passthrough
from translators.session import Session
from translators.warden import Warden

FEW = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


def stage(station: str, csms: str, memory: dict[str, Any] | None = None) -> object:
    return between(
        station,
        csms,
        options=Options(),
        memory={} if memory is None else memory,
        new_id=lambda: "g",
        connected_at=0.0,
        epoch=0.0,
    )


def test_a_link_is_the_shortest_path() -> None:
    assert [link.name for link in path("ocpp1.6", "ocpp2.0.1")] == ["ocpp1.6>ocpp2.0.1"]
    assert [link.name for link in path("ocpp1.6", "ocpp2.1")] == ["ocpp1.6>ocpp2.0.1", "ocpp2.0.1>ocpp2.1"]
    assert [link.name for link in path("ocpp2.1", "ocpp1.6")] == ["ocpp2.1>ocpp2.0.1", "ocpp2.0.1>ocpp1.6"]


def test_there_is_a_path_between_all_versions() -> None:
    for station in schemas.VERSIONS:
        for csms in schemas.VERSIONS:
            one = stage(station, csms)
            kind = Passthrough if station == csms else Session if (station, csms) in LINKS else Chain
            assert isinstance(one, Warden)
            assert isinstance(getattr(one.inner, "inner", one.inner), kind)  # quirks may stand around it


def test_an_outbox_stands_last_and_replays_alone() -> None:
    for station in schemas.VERSIONS:
        for csms in schemas.VERSIONS:
            one = between(
                station,
                csms,
                options=Options(),
                memory={"outbox/boot": {"payload": {"reason": "PowerUp"}, "told": True}, "passthrough/boot": {}},
                new_id=lambda: "g",
                connected_at=0.0,
                epoch=0.0,
                outbox=True,
            )
            one.away(0)
            told = [effect for effect in one.resumed(0) if isinstance(effect, ToCsms)]
            assert [effect.frame.action for effect in told if isinstance(effect.frame, Call)] == ["BootNotification"]


def test_what_an_outbox_has_left() -> None:
    assert not has_outbox({"tx/1": {}, "outbox/boot": {}, "outbox/done": []})
    assert has_outbox({"outbox/message/1": {}})
    assert has_outbox({"number/transactionId/1": {}})
    # Its memory is that of one backend, and nobody else's.
    assert not any(is_shared(key) or is_hint(key) for key in ("outbox/message/1", "number/transactionId/1"))


def test_a_version_nobody_speaks() -> None:
    with pytest.raises(NoPathError, match=r"ocpp1\.5"):
        path("ocpp1.6", "ocpp1.5")
    with pytest.raises(NoPathError):
        stage("ocpp1.5", "ocpp2.0.1")


def test_the_version_to_dial_with() -> None:
    assert csms_version_for("ocpp1.6", ["ocpp2.1", "ocpp1.6"]) == "ocpp1.6"
    assert csms_version_for("ocpp2.0.1", ["ocpp2.1", "ocpp1.6"]) == "ocpp2.1"
    assert csms_version_for("ocpp2.1", ["ocpp1.6"]) == "ocpp1.6"
    with pytest.raises(NoPathError):
        csms_version_for("ocpp1.6", ["ocpp1.5"])


def test_the_links_of_a_path_keep_their_keys_apart() -> None:
    """They share one memory, so a station's transactions outlive a CSMS that learns a new version."""
    link_of_21 = {("ocpp2.0.1", "ocpp2.1"), ("ocpp2.1", "ocpp2.0.1")}
    kept: dict[bool, set[str]] = {True: set(), False: set()}
    for folder in ("v16_to_v201", "v201_to_v16", "v201_to_v21", "v21_to_v201"):
        for file in sorted((TRANSCRIPTS / folder).rglob("*.txt")):
            player = Keeping(*versions(folder))
            with suppress(AssertionError):  # whether it plays as it is written is not the question here
                player.play(file.read_text())
            kept[versions(folder) in link_of_21] |= player.kept
    quirks = {key for key in kept[True] & kept[False] if key == "station/maker"}
    assert kept[True] - quirks
    assert all(key.startswith("v21/") for key in kept[True] - quirks)
    assert not any(key.startswith("v21/") for key in kept[False])
    assert not is_shared("v21/signing/ChargingStationCertificate")
    assert is_shared("tokens/AA")


class Keeping(Player):
    """A player that sees every key that was ever remembered."""

    def __init__(self, station_version: str, csms_version: str) -> None:
        super().__init__(station_version, csms_version)
        self.kept: set[str] = set()

    def told(self, effects: list[Effect]) -> None:
        self.kept |= {effect.key for effect in effects if isinstance(effect, Remember)}
        super().told(effects)


CHAINS = [("ocpp1.6", "ocpp2.1"), ("ocpp2.1", "ocpp1.6")]


@pytest.mark.parametrize(
    ("station", "csms", "action"),
    [(*pair, action) for pair in CHAINS for action in sorted(schemas.STATION_ACTIONS[pair[0]])],
)
def test_a_station_is_always_answered(station: str, csms: str, action: str) -> None:
    @FEW
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wire = Wire(data, station, csms, Options(connectors={1: (1, 1)}))
        wire.call("station", action, data.draw(calls(station, action), label="call"), "s1")

    holds()


@pytest.mark.parametrize(
    ("station", "csms", "action"),
    [(*pair, action) for pair in CHAINS for action in sorted(schemas.csms_actions(pair[1]))],
)
def test_a_csms_is_always_answered(station: str, csms: str, action: str) -> None:
    @FEW
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wire = Wire(data, station, csms, Options(connectors={1: (1, 1)}))
        wire.call("csms", action, data.draw(calls(csms, action), label="call"), "c1")

    holds()


def test_what_a_call_of_a_csms_may_become_at_the_station() -> None:
    assert reached("ocpp1.6", "ocpp1.6", ["Reset"]) == {"Reset"}
    assert reached("ocpp1.6", "ocpp1.6", ["DeleteCertificate"]) == {"DeleteCertificate", "GetInstalledCertificateIds"}
    assert reached("ocpp1.6", "ocpp2.0.1", ["RequestStartTransaction"]) == {"RemoteStartTransaction"}
    assert reached("ocpp1.6", "ocpp2.1", ["RequestStartTransaction"]) == {"RemoteStartTransaction"}
    assert reached("ocpp2.0.1", "ocpp1.6", ["SetChargingProfile"]) == {"SetChargingProfile", "ClearChargingProfile"}
    assert reached("ocpp1.6", "ocpp2.0.1", ["SetDisplayMessage", "RemoteStartTransaction"]) == frozenset()
