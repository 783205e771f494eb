"""Which stage stands between two versions: the table of links and the way through it."""

from collections.abc import Callable
from typing import Any

from translators.passthrough import Passthrough, Validation
from translators.session import Options, Session
from translators.stage import Stage
from translators.tables import Link
from translators.v16_to_v201 import LINK as V16_TO_V201
from translators.v201_to_v16 import LINK as V201_TO_V16

LINKS: dict[tuple[str, str], Link] = {
    (link.station_version, link.csms_version): link for link in (V16_TO_V201, V201_TO_V16)
}


class NoPathError(Exception):
    """No link leads from the one version to the other."""


def csms_version_for(station_version: str, spoken: tuple[str, ...] | list[str]) -> str:
    """The version to dial a backend with: the station's own where it is spoken, else the first that a link reaches.

    `spoken`: the backend's versions, best first. Raises NoPathError.
    """
    if station_version in spoken:
        return station_version
    for version in spoken:
        if (station_version, version) in LINKS:
            return version
    raise NoPathError(f"no translation from {station_version} to {', '.join(spoken)}")


def between(
    station_version: str,
    csms_version: str,
    *,
    options: Options,
    memory: dict[str, Any],
    new_id: Callable[[], str],
    connected_at: float,
    epoch: float,
    validation: Validation = "count",
) -> Stage:
    """The stage for one station connection. `connected_at`: Unix time at which the station was accepted; `epoch`: what
    to add to `now` to get Unix time. Raises NoPathError."""
    if station_version == csms_version:
        return Passthrough(station_version, validation=validation, answer_locally=options.answer_locally, epoch=epoch)
    link = LINKS.get((station_version, csms_version))
    if link is None:
        raise NoPathError(f"no translation from {station_version} to {csms_version}")
    return Session(link, options, memory, new_id, connected_at=connected_at, epoch=epoch)


def is_shared(key: str) -> bool:
    """Whether a memory key belongs to the station itself rather than to the station on one backend."""
    return any(key.startswith(prefix) for link in LINKS.values() for prefix in link.shared_keys)
