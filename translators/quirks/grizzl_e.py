"""Grizzl-E (United Chargers).

Seen with Smart models GRS (lbbrhzn/ocpp#176, lbbrhzn/ocpp#442): asked for a configuration key it does not know, the
station's answer ends with the empty configurationKey list, `[3,"...",{"configurationKey":[]`, and the brackets that
close the object and the frame never come.

The brackets are put where they are missing and nothing else is. It needs the text before it is decoded, so it is done
only for stations that configuration names.
"""

import re

from translators.quirk import Quirk

_CUT_OFF = re.compile(r'\s*\[\s*3\s*,\s*"[^"\\]+"\s*,\s*\{\s*"configurationKey"\s*:\s*\[\s*\]\s*')


def closed(text: str) -> str:
    return text.rstrip() + "}]" if _CUT_OFF.fullmatch(text) else text


QUIRK = Quirk(
    "The brackets missing at the end of an empty GetConfiguration answer are added",
    ("lbbrhzn/ocpp#176", "lbbrhzn/ocpp#442"),
    text=closed,
    passthrough=True,
)
