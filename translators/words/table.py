"""A table of words: two columns and an arrow, written once, read both ways."""

from collections.abc import Mapping
from dataclasses import dataclass

_ARROWS = ("<->", "->", "<-")


@dataclass(frozen=True, slots=True)
class TwoWay:
    """What the words of a 1.6 enumeration become in 2.0.1 and back.

    A word that has no counterpart stands in `no_201` (1.6 words) or `no_16` (2.0.1 words): left out on purpose, and
    found neither in `to_201` nor in `to_16`.
    """

    to_201: Mapping[str, str]
    to_16: Mapping[str, str]
    no_201: frozenset[str] = frozenset()
    no_16: frozenset[str] = frozenset()


def table(text: str) -> TwoWay:
    """Read rows of `1.6-word arrow 2.0.1-word`; `<->` both ways, `->` to 2.0.1 only, `<-` to 1.6 only, `-` no word.

    Raises ValueError for a row that is none and for a word that is mapped twice in one direction.
    """
    to_201: dict[str, str] = {}
    to_16: dict[str, str] = {}
    no_201: set[str] = set()
    no_16: set[str] = set()
    for line in text.strip().splitlines():
        left, arrow, right = line.split()
        if arrow not in _ARROWS:
            raise ValueError(f"no arrow in {line!r}")
        if arrow != "<-":
            _enter(to_201, no_201, left, right)
        if arrow != "->":
            _enter(to_16, no_16, right, left)
    return TwoWay(to_201, to_16, frozenset(no_201), frozenset(no_16))


def same(words: str) -> TwoWay:
    """An enumeration with the same words in both versions."""
    return table("\n".join(f"{word} <-> {word}" for word in words.split()))


def _enter(forth: dict[str, str], none: set[str], word: str, becomes: str) -> None:
    if word in forth or word in none:
        raise ValueError(f"{word} is mapped twice")
    if becomes == "-":
        none.add(word)
    else:
        forth[word] = becomes
