"""A YAML text as plain data that knows where everything stands.

Scalars stay text, as written: whether `8443`, `no` or `1:30` is a number, a truth or a name is decided by the model that
wants one of them, never by YAML 1.1. Only `null`, `~` and nothing at all become None.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Steps = tuple[str | int, ...]
"""The way from the top of the file to a value: keys and list indices."""

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STANDARD = "tag:yaml.org,2002:"
_NULL = _STANDARD + "null"
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""Plain scalars that are None."""
_DEPTH = 32
_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>(?:[^{}]|\{[^{}]*\})*))?\}|(?P<odd>\{))"
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Line and column, both from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at `steps`, and where an editor should go."""

    place: Place
    steps: Steps
    what: str

    def line(self, name: str) -> str:
        """`file:line:column: path.to.key: what is wrong`."""
        return f"{name}:{self.place.line}:{self.place.column}: {dotted(self.steps) or '(file)'}: {self.what}"


def dotted(steps: Steps) -> str:
    """`listeners[0].tls.key`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


class Document:
    """One parsed text.

    data: dict, list, str and None. mistakes: what is wrong with the text itself. broken: values that could not be made
    out (an unset variable, for one), about which nothing more should be said. blank: keys with nothing after the colon.
    """

    def __init__(self, text: str, base: Path, env: Mapping[str, str]) -> None:
        self.base = base
        self.data: Any = None
        self.mistakes: list[Mistake] = []
        self.broken: set[Steps] = set()
        self.blank: set[Steps] = set()
        self._env = env
        self._keys: dict[Steps, Place] = {}
        self._values: dict[Steps, Place] = {}
        try:
            root = yaml.compose(text, Loader=LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = ", ".join(part for part in (error.context, error.problem) if part)
            place = _place(mark)
            around = "".join(text.splitlines()[place.line - 1 : place.line])
            if "${" in around or "{identity}" in around:
                what += "; between brackets, ${NAME} and {identity} need quotes around them"
            elif "mapping values" in what:
                what += "; a value with a colon before a blank or at its end needs quotes around it"
            self.mistakes.append(Mistake(place, (), f"not valid YAML: {what}"))
            return
        except yaml.reader.ReaderError as error:
            # libyaml counts octets here; PyYAML's own pattern finds the character.
            odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
            before = text[: odd.start()] if odd else ""
            place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
            what = f"the character U+{ord(odd.group()):04X} is not allowed" if odd else error.reason
            self.mistakes.append(Mistake(place, (), f"not valid YAML: {what}"))
            return
        if root is not None:
            self.data = self._read(root, (), ())

    def get(self, *steps: str | int) -> Any:
        """The value at `steps`, None where there is none."""
        value = self.data
        for step in steps:
            if isinstance(value, dict) or (isinstance(value, list) and isinstance(step, int) and step < len(value)):
                value = value.get(step) if isinstance(value, dict) else value[int(step)]
            else:
                return None
        return value

    def steps(self, *steps: str | int) -> list[Steps]:
        """The ways to the children of the mapping or list at `steps`."""
        value = self.get(*steps)
        if isinstance(value, dict):
            return [(*steps, key) for key in value]
        return [(*steps, index) for index in range(len(value))] if isinstance(value, list) else []

    def walk(self, steps: Steps = ()) -> Iterator[Steps]:
        """Every way in the document, parents first."""
        for child in self.steps(*steps):
            yield child
            yield from self.walk(child)

    def is_broken(self, steps: Steps) -> bool:
        """Whether the value at `steps` or one around it could not be made out."""
        return any(steps[:length] in self.broken for length in range(1, len(steps) + 1))

    def mistake(self, steps: Steps, what: str, *, at_key: bool = False) -> Mistake:
        """A mistake about the value at `steps`; about its key if `at_key`; about what encloses it if it is absent."""
        if steps in self._values:
            place = self._keys.get(steps, self._values[steps]) if at_key else self._values[steps]
            return Mistake(place, steps, what)
        around = steps
        while around and around not in self._values:
            around = around[:-1]
        return Mistake(self._keys.get(around) or self._values.get(around, Place()), steps, what)

    def _read(self, node: yaml.Node, steps: Steps, inside: tuple[int, ...]) -> Any:
        self._values[steps] = _place(node.start_mark)
        if id(node) in inside or len(inside) >= _DEPTH:
            self._complain(node, steps, "refers to itself" if id(node) in inside else "is nested too deeply")
            return None
        if not str(node.tag).startswith(_STANDARD):
            self._complain(node, steps, f"the tag {node.tag} means nothing here")
            return None
        inside = (*inside, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._read_mapping(node, steps, inside)
        if isinstance(node, yaml.SequenceNode):
            return [self._read(child, (*steps, index), inside) for index, child in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self._read_scalar(node, steps)

    def _read_mapping(self, node: yaml.MappingNode, steps: Steps, inside: tuple[int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        for key, value in node.value:
            if key.tag == _STANDARD + "merge":
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for source in sources:
                    if isinstance(source, yaml.MappingNode) and id(source) not in inside:
                        merged += source.value
                    else:
                        self._complain(source, (*steps, "<<"), "only a mapping can be merged in")
            elif not isinstance(key, yaml.ScalarNode):
                self._complain(key, steps, "a key should be a plain word")
            elif key.value in found:
                first = self._keys[(*steps, key.value)].line
                self.mistakes.append(Mistake(_place(key.start_mark), (*steps, key.value), f"is also on line {first}"))
            else:
                self._keys[(*steps, key.value)] = _place(key.start_mark)
                found[key.value] = self._read(value, (*steps, key.value), inside)
        for key, value in merged:
            # What a mapping says itself beats what is merged into it; the first merged one beats the next.
            if isinstance(key, yaml.ScalarNode) and key.value not in found:
                self._keys[(*steps, key.value)] = _place(key.start_mark)
                found[key.value] = self._read(value, (*steps, key.value), inside)
        return found

    def _read_scalar(self, node: yaml.ScalarNode, steps: Steps) -> str | None:
        if node.value == "" and node.tag == _NULL:
            self.blank.add(steps)
        text = self._expand(node, steps)
        # Quotes (a style) and `!!str` (a tag) keep the word null a word.
        plain = not node.style and (node.tag == _NULL or node.value not in NULLS)
        return None if plain and text in NULLS else text

    def _expand(self, node: yaml.ScalarNode, steps: Steps) -> str:
        def value(found: re.Match[str]) -> str:
            if found["dollar"]:
                return "$"
            if found["odd"]:
                self._complain(
                    node, steps, "`${` begins a variable such as ${NAME} or ${NAME:-default}; $$ is a dollar"
                )
                return ""
            # As in a shell, `:-` steps in for a variable that is unset or empty.
            if found["default"] is not None:
                return self._env.get(found["name"]) or found["default"]
            if found["name"] not in self._env:
                self._complain(node, steps, f"the environment variable {found['name']} is not set")
            return self._env.get(found["name"], "")

        return _VARIABLE.sub(value, str(node.value))

    def _complain(self, node: yaml.Node, steps: Steps, what: str) -> None:
        self.broken.add(steps)
        self.mistakes.append(Mistake(_place(node.start_mark), steps, what))


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place()
