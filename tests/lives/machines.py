"""Random legal lives as state machines: `Life16` on a 2.0.1 CSMS, `Life201` on a 1.6 CSMS."""

from collections import Counter
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.lives import laws16, laws201
from tests.lives.csms import LATE, LOST, MUTE, OK, PERMANENT, REFUSES, TRANSIENT
from tests.lives.csms16 import Csms16
from tests.lives.csms201 import Csms201
from tests.lives.life import Life
from tests.lives.station import Traits
from tests.lives.station16 import Station16
from tests.lives.station201 import Station201
from tests.lives.world import World
from translators.options import Options

WAYS = st.integers(0, 9)
PLACES = st.integers(0, 2)
SPELLS = st.sampled_from([3.0, 30.0, 600.0, 7200.0])
HOW = st.sampled_from([OK] * 7 + [LATE, MUTE, LOST, TRANSIENT, REFUSES])


TALLY: Counter[str] = Counter()
"""What the lives were made of."""


class Lives(RuleBasedStateMachine):
    life: Life | None = None

    def begun(self, traits: Traits) -> Life:
        raise NotImplementedError

    def kept(self) -> None:
        raise NotImplementedError

    @initialize(
        patience=st.sampled_from([60.0, 20.0]),
        same_id=st.booleans(),
        acts_first=st.booleans(),
        stops_on_invalid=st.booleans(),
        data_at_end=st.booleans(),
        unknown_number=st.sampled_from([-1, -77]),
        start_point=st.sampled_from(["EVConnected", "Authorized", "PowerPathClosed"]),
        stop_point=st.sampled_from(["Authorized", "EVConnected"]),
        plugs=st.sampled_from([(1,), (1, 1), (2, 1)]),
        boots_well=st.booleans(),
        buffers=st.booleans(),
    )
    def begins(self, boots_well: bool, buffers: bool, **traits: Any) -> None:
        self.life = self.begun(Traits(**traits))
        self.life.world.buffers = buffers
        if boots_well:
            self.life.flow(10.0)

    def did(self) -> Life:
        assert self.life is not None
        return self.life

    @rule(place=PLACES, ways=st.lists(WAYS, min_size=1, max_size=3))
    def station_acts(self, place: int, ways: list[int]) -> None:
        """Nothing arrives meanwhile."""
        for way in ways:
            self.did().station.acts(place, way)

    @rule(place=PLACES, ways=st.lists(WAYS, min_size=3, max_size=8))
    def station_acts_in_fine_weather(self, place: int, ways: list[int]) -> None:
        life = self.did()
        for way in ways:
            life.station.acts(place, way)
            life.flow(3.0)

    @rule(places=st.lists(st.tuples(PLACES, WAYS), min_size=3, max_size=8), how=st.lists(HOW, min_size=8, max_size=8))
    def station_acts_and_all_is_taken_somehow(self, places: list[tuple[int, int]], how: list[int]) -> None:
        life = self.did()
        for (place, way), one in zip(places, how, strict=False):
            life.station.acts(place, way)
            life.world.deliver("csms", one)
            life.world.deliver("station", OK)

    @rule(how=st.lists(HOW, min_size=1, max_size=4))
    def csms_takes(self, how: list[int]) -> None:
        for one in how:
            self.did().world.deliver("csms", one)

    @rule(ways=st.lists(WAYS, min_size=1, max_size=3))
    def station_takes(self, ways: list[int]) -> None:
        for way in ways:
            self.did().world.deliver("station", way)

    @rule(kind=WAYS, place=PLACES, way=WAYS)
    def csms_commands(self, kind: int, place: int, way: int) -> None:
        self.did().csms.commands(kind, place, way)

    @rule(kind=WAYS, place=PLACES, way=WAYS, answer=WAYS)
    def csms_commands_and_is_answered(self, kind: int, place: int, way: int, answer: int) -> None:
        life = self.did()
        life.csms.commands(kind, place, way)
        life.world.deliver("station", answer)
        life.flow(1.0)

    @rule(seconds=st.sampled_from([1.0, 5.0, 20.0, 26.0, 65.0, 4000.0]), flowing=st.booleans())
    def time_passes(self, seconds: float, flowing: bool) -> None:
        life = self.did()
        if flowing:
            life.flow(seconds)
        else:
            life.world.pass_time(seconds)

    @rule()
    def csms_answers_late(self) -> None:
        self.did().csms.release()

    @rule(effects=st.integers(0, 5))
    def gateway_dies_soon(self, effects: int) -> None:
        self.did().world.doom = effects

    @rule(kind=st.sampled_from(["offline", "lost", "held", "gone", "power cut"]), seconds=SPELLS)
    def weather(self, kind: str, seconds: float) -> None:
        """A spell of it; `resumed` or time ends it."""
        life = self.did()
        if kind == "offline":
            life.station.stay_away(seconds)
        elif kind in ("lost", "held"):
            life.world.lose_backend(hold=kind == "held")
        elif kind == "gone":
            life.world.backend_up = False
            life.world.hang_up("the backend is gone")
        else:
            life.station.power_cut()

    @rule()
    def backend_is_back(self) -> None:
        world = self.did().world
        world.backend_up = True
        world.resume_backend()

    @rule(acts=st.booleans(), place=PLACES)
    def csms_never_takes_this(self, acts: bool, place: int) -> None:
        life = self.did()
        if acts:
            life.flow(2.0)
            life.station.acts(place, 3)
        life.world.deliver("csms", PERMANENT)

    def teardown(self) -> None:
        life = self.life
        if life is None:
            return
        try:
            life.ends_well()
            self.kept()
            TALLY.update(life.world.notes)
            TALLY["lives"] += 1
            TALLY["transactions"] += len(life.station.txs)
            TALLY["transactions refused a part"] += sum(tx.spoilt() for tx in life.station.txs)
        except BaseException:
            note("\n".join(life.world.journal))
            raise


class Life16(Lives):
    def begun(self, traits: Traits) -> Life:
        world = World("ocpp1.6", "ocpp2.0.1", Options(identity="CP-1"))
        return Life(world, Station16(world, traits), Csms201(world))

    def kept(self) -> None:
        life = self.did()
        laws16.kept(life.station, life.csms, buffered=life.world.buffers)


class Life201(Lives):
    def begun(self, traits: Traits) -> Life:
        world = World("ocpp2.0.1", "ocpp1.6", Options(identity="CP-1"))
        books = Csms16(world, first_number=-1 if traits.same_id else 1, knows_again=not traits.data_at_end)
        return Life(world, Station201(world, traits), books)

    def kept(self) -> None:
        life = self.did()
        laws201.kept(life.station, life.csms)
