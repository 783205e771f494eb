"""Transactions."""

from translators.carrying import fitted
from translators.effects import Ask
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation


def transaction_event(call: Payload, session: Session) -> Conversation:
    """TransactionEvent -> TransactionEvent; samples, reasons and costs of 2.1 are lost, and a token of more than 36
    characters is left out and Invalid. 2.0.1 E02."""
    event = yield from fitted("ocpp2.0.1", "TransactionEvent", call)
    answer = yield Ask("TransactionEvent", event)
    up: Payload = yield from fitted("ocpp2.1", "TransactionEvent", answer, answer=True)
    if "idToken" in call and "idToken" not in event:
        # The CSMS knows of the transaction and of nobody who could be billed for it.
        return {**up, "idTokenInfo": {"status": "Invalid"}}
    return up
