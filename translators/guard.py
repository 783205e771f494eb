"""Calls that could take a station away from this gateway or lock it out, and how each is refused.

Configuration says of each name `reject`, `forward`, or `adopt`: forward, and follow what changes (`warden`). What it does
not name is rejected. The links with 1.6 see to their
own, for there a key is a variable. This is for connections whose two sides mean the same by a call: those of one version
(`passthrough`), and those between 2.0.1 and 2.1.

The station's own certificate is refused only where configuration says `reject`: on such a connection a CSMS and a
station that agree on one know what they do. What a DataTransfer carries is judged nearer to the station (`transfers`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from translators import keys
from translators.effects import Ask, Note, PeerError
from translators.frames import BadFrame, Call, Payload
from translators.keys import Variable
from translators.session import Session
from translators.tables import Conversation, Row, Table

Rules = Mapping[str, str]

_CERTIFICATES = frozenset({"DeleteCertificate", "InstallCertificate"})
_GUARDED = {
    "ocpp1.6": _CERTIFICATES | {"ChangeConfiguration"},
    "ocpp2.0.1": _CERTIFICATES | {"SetNetworkProfile", "SetVariables"},
    "ocpp2.1": _CERTIFICATES | {"SetNetworkProfile", "SetVariables"},
}
OWN_CERTIFICATE = frozenset({"CertificateSigned", "SignCertificate"})
TRANSFER = "DataTransfer"
"""What it carries is judged by `transfers`; with `forward` nothing is."""
ACTIONS = frozenset[str]().union(OWN_CERTIFICATE, *_GUARDED.values())
NAMES = (*sorted(ACTIONS | {TRANSFER}), *keys.GUARDED)
"""Every name that configuration may hold, keys and variables as their makers spell them."""

_ROOTS = frozenset({"centralsystemrootcertificate", "csmsrootcertificate"})
_FOR_CAR = frozenset({"v2gcertificate", "v2g20certificate"})
_MANAGED = "managed by the gateway"
_BESIDE = "not passed on: the same request sets what is managed by the gateway"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`calls` are the guarded names, of few for all languages; `answer` is a whole answer of that version."""

    calls: tuple[str, ...]
    answer: Payload


def is_let_through(rules: Rules, action: str) -> bool:
    """Whether configuration lets the action reach the other side whatever it is about."""
    return rules.get(action) in ("adopt", "forward")


def is_adoptable(name: str) -> bool:
    """Whether `adopt` has a meaning for the name: those that say where a station connects or as whom have none."""
    return name in ACTIONS or keys.is_adoptable(name)


def is_known(name: str) -> bool:
    """Whether the name has a meaning in configuration. Of keys and variables case and punctuation do not count."""
    return name in NAMES or keys.is_guarded_name(name)


def looked_at(version: str, rules: Rules) -> frozenset[str]:
    """The actions of which a call may be refused."""
    kept = {action for action in _GUARDED[version] if not is_let_through(rules, action)}
    return frozenset(kept | {action for action in OWN_CERTIFICATE if rules.get(action) == "reject"})


def question(version: str, action: str) -> Ask | None:
    """What to ask the station before a call can be judged: it alone knows which root a hash names."""
    if action != "DeleteCertificate":
        return None
    use: str | list[str] = "CentralSystemRootCertificate" if version == "ocpp1.6" else ["CSMSRootCertificate"]
    return Ask("GetInstalledCertificateIds", {"certificateType": use})


def refusal(version: str, action: str, call: Payload, rules: Rules, told: Payload | None = None) -> Refusal | None:
    """How to refuse a call of an action that is looked at; None for one that may go on.

    `call` need not fit its schema, and the answer to one that does not need not either. `told`: the station's valid
    answer to `question`; None from one that cannot say: what cannot be looked at is not deleted.
    """
    if action == "SetVariables":
        return _variables_refused(call, rules)
    if action == "ChangeConfiguration":
        name = refused_key(call.get("key"), rules)
        return Refusal((name,), {"status": "Rejected"}) if name else None
    if action == "DeleteCertificate":
        may_go = told is not None and not any(may_be(call.get("certificateHashData"), one) for one in _roots(told))
    elif action == "InstallCertificate":
        may_go = not is_root(call)
    else:
        may_go = action in OWN_CERTIFICATE and is_for_car(call)
    if may_go:
        return None
    answer: Payload = {"status": "Failed" if action == "DeleteCertificate" else "Rejected"}
    if version != "ocpp1.6":
        answer["statusInfo"] = _why("UnsupportedRequest", _MANAGED)
    return Refusal((action,), answer)


def refused_key(key: object, rules: Rules) -> str | None:
    """The name to count a 1.6 key under, when it is not to be changed."""
    name, rule = rule_of_key(key, rules)
    return name if rule == "reject" else None


def rule_of_key(key: object, rules: Rules) -> tuple[str | None, str]:
    """The name to count a 1.6 key under, None for one that is not guarded, and the rule for it."""
    name = keys.guarded_key(key) if isinstance(key, str) else None
    if name is None:
        return None, "forward"
    known = keys.key_named(name)
    also = [one.name for one in known.variables] if known is not None else []
    return name, keys.rule(rules, "ChangeConfiguration", name, *also)


def refused_variable(item: object, rules: Rules) -> str | None:
    """The name to count a variable under, when it is not to be set."""
    name, rule = rule_of_variable(item, rules)
    return name if rule == "reject" else None


def rule_of_variable(item: object, rules: Rules) -> tuple[str | None, str]:
    """The name to count a variable under, None for one that is not guarded, and the rule for it."""
    one = Variable(_name(item, "component"), variable_name(item))
    # Vendors carry the names of their 1.6 keys over.
    name = keys.guarded_variable(one) or keys.guarded_key(one.name)
    if name is None:
        return None, "forward"
    key = keys.key_behind(one)
    also = [key.name] if key is not None else []
    return name, keys.rule(rules, "SetVariables", name, one.name, *also)


def variable_name(item: object) -> str:
    """The variable's name in an item of SetVariables; empty where there is none."""
    return _name(item, "variable")


def is_root(call: Payload) -> bool:
    """Whether an InstallCertificate is about a root that the station checks its CSMS by."""
    return _word(call.get("certificateType")) in _ROOTS


def is_for_car(call: Payload) -> bool:
    """Whether a SignCertificate or CertificateSigned is about Plug & Charge, not the station's own connection."""
    return _word(call.get("certificateType")) in _FOR_CAR


def is_call_for_car(call: Call) -> bool:
    """The same of a call, whose payload need not be readable."""
    try:
        return is_for_car(call.payload)
    except BadFrame:
        return False


def may_be(wanted: object, root: Payload) -> bool:
    """Whether a certificate's hash data names that root. Hashes by another algorithm cannot be compared: then the serial
    number decides."""
    if not isinstance(wanted, dict):
        return False

    def same(name: str) -> bool:
        return str(wanted.get(name)).lower().lstrip("0") == str(root[name]).lower().lstrip("0")

    return same("serialNumber") and (not same("hashAlgorithm") or (same("issuerNameHash") and same("issuerKeyHash")))


def guarded(table: Table) -> dict[str, Row]:
    """A table of a link between 2.0.1 and 2.1, its rows guarded where they have to be."""
    return {action: _guarded(action, row) if action in ACTIONS else row for action, row in table.items()}


_TOLD = {
    "DeleteCertificate": "; Failed for a CSMS's root, unless configured",
    "InstallCertificate": "; Rejected for a CSMS's root, unless configured",
    "SetNetworkProfile": "; any is Rejected, unless configured",
    "SetVariables": "; guarded variables are Rejected, unless configured",
}


def _guarded(action: str, row: Row) -> Row:
    def run(call: Payload, session: Session) -> Conversation:
        version, rules = session.link.csms_version, session.options.guard
        if not session.guards or action not in looked_at(version, rules):
            return (yield from row.run(call, session))
        if action == "SetVariables":
            return (yield from _item_by_item(row, call, session))
        told = None
        ask = question(version, action)
        if ask is not None:
            try:
                told = yield ask
            except PeerError:
                told = None
        refused = refusal(version, action, call, rules, told)
        if refused is None:
            return (yield from row.run(call, session))
        for name in refused.calls:
            yield Note("guarded", {"call": name})
        return refused.answer

    ask = question("ocpp2.0.1", action)
    becomes = (*row.becomes, ask.action) if ask is not None else row.becomes
    return replace(row, summary=row.summary + _TOLD.get(action, ""), run=run, becomes=becomes)


def _item_by_item(row: Row, call: Payload, session: Session) -> Conversation:
    """The station is asked for what it may be asked for; the refused stand behind its own answers."""
    free: list[Payload] = []
    kept: list[Payload] = []
    for item in call["setVariableData"]:
        name = refused_variable(item, session.options.guard)
        if name is None:
            free.append(item)
        else:
            yield Note("guarded", {"call": name})
            kept.append(_variable_refused(item, "UnsupportedParam", _MANAGED))
    if not free:
        return {"setVariableResult": kept}
    answer = yield from row.run({**call, "setVariableData": free}, session)
    assert answer is not None
    return {**answer, "setVariableResult": answer["setVariableResult"] + kept}


def _variables_refused(call: Payload, rules: Rules) -> Refusal | None:
    """A request that goes on as it came, or not at all: with one item refused all are."""
    items = variables(call)
    names = [refused_variable(item, rules) for item in items]
    return refused_together(items, names) if any(names) else None


def variables(call: Payload) -> list[Any]:
    """The items of a SetVariables request, which need not fit its schema."""
    items = call.get("setVariableData")
    return items if isinstance(items, list) else [items]


def refused_together(items: list[Any], names: list[str | None]) -> Refusal:
    """A SetVariables of which nothing is set, because of those items that have a name here."""
    results = [
        _variable_refused(item, "UnsupportedParam", _MANAGED)
        if name
        else _variable_refused(item, "Unspecified", _BESIDE)
        for item, name in zip(items, names, strict=True)
    ]
    return Refusal(tuple(name for name in names if name), {"setVariableResult": results})


def _variable_refused(item: Any, code: str, more: str) -> Payload:
    item = item if isinstance(item, dict) else {}
    return {
        "attributeType": item.get("attributeType", "Actual"),
        "attributeStatus": "Rejected",
        "attributeStatusInfo": _why(code, more),
        "component": item.get("component"),
        "variable": item.get("variable"),
    }


def _roots(told: Payload) -> list[Payload]:
    if "certificateHashDataChain" in told:
        return [one["certificateHashData"] for one in told["certificateHashDataChain"]]
    return list(told.get("certificateHashData", []))


def _why(code: str, more: str) -> Payload:
    return {"reasonCode": code, "additionalInfo": more}


def _word(value: object) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _name(item: object, part: str) -> str:
    inner = item.get(part) if isinstance(item, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else None
    return name.strip() if isinstance(name, str) else ""
