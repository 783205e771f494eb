"""A simulated energy meter with a car behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

ENERGY = "Energy.Active.Import.Register"


@dataclass(frozen=True, slots=True)
class Reading:
    """One sampled value in OCPP's words; `unit` is common to 1.6 and 2.0.1."""

    measurand: str
    value: float
    unit: str
    phase: str | None = None


class Meter:
    """Counts whole Wh. `watts` is what the car draws in each interval, the last value from then on.

    With `soc` (percent) and `battery_wh` it is a direct-current meter that knows the battery; else it has three phases.
    """

    def __init__(
        self, register_wh: int, watts: Sequence[int], *, soc: float | None = None, battery_wh: int = 60_000
    ) -> None:
        self.register_wh = self.begin_wh = register_wh
        self._watts = list(watts)
        self._power = 0
        self._soc = soc
        self._battery_wh = battery_wh

    @property
    def delivered_wh(self) -> int:
        """Since `begin`, or since the meter was made."""
        return self.register_wh - self.begin_wh

    def begin(self) -> None:
        """A charge begins here."""
        self.begin_wh = self.register_wh

    def run(self, seconds: float) -> None:
        """The car draws the next interval's power for so long."""
        self._power = self._watts.pop(0) if len(self._watts) > 1 else self._watts[0]
        energy = round(self._power * seconds / 3600)
        self.register_wh += energy
        if self._soc is not None:
            self._soc = min(100.0, self._soc + 100 * energy / self._battery_wh)

    def readings(self) -> list[Reading]:
        """What a periodic message of a typical station holds; the energy register comes first."""
        found = [
            Reading(ENERGY, self.register_wh, "Wh"),
            Reading("Power.Active.Import", self._power, "W"),
        ]
        if self._soc is not None:
            found.append(Reading("Voltage", 398.5, "V"))
            found.append(Reading("Current.Import", round(self._power / 398.5, 1), "A"))
            found.append(Reading("SoC", round(self._soc), "Percent"))
        else:
            amps = round(self._power / 3 / 230.0, 1)
            found += [Reading("Current.Import", amps, "A", phase) for phase in ("L1", "L2", "L3")]
        return found
