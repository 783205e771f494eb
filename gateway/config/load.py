"""Reads the configuration file: text, shape, meaning; all mistakes of one run together."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from gateway.config import checks
from gateway.config.document import Document, Mistake
from gateway.config.model import Config
from gateway.config.values import resolve
from gateway.config.wording import mistakes_of


class ConfigError(Exception):
    """The file cannot be used. `mistakes` are lines `file:line:column: path.to.key: what is wrong`, in file order;
    `stations_file` is the one it names, if that much could be made out."""

    def __init__(self, mistakes: Sequence[str], stations_file: Path | None = None) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)
        self.stations_file = stations_file


def load(path: Path, env: Mapping[str, str]) -> Config:
    """The configuration in the file at `path`, its `${NAME}` taken from `env`. Raises ConfigError with every mistake."""
    return parse(read_text(path), env, path=path)


def read_text(path: Path) -> str:
    """The text of a file. Raises ConfigError."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([f"{path}:1:1: (file): cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigError([f"{path}:{line}:{column}: (file): is not UTF-8 text"]) from None


def parse(text: str, env: Mapping[str, str], *, path: Path = Path("gateway.yaml")) -> Config:
    """The configuration in `text` as if it stood in the file `path`. Raises ConfigError with every mistake."""
    document = Document(text, path.absolute().parent, env)
    found = list(document.mistakes)
    config = None
    if not isinstance(document.data, dict):
        if not found:
            what = "is empty" if document.data is None else "should be a mapping (key: value) at the top"
            found.append(document.mistake((), what))
    else:
        objections: list[Mistake] = []
        try:
            config = Config.model_validate(document.data, context={"base": document.base})
        except ValidationError as error:
            objections = [mistake for mistake in mistakes_of(error, document) if not document.is_broken(mistake.steps)]
        # Of one value one thing is said; the checks read what is left when the shape is wrong elsewhere.
        told = {mistake.steps for mistake in objections}
        meaning = [mistake for mistake in checks.mistakes(document) if not document.is_broken(mistake.steps)]
        found += objections + [mistake for mistake in meaning if mistake.steps not in told]
    if found or config is None:
        raise ConfigError(lines(found, path), _stations_file(document))
    config._path = path
    config._warnings = tuple(lines(list(checks.warnings(document, config)), path))
    return config


def lines(mistakes: list[Mistake], path: Path) -> list[str]:
    """The mistakes of the file at `path` as they are printed, each once, in file order."""
    in_order = sorted(mistakes, key=lambda mistake: (mistake.place, mistake.steps and str(mistake.steps)))
    return list(dict.fromkeys(mistake.line(str(path)) for mistake in in_order))


def _stations_file(document: Document) -> Path | None:
    name = document.get("stations_file")
    if not isinstance(name, str) or not name or document.is_broken(("stations_file",)):
        return None
    path = resolve(name, document.base)
    return path if path.is_file() else None
