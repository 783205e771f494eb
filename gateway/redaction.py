"""Payloads as people may see them and files may hold them: without secrets, otherwise whole. PURE."""

import json
from collections.abc import Callable
from typing import Any

from gateway.logs import REDACTED, without_secrets

_ENDINGS = ("password", "secret", "authorization")
_WHOLE = frozenset({"token", "vpn", "simpin"})
"""Hidden whole: what logs hide, and the access to a network (2.0.1 part 2, VPNType and APNType)."""
_PLAIN = frozenset({"type"})
"""Beside a token, these say what it is and not whose."""
_VALUES = ("value", "attributeValue", "actualValue", "variableAttribute", "variableMonitoring")

Hide = Callable[[Any], Any]


def redaction(names: tuple[str, ...]) -> Hide:
    """What makes a copy of a JSON value without secrets. `names` (any letter case): members that end so, and
    configuration keys and variables of that name. Passwords, secrets, and what stands in an address besides where it is,
    are always hidden. May raise RecursionError."""
    folded = tuple(dict.fromkeys(name.casefold() for name in names))
    endings = (*folded, *_ENDINGS)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return _text(value, clean)
        if isinstance(value, dict):
            secret = _named(value).endswith(endings)
            return {
                name: _hidden(member) if (secret and name in _VALUES) or _is_secret(name) else clean(member)
                for name, member in value.items()
            }
        return [clean(member) for member in value] if isinstance(value, list) else value

    def _is_secret(name: str) -> bool:
        name = name.casefold()
        return name in _WHOLE or name.endswith(endings)

    return clean


def _named(value: dict[str, Any]) -> str:
    """The configuration key (1.6) or variable (2.x) that an object is about."""
    variable = value.get("variable")
    name = variable.get("name") if isinstance(variable, dict) else value.get("key")
    return name.casefold() if isinstance(name, str) else ""


def _hidden(value: Any) -> Any:
    """Of the same shape, so that it still fits its schema."""
    if isinstance(value, dict):
        return {name: member if name in _PLAIN else _hidden(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_hidden(member) for member in value]
    return value if value is None or isinstance(value, bool) else REDACTED


def _text(text: str, clean: Hide) -> str:
    """JSON in a text (DataTransfer) has members as well."""
    if text[:1] in ("{", "["):
        try:
            inner = json.loads(text)
        except ValueError:
            return without_secrets(text)
        cleaned = clean(inner)
        return text if cleaned == inner else json.dumps(cleaned, separators=(",", ":"), ensure_ascii=False)
    return without_secrets(text)
