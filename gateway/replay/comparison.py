"""What a CSMS answers otherwise than the one that was captured. PURE."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from gateway.replay.capture import Answer

Kind = Literal["error", "difference"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`error`: the CSMS did not do its part; `difference`: it did it otherwise."""

    kind: Kind
    text: str


def compared(was: Answer | None, now: Answer | None) -> list[Finding]:
    """Findings of one answer. Times, ids and other values are each CSMS's own: what counts is whether it answered, what
    it decided (`status` and all that end so), and whether something is missing. `was` None: the capture has no answer;
    `now` None: none came."""
    if now is None:
        return [Finding("error", "no answer")] if was is not None else []
    if now.is_error:
        if was is not None and was.is_error and was.payload.get("errorCode") == now.payload.get("errorCode"):
            return []
        kind: Kind = "difference" if was is not None and was.is_error else "error"
        return [Finding(kind, f"CALLERROR {_error(now)}, was {_error(was) if was and was.is_error else 'answered'}")]
    if was is None:
        return []
    if was.is_error:
        return [Finding("difference", f"answered, was CALLERROR {_error(was)}")]
    return [Finding("difference", text) for text in _walk("", was.payload, now.payload)]


def _error(answer: Answer) -> str:
    return f"{answer.payload.get('errorCode', '')} {answer.payload.get('errorDescription', '')}".strip()


def _walk(place: str, was: Any, now: Any) -> Iterator[str]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name, member in was.items():
            path = f"{place}.{name}" if place else name
            if name not in now:
                yield f"{path}: missing, was {_short(member)}"
            elif name.casefold().endswith("status") and not isinstance(member, dict | list):
                if now[name] != member:
                    yield f"{path}: {_short(now[name])}, was {_short(member)}"
            else:
                yield from _walk(path, member, now[name])
    elif isinstance(was, list) and isinstance(now, list):
        if len(was) != len(now):
            yield f"{place}: {len(now)} entries, was {len(was)}"
        for number, (one, other) in enumerate(zip(was, now, strict=False)):
            yield from _walk(f"{place}[{number}]", one, other)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
