"""AEFA.

Seen with model Home OCPP, firmware SW:A1B_2.8 (lbbrhzn/ocpp#2032): every MeterValues of a charge has a transactionId
without a value, `"transactionId":,`, which is not JSON. The rest of the message is sound.

The member is dropped, so the values are told without their transaction; which one it was is not guessed. It needs the
text before it is decoded, so it is done only for stations that configuration names.
"""

import re

from translators.quirk import Quirk

_EMPTY = re.compile(r'"transactionId"\s*:\s*,')


def without_empty_member(text: str) -> str:
    return _EMPTY.sub("", text, count=1)


QUIRK = Quirk(
    "A transactionId without a value is dropped",
    ("lbbrhzn/ocpp#2032",),
    text=without_empty_member,
    passthrough=True,
)
