"""What a 1.6 station can do beyond its core, learnt from what it says and does. Memory:

station/capability/security   it speaks the security extension
station/lacks/<what>          it does not know this action or convention: the firmware version that does not
capability/costmsg            its configuration key CustomDisplayCostAndPrice: true, false
"""

from collections.abc import Generator
from typing import Any

from translators.asking import ask_if_known
from translators.effects import Forget, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.v16_to_v201.device import learned

COST_SHOWN = "CustomDisplayCostAndPrice"
_SECURITY = "station/capability/security"


def lacks(session: Session, what: str) -> bool:
    """Whether the station has said that it cannot do this, with the firmware it has now."""
    return bool(session.memory.get(_key(what)) == _firmware(session))


def learn_lack(session: Session, what: str) -> Generator[Step, Any, None]:
    yield Remember(_key(what), _firmware(session))


def ask_if_able(session: Session, action: str, payload: Payload) -> Generator[Step, Any, Payload | None]:
    """The station's answer to an action of the security extension; None from a station that does not know it, which is
    not asked again before it has another firmware."""
    if lacks(session, action):
        return None
    answer = yield from ask_if_known(action, payload)
    if answer is None:
        yield from learn_lack(session, action)
        return None
    yield Forget(_key(action))
    yield from has_security_extension(session)
    return answer


def has_security_extension(session: Session) -> Generator[Step, Any, None]:
    if _SECURITY not in session.memory:
        yield Remember(_SECURITY, True)


def says_it_shows_cost(session: Session) -> bool | None:
    """Whether the station shows costs, by its configuration; None: it has not been heard, or has no such key."""
    said = (learned(session, COST_SHOWN) or "").strip().lower()
    return said == "true" if said in ("true", "false") else None


def may_show_cost(session: Session) -> bool:
    """Whether a cost is worth sending: the station says so, or has said nothing and not refused one yet."""
    said = says_it_shows_cost(session)
    return not lacks(session, COST_SHOWN) if said is None else said


def _key(what: str) -> str:
    return f"station/lacks/{what}"


def _firmware(session: Session) -> str:
    boot = session.memory.get("station/boot", {}).get("call", {})
    return str(boot.get("firmwareVersion", ""))
