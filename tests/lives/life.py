"""One life of a station: what can happen in it, and how it ends in fine weather."""

from typing import Any

from tests.lives.csms import OK, Csms
from tests.lives.station import Station
from tests.lives.world import World

LONGEST_SETTLING = 60


class Life:
    def __init__(self, world: World, station: Station, csms: Csms) -> None:
        self.world = world
        self.station: Any = station
        self.csms: Any = csms
        world.station, world.csms = station, csms

    def flow(self, seconds: float) -> None:
        """Fine weather: whatever is on its way arrives, whoever is asked answers."""
        world = self.world
        end = world.now + seconds
        for _ in range(5000):
            while world.deliver("csms", OK) or world.deliver("station", OK):
                pass
            dues = (world.board.deadline() if world.board else None, self.station.due(), self.csms.due())
            due = min((due for due in dues if due is not None), default=end)
            if due > end:
                break
            world.pass_time(max(0.0, due - world.now))
            if due == end:
                break
        else:
            raise AssertionError("it never comes to rest")
        world.now = max(world.now, end)

    def ends_well(self) -> None:
        """The weather is fine for long enough; then nothing may be left over."""
        self.world.say("# fine weather from here on")
        self.world.backend_up, self.world.doom, self.csms.fine = True, None, True
        self.world.resume_backend()
        self.csms.release()
        self.flow(120.0)
        self.station.finish()
        for _ in range(LONGEST_SETTLING):
            self.flow(120.0)
            if self.station.online and not self.station.queue:
                break
        assert not self.station.queue, f"undelivered: {[message.action for message in self.station.queue]}"
        self.flow(900.0)
        self.world.settled()
