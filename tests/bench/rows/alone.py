"""A message without kernel, TLS and loop, in this process."""

import asyncio
import gc

from tests.bench import path, translation
from tests.bench.lab import Lab


def measure(lab: Lab) -> None:
    """`alone/path/PROXY` from the octets of one connection to those of the other and back; `alone/translation/ACTION` of
    that the translation with its schema checks; microseconds of one core, the best of many series."""
    series = lab.scale.alone_series
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 1_000)
    try:
        for name, version in (("gateway passthrough", "ocpp1.6"), ("gateway 1.6 to 2.0.1", "ocpp2.0.1")):
            lab.figures.add(f"alone/path/{name}", asyncio.run(path.cost(version, series)), "us", "less")
    finally:
        gc.set_threshold(*before)
    for action, cost in translation.costs(12 * series).items():
        lab.figures.add(f"alone/translation/{action.replace('->', 'to')}", cost, "us", "less")
