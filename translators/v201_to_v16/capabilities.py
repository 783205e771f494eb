"""What a 1.6 CSMS can do beyond its core, learnt from what it says and does. Memory:

speaks/security       it knows the security extension
speaks/prices         it tells the price for a user (SetUserPrice)
lacks/<convention>    {"seen"} it does not know this DataTransfer convention
"""

from collections.abc import Generator
from typing import Any

from translators.effects import Remember, Step
from translators.session import Session

_ASKED_AGAIN_AFTER = 86400.0
"""A CSMS changes without a word."""


def speaks_security(session: Session) -> Generator[Step, Any, None]:
    if "speaks/security" not in session.memory:
        yield Remember("speaks/security", True)


def lacks(session: Session, convention: str) -> bool:
    said = session.memory.get(f"lacks/{convention}")
    return said is not None and session.unix_time - float(said["seen"]) < _ASKED_AGAIN_AFTER


def learn_lack(session: Session, convention: str) -> Generator[Step, Any, None]:
    yield Remember(f"lacks/{convention}", {"seen": session.unix_time})
