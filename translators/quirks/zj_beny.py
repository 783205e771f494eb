"""ZJ Beny.

Seen while a charge was going on (lbbrhzn/ocpp#1078): MeterValues have a comma right after the bracket that opens
sampledValue, `"sampledValue":[,{...`, which is not JSON. Refused, the station goes on, and none of its meter values
ever arrives.

The mend needs the text before it is decoded, so it is made only for stations that configuration names. It touches
nothing but that comma, and only in a text that no parser takes.
"""

import re

from translators.quirk import Quirk

_STRAY = re.compile(r'("sampledValue"\s*:\s*\[\s*),')


def without_stray_comma(text: str) -> str:
    return _STRAY.sub(r"\1", text)


QUIRK = Quirk(
    "The comma right after the bracket that opens sampledValue is dropped",
    ("lbbrhzn/ocpp#1078",),
    text=without_stray_comma,
    passthrough=True,
)
