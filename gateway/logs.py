"""Structured logs: one event a line, JSON or for people, never a secret."""

import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from aiohttp.http_exceptions import HttpProcessingError

from gateway.config import Log
from gateway.lines import Lines

REDACTED = "[redacted]"
_ALWAYS = ("authorization", "password", "token", "secret")
_OURS = frozenset({"exception", "timestamp", "level", "_record", "_from_structlog"})
_TEXT_LIMIT = 500
_URL = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://)(?P<user>[^/?#\s@]*@)?(?P<rest>[^?#\s]*)(?P<query>[?#]\S*)?"
)
"""What an address tells besides where it is: user and password, and keys in its query."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _address(found: re.Match[str]) -> str:
    user = f"{REDACTED}@" if found["user"] else ""
    return f"{found['scheme']}{user}{found['rest']}{'?' + REDACTED if found['query'] else ''}"


def without_secrets(text: str) -> str:
    """A text without what its addresses tell besides where they are."""
    return _URL.sub(_address, text) if "://" in text else text


def printable(text: str) -> str:
    """A peer's text as it may stand in a log line: no address with a password, nothing a terminal obeys, not long."""
    if len(text) > _TEXT_LIMIT:
        text = f"{text[:_TEXT_LIMIT]}[{len(text) - _TEXT_LIMIT} more]"
    return _UNPRINTABLE.sub(lambda odd: f"\\u{ord(odd.group()):04x}", without_secrets(text))


def where(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: where an exception came from, never with what. The local variables of this program are
    payloads, and so are the texts of many exceptions: that of a KeyError is the key."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = _told(error)
    return event


def _told(error: BaseException) -> str:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    first = f"{_told(before)}\n" if before is not None else ""
    steps = "".join(traceback.format_tb(error.__traceback__))
    return f"{first}Traceback (most recent call last):\n{steps}{type(error).__qualname__}"


class Redact:
    """A structlog processor that hides the values of named keys, however deep, and makes texts printable."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(name.casefold() for name in (*names, *_ALWAYS))

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {key: value if key in _OURS else self._clean(key, value) for key, value in event.items()}

    def _clean(self, key: str, value: Any) -> Any:
        if key.casefold() in self._names:
            return REDACTED
        if isinstance(value, dict):
            return {name: self._clean(str(name), member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(key, member) for member in value]
        return printable(value) if isinstance(value, str) else value


def configure(log: Log) -> Lines:
    """Send every event, structlog's and the standard library's, to stderr in one form. What comes back writes them, and
    is to be stopped at the end."""
    level = getattr(logging, log.level.upper())
    plain = log.format == "json" or (log.format == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        where,
        Redact(log.redact),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # One that does nothing at all for what is below the level; structlog.stdlib's raises and catches for it.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    render = structlog.processors.JSONRenderer() if plain else structlog.dev.ConsoleRenderer(colors=colours)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    )
    handler = Lines(sys.stderr.fileno())
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("asyncio", "aiohttp.access", "aiohttp.server", "aiohttp.websocket"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(is_ours)
    return handler


def is_ours(record: logging.LogRecord) -> bool:
    """Not what somebody sent who speaks no HTTP: it has its 400, and a traceback of each would fill the log."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)
