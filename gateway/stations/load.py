"""Reads the stations file: every mistake at once with its place, and a large fleet in seconds.

An entry that is plainly right is taken from the parser's events. All others are read once more by `Document`, which
knows where everything stands, and the model's objections are told as for the configuration.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from gateway.config import Config, ConfigError
from gateway.config import load as load_config
from gateway.config.document import Document, Mistake
from gateway.config.load import lines, read_text
from gateway.config.wording import mistakes_of
from gateway.identity import identity_of
from gateway.stations.model import NO_IDENTITY, Entry, Station
from gateway.stations.plain import NotPlainError, PlainEntry, entries

_NOT_A_BREAK = re.compile(r"[^\r\n\x85\u2028\u2029]+")

Place = tuple[int, int]
"""From this character of the text to before that."""

Stamp = tuple[int, int, int]
"""What changes with a file: time of change, size, inode."""


@dataclass(frozen=True, slots=True)
class Stations:
    """The file's entries by canonical identity. `path` is None where there is no file; `stamp` is its state when read."""

    entries: Mapping[str, Station] = field(repr=False)
    path: Path | None = None
    stamp: Stamp | None = None

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, key: str) -> Station | None:
        """The entry of a canonical identity."""
        return self.entries.get(key)


NOBODY = Stations({})
"""No stations file."""


def load_all(path: Path, env: Mapping[str, str]) -> tuple[Config, Stations]:
    """The configuration in the file at `path` and the stations file it names. Raises ConfigError with the mistakes of
    both."""
    try:
        config = load_config(path, env)
    except ConfigError as error:
        more: tuple[str, ...] = ()
        if error.stations_file is not None:
            try:
                load(error.stations_file, env)
            except ConfigError as another:
                more = another.mistakes
        raise ConfigError([*error.mistakes, *more], error.stations_file) from None
    return config, load(config.stations_file, env)


def load(path: Path | None, env: Mapping[str, str]) -> Stations:
    """The stations in the file at `path`, nobody without one. Raises ConfigError with every mistake."""
    if path is None:
        return NOBODY
    # Looked at before it is read: a change in between is seen as one.
    stamp = stamp_of(path)
    return Stations(parse(read_text(path), env, path=path), path, stamp)


def stamp_of(path: Path) -> Stamp | None:
    """The file's state now, None when there is none to be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def parse(text: str, env: Mapping[str, str], *, path: Path = Path("stations.yaml")) -> dict[str, Station]:
    """The stations in `text`, by canonical identity, as if it stood in the file `path`. Raises ConfigError with every
    mistake."""
    found: dict[str, Station] = {}
    places: dict[str, Place] = {}
    odd: list[Place] = []
    try:
        for entry in entries(text):
            place = entry.start, entry.end
            identity = identity_of(entry.identity)
            if identity is None:
                odd.append(place)
                continue
            first = places.setdefault(identity.key, place)
            station = _plainly_right(entry) if first is place else None
            if station is not None:
                found[identity.key] = station
            else:
                odd += [first, place]
    except NotPlainError:
        return _with_places(Document(text, path.absolute().parent, env), path)
    if odd:
        found.update(_with_places(Document(_only(text, odd), path.absolute().parent, env), path))
    return found


def _plainly_right(entry: PlainEntry) -> Station | None:
    if entry.is_odd:
        return None
    try:
        return Entry.model_validate(entry.value).station()
    except ValidationError:
        return None


def _only(text: str, places: list[Place]) -> str:
    """The text with everything but these places blank, its lines where they were."""
    parts: list[str] = []
    at = 0
    for start, end in sorted(set(places)):
        parts += [_NOT_A_BREAK.sub("", text[at:start]), text[start:end]]
        at = end
    return "".join(parts)


def _with_places(document: Document, path: Path) -> dict[str, Station]:
    """The document's stations. Raises ConfigError with every mistake."""
    mistakes = list(document.mistakes)
    found: dict[str, Station] = {}
    if isinstance(document.data, dict):
        seen: dict[str, str] = {}
        for spelt in document.data:
            mistakes += _about_key(document, spelt, seen)
            try:
                found[spelt.casefold()] = Entry.model_validate(document.data[spelt]).station()
            except ValidationError as error:
                about = mistakes_of(error, document, Entry, (spelt,))
                mistakes += [mistake for mistake in about if not document.is_broken(mistake.steps)]
    elif not mistakes:
        # Nothing at all may be a file that is being written.
        what = (
            "is empty; {} is no station" if document.data is None else "should be a mapping (identity: what is known)"
        )
        mistakes.append(document.mistake((), what))
    if mistakes:
        raise ConfigError(lines(mistakes, path))
    return found


def _about_key(document: Document, spelt: str, seen: dict[str, str]) -> Iterator[Mistake]:
    identity = identity_of(spelt)
    if identity is None:
        yield document.mistake((spelt,), NO_IDENTITY, at_key=True)
        return
    first = seen.setdefault(identity.key, spelt)
    if first != spelt:
        line = document.mistake((first,), "", at_key=True).place.line
        yield document.mistake((spelt,), f"is the same station as {first} on line {line}", at_key=True)
