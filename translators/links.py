"""Which stage stands between two versions: the table of links and the way through it."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

from translators import poison, quirked, story
from translators.aliases import Aliases
from translators.chain import Chain
from translators.guard import question
from translators.options import Options
from translators.outbox import Outbox
from translators.pairs import Pairs
from translators.passthrough import HINT_KEYS, SHARED_KEYS, Passthrough, Validation
from translators.session import Session
from translators.stage import Stage
from translators.tables import Link
from translators.v16_to_v201 import LINK as V16_TO_V201
from translators.v21_to_v201 import LINK as V21_TO_V201
from translators.v201_to_v16 import LINK as V201_TO_V16
from translators.v201_to_v21 import LINK as V201_TO_V21
from translators.warden import Warden

LINKS: dict[tuple[str, str], Link] = {
    (link.station_version, link.csms_version): link for link in (V16_TO_V201, V201_TO_V16, V201_TO_V21, V21_TO_V201)
}

_SHARED = tuple({*SHARED_KEYS, *story.KEYS, *(prefix for link in LINKS.values() for prefix in link.shared_keys)})

_HINTS = tuple(
    {
        *HINT_KEYS,
        *story.KEYS,
        story.INTRODUCED,
        poison.PREFIX,
        *(prefix for link in LINKS.values() for prefix in link.hint_keys),
    }
)


class NoPathError(Exception):
    """No link leads from the one version to the other."""


@cache
def path(station_version: str, csms_version: str) -> tuple[Link, ...]:
    """The fewest links from the station's version to the CSMS's; a link between the two is a path of one. The links of
    a path share one memory: keys of those that can meet never begin alike. Raises NoPathError."""
    ways: deque[tuple[Link, ...]] = deque((link,) for link in LINKS.values() if link.station_version == station_version)
    reached = {station_version}
    while ways:
        way = ways.popleft()
        version = way[-1].csms_version
        if version == csms_version:
            return way
        if version not in reached:
            reached.add(version)
            ways.extend((*way, link) for link in LINKS.values() if link.station_version == version)
    raise NoPathError(f"no translation from {station_version} to {csms_version}")


def csms_version_for(station_version: str, spoken: tuple[str, ...] | list[str]) -> str:
    """The version to dial a backend with: the station's own where it is spoken, else the first that links reach.

    `spoken`: the backend's versions, best first. Raises NoPathError.
    """
    if station_version in spoken:
        return station_version
    for version in spoken:
        with suppress(NoPathError):
            path(station_version, version)
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
    outbox: bool = False,
) -> Stage:
    """The stage for one station connection. `connected_at`: Unix time at which the station was accepted; `epoch`: what
    to add to `now` to get Unix time. `outbox`: the station is answered and its messages are kept while the CSMS is
    away (`Stage.away`). Raises NoPathError."""
    translated = station_version != csms_version
    if translated:
        stages = _sessions(station_version, csms_version, options, memory, new_id, connected_at, epoch, outbox)
    else:
        stages = [
            Passthrough(
                station_version,
                new_id,
                memory,
                validation=validation,
                answer_locally=options.answer_locally,
                guard=options.guard,
                epoch=epoch,
                replays=not outbox,
            )
        ]
    if outbox:
        stages.append(_outbox(csms_version, options, memory, new_id, epoch))
    stage = stages[0] if len(stages) == 1 else Chain(stages)
    if quirked.needed(station_version, options.quirks, translated=translated):
        stage = quirked.Quirked(stage, station_version, options.quirks, memory, translated=translated)
    return Warden(stage, station_version, csms_version, options, memory, new_id)


def _sessions(
    station_version: str,
    csms_version: str,
    options: Options,
    memory: dict[str, Any],
    new_id: Callable[[], str],
    connected_at: float,
    epoch: float,
    outbox: bool,
) -> list[Stage]:
    way = path(station_version, csms_version)
    # A CSMS that comes back is told once what it missed: by the outbox, which knows what it was told before, else by
    # the link that knows more of the station.
    if outbox:
        way = tuple(replace(link, resumed=None) for link in way)
    elif len(way) > 1:
        way = tuple(link if link.opened is not None else replace(link, resumed=None) for link in way)
    return [
        Session(
            link,
            options,
            memory,
            new_id,
            connected_at=connected_at,
            epoch=epoch,
            faces_station=place == 0,
            # The one with 1.6 knows a key by its variable and a variable by its key.
            guards=len(way) == 1 or "ocpp1.6" in (link.station_version, link.csms_version),
        )
        for place, link in enumerate(way)
    ]


def _outbox(version: str, options: Options, memory: dict[str, Any], new_id: Callable[[], str], epoch: float) -> Stage:
    """The stage before a CSMS that may be away. In 2.x a station names its transactions, and nothing is to be paired."""
    pairs = Pairs(memory) if version == "ocpp1.6" else None
    most, identity = options.buffer_messages, options.identity
    outbox = Outbox(version, memory, new_id, pairs=pairs, most_messages=most, epoch=epoch, identity=identity)
    return outbox if pairs is None else Aliases(outbox, pairs, ("transactionId",))


def has_outbox(memory: Mapping[str, Any]) -> bool:
    """Whether a station's memory on a backend holds what only `outbox` can deliver, or number rightly."""
    return any(key.startswith(("outbox/message/", "number/")) for key in memory)


def reached(station_version: str, csms_version: str, actions: Iterable[str]) -> frozenset[str]:
    """The calls to a station, in its version, that these calls of its CSMS may become. Raises NoPathError."""
    names = frozenset(actions)
    if station_version == csms_version:
        asked = (question(station_version, name) for name in names)
        return names | {ask.action for ask in asked if ask is not None}
    for link in reversed(path(station_version, csms_version)):
        names = frozenset(become for name in names if name in link.from_csms for become in link.from_csms[name].becomes)
    return names


def is_shared(key: str) -> bool:
    """Whether a memory key belongs to the station itself rather than to the station on one backend."""
    return key.startswith(_SHARED)


def is_hint(key: str) -> bool:
    """Whether a memory key may be written after the frames that follow it."""
    return key.startswith(_HINTS)
