"""Structured logs: one event a line, JSON or for people, never a secret."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from gateway.config import Log

_REDACTED = "[redacted]"
_TRACEBACK = ExceptionDictTransformer(show_locals=False)
"""Where it happened, never with what: the local variables of this program are payloads."""
_ALWAYS = ("authorization", "password", "token", "secret")


class Redact:
    """A structlog processor that hides the values of named keys, however deep."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(name.casefold() for name in (*names, *_ALWAYS))

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {key: self._clean(key, value) for key, value in event.items()}

    def _clean(self, key: str, value: Any) -> Any:
        if key.casefold() in self._names:
            return _REDACTED
        if isinstance(value, dict):
            return {name: self._clean(str(name), member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(key, member) for member in value]
        return value


def configure(log: Log) -> None:
    """Send every event, structlog's and the standard library's, to stderr in one form."""
    level = getattr(logging, log.level.upper())
    plain = log.format == "json" or (log.format == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        Redact(log.redact),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render: list[Any] = (
        [structlog.processors.ExceptionRenderer(_TRACEBACK), structlog.processors.JSONRenderer()]
        if plain
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("asyncio", "aiohttp.access", "aiohttp.server", "aiohttp.websocket"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
