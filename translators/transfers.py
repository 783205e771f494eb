"""Guarded calls in disguise: a DataTransfer of a CSMS that carries one of OCPP's own calls by its name.

Plug & Charge with 1.6 sends messages of 2.0.1 so, and vendors bring calls of the other version to stations that take them,
as the message that `messageId` names or as a whole frame in `data`. Such a call is judged as if it came by itself. What a
vendor has its own words for is not known here, and passes. PURE.
"""

import re
from typing import NamedTuple

import msgspec

from translators import guard, schemas
from translators.effects import Ask, PeerError
from translators.frames import CALL, BadFrame, Error, NoAnswer, Payload, Result

WHY = "in a DataTransfer"
_SUFFIXES = ("request", "req")


class Carried(NamedTuple):
    """The call within: what it is counted under, and whether the station has to be asked before it can be judged."""

    name: str
    rule: str
    call: Payload
    is_to_be_asked: bool = False


def _folded(name: str) -> str:
    folded = re.sub(r"[\W_]", "", name).casefold()
    return next((folded.removesuffix(end) for end in _SUFFIXES if folded.endswith(end)), folded)


_CALLS = {
    _folded(name): name
    for name in ("ChangeConfiguration", "DeleteCertificate", "InstallCertificate", "SetNetworkProfile", "SetVariables")
}
"""Not the station's own certificate: by Plug & Charge it is the car's that is meant."""


def guarded(transfer: Payload, rules: guard.Rules) -> Carried | None:
    """The guarded call in a DataTransfer to a station, None where there is none. Only with the rule `forward` may it go
    on: what a vendor's envelope comes to cannot be followed, so `adopt` is not enough."""
    if rules.get(guard.TRANSFER) == "forward":
        return None
    action, call = _within(transfer)
    if call is None:
        return None
    if action == "ChangeConfiguration":
        name, rule = guard.rule_of_key(call.get("key"), rules)
        return Carried(name, rule, call) if name else None
    if action == "SetVariables":
        found = [guard.rule_of_variable(item, rules) for item in guard.variables(call)]
        named = [Carried(name, rule, call) for name, rule in found if name]
        return min(named, key=lambda one: one.rule == "forward", default=None)
    if action == "InstallCertificate" and not guard.is_root(call):
        return None
    rule = rules.get(action, "reject")
    return Carried(action, rule, call, action == "DeleteCertificate" and rule != "forward")


def is_harmless(version: str, carried: Carried, ask: Ask, reply: Result | Error | NoAnswer) -> bool:
    """Whether the call may go on, by what the station answered to the question about it (`guard.question`). One that does
    not know the question keeps no root that could be named."""
    if isinstance(reply, Error):
        return PeerError(reply.code, reply.description, {}).unsupported
    try:
        if not isinstance(reply, Result) or not schemas.valid(version, ask.action, reply.payload, answer=True):
            return False
        return guard.refusal(version, carried.name, carried.call, {}, reply.payload) is None
    except BadFrame:
        return False


def _within(transfer: Payload) -> tuple[str, Payload | None]:
    data = transfer.get("data")
    if isinstance(data, str):
        try:
            data = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return "", None
    named = transfer.get("messageId")
    if isinstance(data, list) and len(data) == 4 and data[0] == CALL:
        named, data = data[2:]
    action = _CALLS.get(_folded(named), "") if isinstance(named, str) else ""
    return action, data if action and isinstance(data, dict) else None
