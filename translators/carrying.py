"""A call that both versions know under one name: carried over, its payload made to fit, and so is the answer."""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from translators.effects import Ask, Note, Step
from translators.fitting import Misfit, fit
from translators.fitting_losses import losses
from translators.frames import Payload
from translators.losses import lost
from translators.tables import Conversation, MappingFunction, Row, mapped
from translators.words.v21 import RULES

Refusal = Callable[[Misfit], Payload | None]
"""The answer to a call that does not fit, or None for a CALLERROR."""


def carried(
    near: str,
    far: str,
    action: str,
    text: str = "",
    *,
    otherwise: Refusal = lambda misfit: None,
    unfit: Refusal = lambda misfit: None,
) -> Row:
    """The row of an action that is the same action on the far side. `otherwise` answers a call that cannot be said
    there; `unfit` stands in for an answer that cannot be said here."""

    def run(call: Payload, session: Any) -> Conversation:
        return (yield from carry(near, far, action, call, otherwise=otherwise, unfit=unfit))

    summary = f"{action} -> {action}{'; ' + text if text else ''}"
    return Row("translated", summary, run, (action,), lambda: losses(RULES, near, far, action))


def carried_by(near: str, far: str, function: MappingFunction, action: str) -> Row:
    """The same, for a mapping that does more with what is carried."""
    return replace(mapped(function, action), losses=lambda: losses(RULES, near, far, action))


def carry(
    near: str,
    far: str,
    action: str,
    call: Payload,
    *,
    otherwise: Refusal = lambda misfit: None,
    unfit: Refusal = lambda misfit: None,
) -> Generator[Step, Any, Payload]:
    """Ask the far side the same, and give its answer back."""
    try:
        payload = yield from fitted(far, action, call)
    except Misfit as misfit:
        return _or_raise(misfit, otherwise)
    answer = yield Ask(action, payload)
    try:
        return (yield from fitted(near, action, answer, answer=True))
    except Misfit as misfit:
        return _or_raise(misfit, unfit)


def fitted(version: str, action: str, payload: Payload, *, answer: bool = False) -> Generator[Step, Any, Payload]:
    """The payload as the version can say it; what it cannot say is noted. Raises Misfit."""
    try:
        fitting, left = fit(RULES, version, action, payload, answer=answer)
    except Misfit as misfit:
        yield Note("lost", {"field": misfit.field, "why": misfit.keyword})
        raise
    yield from lost(*left)
    return fitting


def _or_raise(misfit: Misfit, instead: Refusal) -> Payload:
    answer = instead(misfit)
    if answer is None:
        raise misfit
    return answer


def status(word: str, **more: Any) -> Refusal:
    """A refusing status, with the place that does not fit."""
    return lambda misfit: {"status": word, **more, "statusInfo": info(misfit)}


def info(misfit: Misfit) -> Payload:
    """Why, as StatusInfoType."""
    return {"reasonCode": misfit.reason, "additionalInfo": str(misfit)[:512]}
