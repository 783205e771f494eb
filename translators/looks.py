"""What a guarded call that was let through would change, and what stands against it: by item, for `warden`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from translators import guard
from translators.effects import PeerError
from translators.frames import BadFrame, Error, NoAnswer, Payload, Result
from translators.options import Adoption, Options

_SECRETS = ("AuthorizationKey", "BasicAuthPassword")
_CANNOT = "cannot be adopted"


@dataclass(slots=True)
class Look:
    """One guarded item of a call: its name in `guard`, the rule for it, its place among the items and the name it has
    there, why it must not reach the station, the new secret or certificate chain that is to be followed."""

    name: str
    rule: str
    place: int = 0
    own: str = ""
    objection: str | None = None
    secret: str | None = None
    chain: str | None = None

    @property
    def works(self) -> bool:
        """Whether something has to be known before the station is told."""
        return self.secret is not None or self.chain is not None

    def __repr__(self) -> str:
        return f"Look({self.name}, {self.rule}, {self.objection})"


def looked_at(
    version: str, action: str, call: Payload, options: Options, rule_of_certificates: Callable[[str], str]
) -> list[Look]:
    """The guarded items of a call to a station of this version, none for one that is nobody's concern. Rejected ones have
    not come this far."""
    rules = options.guard
    if action == "ChangeConfiguration":
        name, rule = guard.rule_of_key(call.get("key"), rules)
        rule = _of_either(rule, rules)
        return [_setting(name, name, rule, call.get("value"), 0, options.adoption)] if name else []
    if action == "SetVariables":
        found = []
        for place, item in enumerate(guard.variables(call)):
            name, rule = guard.rule_of_variable(item, rules)
            if name is not None:
                value = item.get("attributeValue") if isinstance(item, dict) else None
                own, rule = guard.variable_name(item), _of_either(rule, rules)
                found.append(_setting(name, own, rule, value, place, options.adoption))
        return found
    rule = rule_of_certificates(action) if action in guard.OWN_CERTIFICATE else rules.get(action, "reject")
    if rule == "reject" and action != "CertificateSigned":
        return []
    if action == "SetNetworkProfile":
        return [_network_profile(rule, call, options)]
    if action == "InstallCertificate":
        return [Look(action, rule)] if guard.is_root(call) else []
    if action == "CertificateSigned":
        return _certificate(rule, call, options.adoption)
    return [Look(action, rule)]


def _of_either(rule: str, rules: guard.Rules) -> str:
    """The CSMS may have asked for it by the action of the other version."""
    said = {rules.get(action) for action in ("ChangeConfiguration", "SetVariables")}
    return rule if rule != "reject" else next((one for one in ("adopt", "forward") if one in said), rule)


def _setting(name: str, own: str, rule: str, value: Any, place: int, adoption: Adoption) -> Look:
    look = Look(name, rule, place, own)
    if rule != "adopt":
        return look
    names = {name.casefold(), own.casefold()}
    if not isinstance(value, str):
        look.objection = "no value"
    elif names & {one.casefold() for one in _SECRETS}:
        if not value:
            look.objection = "an empty password"
        elif adoption.verifies_password:
            look.secret = value
    elif "securityprofile" in names:
        look.objection = _no_way_in(value, adoption)
    elif "networkconfigurationpriority" in names:
        slots = [slot.strip() for slot in value.split(",")]
        if not all(slot.isascii() and slot.isdecimal() for slot in slots):
            look.objection = "not a list of slots"
    else:
        look.objection = _CANNOT
    return look


def _no_way_in(profile: object, adoption: Adoption) -> str | None:
    """Why the station could not come back with this profile."""
    text = str(profile).strip()
    if text in {str(one) for one in adoption.profiles}:
        return None
    return "no listener takes this security profile, or it is lower"


def _network_profile(rule: str, call: Payload, options: Options) -> Look:
    look = Look("SetNetworkProfile", rule)
    data = call.get("connectionData")
    if rule != "adopt":
        return look
    if not isinstance(data, dict):
        look.objection = "no connection data"
        return look
    look.objection = _no_way_in(data.get("securityProfile"), options.adoption)
    if _host(data.get("ocppCsmsUrl")) != options.adoption.host.casefold():
        look.objection = "leads away from this gateway"
    identity = data.get("identity")
    if identity is not None and str(identity).casefold() != options.identity.casefold():
        look.objection = "gives the station another name"
    secret = data.get("basicAuthPassword")
    if isinstance(secret, str) and secret and options.adoption.verifies_password:
        look.secret = secret
    return look


def _host(url: object) -> str:
    try:
        return (urlsplit(url).hostname or "").casefold() if isinstance(url, str) else ""
    except ValueError:
        return ""


def _certificate(rule: str, call: Payload, adoption: Adoption) -> list[Look]:
    if guard.is_for_car(call):
        return []
    look = Look("CertificateSigned", rule)
    if adoption.signs:
        look.rule, look.objection = "gateway", "the station's certificate is signed by the gateway"
    elif rule == "adopt" and adoption.verifies_certificate and isinstance(call.get("certificateChain"), str):
        look.chain = call["certificateChain"]
    return [look] if look.rule != "reject" else []


def refusal(version: str, action: str, call: Payload, looks: list[Look]) -> Payload:
    """The answer in the station's place to a call with an objection."""
    if action == "SetVariables":
        items = guard.variables(call)
        names: list[str | None] = [None] * len(items)
        for look in looks:
            names[look.place] = look.name if look.objection else None
        return guard.refused_together(items, names).answer
    answer: Payload = {"status": "Rejected"}
    if version != "ocpp1.6":
        answer["statusInfo"] = {"reasonCode": "UnsupportedRequest", "additionalInfo": "managed by the gateway"}
    return answer


_TOLD = {"Accepted": "accepted", "RebootRequired": "reboot_required"}


def outcomes(action: str, reply: Result | Error | NoAnswer, looks: list[Look]) -> list[str]:
    """What the peer said of each: accepted, reboot_required, rejected, or failed, of which nobody knows."""
    if isinstance(reply, NoAnswer):
        return ["unanswered"] * len(looks)
    if isinstance(reply, Error):
        unsupported = PeerError(reply.code, reply.description, {}).unsupported
        return ["rejected" if unsupported else "failed"] * len(looks)
    try:
        answer = reply.payload
    except BadFrame:
        return ["failed"] * len(looks)
    if action != "SetVariables":
        return [_outcome(answer.get("status"))] * len(looks)
    results = answer.get("setVariableResult")
    results = results if isinstance(results, list) else []
    return [_outcome(_told(results, look)) for look in looks]


def _told(results: list[Any], look: Look) -> object:
    """The status of the item: by its variable's name where that is plain, else by its place."""
    named = [result for result in results if guard.variable_name(result).casefold() == look.own.casefold()]
    if len(named) != 1:
        named = results[look.place : look.place + 1]
    return named[0].get("attributeStatus") if named and isinstance(named[0], dict) else None


def _outcome(status: object) -> str:
    if not isinstance(status, str):
        return "failed"
    return _TOLD.get(status.strip(), "rejected")
