"""What proves a station, where a CSMS may change it: the stations file's word and what was adopted since.

What was adopted is in the station's memory (`translators.adopted`) and beats the file until the file says something else
than it did then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from gateway.ledger import Ledger
from gateway.refusal import RefusedError
from gateway.stations import Station
from translators import adopted


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of proof: where it is remembered, and what the stations file says of it."""

    key: str
    own: Callable[[Station], tuple[str, ...]]

    def over(self, station: Station) -> str:
        """A digest of what the file says."""
        return sha256("\n".join(self.own(station)).encode()).hexdigest()

    def accepted(self, station: Station, memory: Mapping[str, Any]) -> tuple[str, ...]:
        """The lines that prove the station now."""
        record = adopted.current(memory.get(self.key), self.over(station))
        return tuple(line for line, _ in adopted.lines(record, self.own(station)))


SECRET = Kind(adopted.SECRET, lambda station: (station.password_hash,) if station.password_hash is not None else ())
"""Lines are scrypt hashes."""
CERTIFICATE = Kind(adopted.CERTIFICATE, lambda station: station.certificate.sha256)
"""Lines are SHA-256 fingerprints; none where the file binds the certificate by its name."""


class Used(NamedTuple):
    """The line that proved the station."""

    kind: Kind
    line: str


def remember(station: Station, ledger: Ledger, used: Used | None) -> None:
    """The station is about to come in, its memory is ours: with a new proof that alone is accepted from now on. Raises
    RefusedError when another connection had it changed since it was looked at."""
    for kind in (SECRET, CERTIFICATE):
        value = ledger.memory.get(kind.key)
        if value is not None and adopted.current(value, kind.over(station)) is None:
            # The file has changed since, and is believed again.
            ledger.adopt({("", kind.key): None})
    if used is None or used.kind.key not in ledger.memory:
        return
    record = ledger.memory[used.kind.key]
    found = dict(adopted.lines(record, used.kind.own(station)))
    if used.line not in found:
        raise RefusedError(401, "password" if used.kind is SECRET else "certificate", "not accepted any more")
    change = found[used.line]
    if change is not None:
        ledger.adopt({("", used.kind.key): adopted.came_in(record, change)})
