"""What is asked of the store for a message that passes: `INFO commandstats` of a real Redis, before and after."""

import time
from typing import Any

from redis import Redis

from tests.bench.lab import Lab, redis_url
from tests.bench.peer import RowError
from tests.bench.proxies import PASSTHROUGH, TRANSLATE

_STATIONS = 20
_SETTLE_SECONDS = 1.5


def measure(lab: Lab) -> None:
    """`store/PROXY/KIND`: commands per round trip, those inside scripts included, above those of as long a time without
    messages. KIND is `transaction` (its readings) or `other` (readings by the clock)."""
    for proxy in lab.wanted(PASSTHROUGH, TRANSLATE):
        for kind, script in (("other", "clock-1.6"), ("transaction", "meter-1.6")):
            name = f"store/{proxy.name}/{kind}"
            try:
                with (
                    lab.redis() as redis,
                    lab.csms() as csms,
                    lab.proxy(proxy, csms, store=redis_url(redis)) as running,
                    lab.load(running.url, script) as load,
                ):
                    load.ask("open", count=_STATIONS)
                    time.sleep(_SETTLE_SECONDS)  # what the opening wrote is not the messages'
                    quiet = _commands(redis, lab.scale.store_seconds)
                    load.ask("start")
                    load.ask("record")
                    busy = _commands(redis, lab.scale.store_seconds)
                    report = load.ask("report")
                    if report["errors"] or not report["round_trips"]:
                        raise RowError(str(report["errors"] or "no round trip in the window"))
            except RowError as error:
                lab.fail(name, error)
                continue
            each = max(0, busy - quiet) / report["round_trips"]
            lab.figures.add(name, each, "commands", "less")
            lab.tell(f"{name}: {busy} commands, {quiet} without messages, {report['round_trips']} round trips")


def _commands(redis: "Redis", seconds: float) -> int:
    """Called in this time, by anybody but us."""
    redis.config_resetstat()
    time.sleep(seconds)
    found: Any = redis.info("commandstats")
    ours = ("cmdstat_info", "cmdstat_config", "cmdstat_config|resetstat")
    return sum(int(numbers["calls"]) for name, numbers in found.items() if name not in ours)
