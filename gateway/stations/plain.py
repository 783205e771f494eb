"""The entries of a stations file one after another, quickly, as long as it is plain YAML.

`Document` knows where every value stands, and that takes its time for a large fleet. Here the values of an entry are
made from the parser's events: the same values that `Document` would make. What is not plain (anchors, merges, tags,
variables) is not made out but left to it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from gateway.config.document import LOADER, NULLS

_DEEPEST = 4
_MERGE = "<<"


class NotPlainError(Exception):
    """This text is for `Document`; it may be wrong, or only unusual."""


class PlainEntry(NamedTuple):
    """The text from `start` to `end` (characters) is this entry. `is_odd`: Document may read the value otherwise."""

    identity: str
    value: Any
    is_odd: bool
    start: int
    end: int


def entries(text: str) -> Iterator[PlainEntry]:
    """The entries of a text, in order. Raises NotPlainError, maybe after some of them."""
    loader = LOADER(text)
    try:
        yield from _Reader(loader.get_event).entries()
    except yaml.YAMLError:
        raise NotPlainError from None
    finally:
        loader.dispose()


class _Reader:
    def __init__(self, next_event: Any) -> None:
        self._next = next_event
        self._is_odd = False

    def entries(self) -> Iterator[PlainEntry]:
        self._next()
        document, top = self._next(), self._next()
        if not isinstance(document, yaml.DocumentStartEvent) or not isinstance(top, yaml.MappingStartEvent):
            raise NotPlainError
        if top.flow_style or top.anchor or top.tag:
            raise NotPlainError
        key = self._next()
        while not isinstance(key, yaml.MappingEndEvent):
            identity = self._key(key)
            # An entry that begins its line can be cut out of the text.
            if key.start_mark.column:
                raise NotPlainError
            self._is_odd = False
            value = self._value(self._next(), 0)
            following = self._next()
            yield PlainEntry(identity, value, self._is_odd, key.start_mark.index, following.start_mark.index)
            key = following
        self._next()
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise NotPlainError

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag or event.value == _MERGE:
            raise NotPlainError
        return str(event.value)

    def _value(self, event: Any, depth: int) -> Any:
        if event.anchor or depth > _DEEPEST:  # an alias has an anchor too
            raise NotPlainError
        if event.tag:
            raise NotPlainError
        if isinstance(event, yaml.ScalarEvent):
            value = event.value
            if "$$" in value or "${" in value:
                self._is_odd = True
            return None if not event.style and value in NULLS else value
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                items.append(self._value(event, depth + 1))
            return items
        found: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event)
            self._is_odd = self._is_odd or key in found
            found[key] = self._value(self._next(), depth + 1)
        return found
