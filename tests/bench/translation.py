"""What a translated message costs inside translators, both schema checks and its answer included: microseconds of one
core, without sockets, store and metrics. `python -m tests.bench.translation [--profile]` prints it alone.
"""

import argparse
import cProfile
import gc
import json
import pstats
from collections.abc import Callable
from functools import partial
from itertools import count
from time import perf_counter
from typing import Any

from tests.bench.messages import SAMPLES_16
from translators.effects import Effect, ToCsms, ToStation
from translators.frames import Call, Result, decode
from translators.links import LINKS
from translators.options import Options
from translators.session import Session

EPOCH = 1_795_255_200.0
ROUNDS, SERIES = 20, 800
"""Many short ones: on a machine with other work one of them is undisturbed."""
Step = Callable[[str], list[Effect]]
Trip = tuple[Step, Callable[[int], str]]
"""What a frame's text costs, and the text of the frame of this turn."""


def session(station_version: str, csms_version: str) -> Session:
    ids = count(1)
    link = LINKS[station_version, csms_version]
    options = Options(identity="CP-1")
    return Session(link, options, {}, lambda: f"g{next(ids)}", connected_at=EPOCH, epoch=EPOCH)


def play(one: Session, call: Call, answer: dict[str, Any]) -> None:
    """The call, and the same answer to whatever it becomes."""
    work = one.from_station(decode(call.text), 1.0)
    while work:
        effect = work.pop(0)
        if isinstance(effect, ToCsms):
            work += one.from_csms(decode(Result(effect.frame.message_id, answer).text), 1.0)


def moment(number: int) -> str:
    return f"2026-11-21T{10 + number // 3600 % 12:02d}:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z"


def meter_values_16(samples: list[dict[str, str]]) -> Trip:
    one = session("ocpp1.6", "ocpp2.0.1")
    start = {"connectorId": 1, "idTag": "CARD1", "meterStart": 100, "timestamp": moment(0)}
    play(one, Call("s", "StartTransaction", start), {"idTokenInfo": {"status": "Accepted"}})
    (number,) = [record["int"] for _, record in one.remembered("tx/")]

    def text(turn: int) -> str:
        values = [{"timestamp": moment(turn), "sampledValue": samples}]
        return Call(f"m{turn}", "MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values}).text

    return round_trip(one), text


def transaction_event_201() -> Trip:
    one = session("ocpp2.0.1", "ocpp1.6")
    event: dict[str, Any] = {
        "eventType": "Started",
        "timestamp": moment(0),
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "4fe8ebcf-7a04-54e9-8182-359360ae9d29", "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "CARD1", "type": "Central"},
        "meterValue": [{"timestamp": moment(0), "sampledValue": [{"value": 100, "context": "Transaction.Begin"}]}],
    }
    play(one, Call("s", "TransactionEvent", event), {"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
    assert [record["transactionId"] for _, record in one.remembered("tx/")] == [1]
    wh = {"value": 1234.5, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}}
    power = {"value": 7.2, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W", "multiplier": 3}}

    def text(turn: int) -> str:
        payload = {
            "eventType": "Updated",
            "timestamp": moment(turn),
            "triggerReason": "MeterValuePeriodic",
            "seqNo": turn,
            "transactionInfo": {"transactionId": "4fe8ebcf-7a04-54e9-8182-359360ae9d29"},
            "meterValue": [{"timestamp": moment(turn), "sampledValue": [wh, power]}],
        }
        return Call(f"m{turn}", "TransactionEvent", payload).text

    return round_trip(one), text


def heartbeat(station_version: str, csms_version: str) -> Trip:
    one = session(station_version, csms_version)
    return round_trip(one, {"currentTime": moment(0)}), lambda turn: Call(f"m{turn}", "Heartbeat", {}).text


def round_trip(one: Session, answer: dict[str, Any] | None = None) -> Step:
    given = json.dumps(answer or {}, separators=(",", ":"))

    def both(text: str) -> list[Effect]:
        effects = one.from_station(decode(text), 1.0)
        (asked,) = [effect.frame for effect in effects if isinstance(effect, ToCsms)]
        assert asked.text
        out = one.from_csms(decode(f'[3,"{asked.message_id}",{given}]'), 1.0)
        (answered,) = [effect.frame for effect in out if isinstance(effect, ToStation)]
        assert answered.text
        return out

    return both


ENERGY = {
    "value": "1234.5",
    "context": "Sample.Periodic",
    "measurand": "Energy.Active.Import.Register",
    "unit": "Wh",
}
POWER = {"value": "7.2", "context": "Sample.Periodic", "measurand": "Power.Active.Import", "unit": "kW"}

TRIPS: dict[str, Callable[[], Trip]] = {
    "MeterValues 1.6 -> 2.0.1": partial(meter_values_16, [ENERGY, POWER]),
    "MeterValues of five samples 1.6 -> 2.0.1": partial(meter_values_16, SAMPLES_16),
    "TransactionEvent Updated 2.0.1 -> 1.6": transaction_event_201,
    "Heartbeat 1.6 -> 2.0.1": partial(heartbeat, "ocpp1.6", "ocpp2.0.1"),
    "Heartbeat 2.0.1 -> 1.6": partial(heartbeat, "ocpp2.0.1", "ocpp1.6"),
}


def costs(series: int = SERIES) -> dict[str, float]:
    """Microseconds of a round trip, by action. With the garbage collector as the gateway has it."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 1_000)
    try:
        return _costs(series)
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _costs(series: int) -> dict[str, float]:
    return {name: microseconds(made(), series) for name, made in TRIPS.items()}


def microseconds(trip: Trip, series: int = SERIES) -> float:
    """Per round trip, the best of several series: a busy machine only ever adds."""
    step, text = trip
    best = float("inf")
    for number in range(series):
        texts = [text(number * ROUNDS + turn) for turn in range(1, ROUNDS + 1)]
        began = perf_counter()
        for one in texts:
            step(one)
        best = min(best, (perf_counter() - began) / ROUNDS)
    return best * 1e6


def profile(made: Callable[[], Trip]) -> None:
    step, text = made()
    texts = [text(turn) for turn in range(1, 1000)]
    seen = cProfile.Profile()
    seen.enable()
    for one in texts:
        step(one)
    seen.disable()
    pstats.Stats(seen).sort_stats("tottime").print_stats(28)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.translation")
    parser.add_argument("--profile", action="store_true", help="where the time goes, instead")
    if parser.parse_args().profile:
        for name, made in TRIPS.items():
            print(name)
            profile(made)
    else:
        for name, cost in costs().items():
            print(f"{name}: {cost:.1f} us")


if __name__ == "__main__":
    main()
