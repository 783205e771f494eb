"""Runs a collection of real frames through the parser, the passthrough and the translators, and prints what became of them.

`make corpus CORPUS=folder`: the folder holds `frames.jsonl`, one record a line with `version` (1.6, 2.0.1 or 2.1),
`direction` (`charger->csms` or `csms->charger`) and `frame` (the text). Exit 1 when a frame breaks a promise: every
call whose id can be read gets one answer, what goes on is valid, same-version text is untouched.
"""

import json
import sys
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

from gateway.switchboard import Switchboard
from tests import minimal
from translators import schemas
from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import CALL, BadFrame, Call, Error, Result, decode
from translators.links import LINKS, between
from translators.options import Options

VERSIONS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}
_NOW = 1_795_000_000.0
_FAILURES = frozenset({"mapping_failed", "invalid_output"})


class Broken(AssertionError):
    """A promise that was not kept."""


def board(station: str, csms: str, **options: Any) -> Switchboard:
    """A switchboard with a fresh session between these versions."""
    ids = count(1)
    stage = between(
        station,
        csms,
        options=Options(identity="CP-1", **options),
        memory={},
        new_id=lambda: f"g{next(ids)}",
        connected_at=_NOW,
        epoch=0.0,
    )
    return Switchboard(stage, station_version=station, csms_version=csms)


def carry(one: Switchboard, effects: list[Effect], versions: dict[str, str], now: float) -> list[Effect]:
    """Answer every call that comes out with the smallest valid answer, until nothing more comes."""
    seen: list[Effect] = []
    work = list(effects)
    while work:
        if len(seen) > 200:
            raise Broken("no end of calls")
        effect = work.pop(0)
        seen.append(effect)
        if isinstance(effect, ToStation | ToCsms) and isinstance(effect.frame, Call):
            side = "station" if isinstance(effect, ToStation) else "csms"
            action = effect.frame.action
            wrong = schemas.offences(versions[side], action, effect.frame.payload, answer=False)
            if wrong:
                raise Broken(f"invalid: {effect.frame.text}: {wrong[0]}")
            take = one.from_station if side == "station" else one.from_csms
            work += take(Result(effect.frame.message_id, minimal.answer(versions[side], action)), now)
    return seen


def across(text: str, version: str, other: str, from_station: bool) -> str:
    """What becomes of one call on the link to `other`: translated, mended, refused CODE, withheld. Raises Broken."""
    versions = {"station": version, "csms": other} if from_station else {"station": other, "csms": version}
    one = board(versions["station"], versions["csms"])
    frame = decode(text)
    assert isinstance(frame, Call)
    take = one.from_station if from_station else one.from_csms
    now = _NOW
    seen = carry(one, take(frame, now), versions, now)
    for _ in range(8):
        due = one.deadline()
        if due is None:
            break
        now = max(now, due)
        seen += carry(one, one.tick(now), versions, now)
    failed = [effect.facts for effect in seen if isinstance(effect, Note) and effect.kind in _FAILURES]
    if failed:
        raise Broken(str(failed[0]))
    back = ToStation if from_station else ToCsms
    answers = [
        effect.frame
        for effect in seen
        if isinstance(effect, back) and isinstance(effect.frame, Result | Error) and effect.frame.key == frame.key
    ]
    if any(isinstance(effect, Close) for effect in seen):
        return "withheld"
    if len(answers) != 1:
        raise Broken(f"{len(answers)} answers")
    answer = answers[0]
    if isinstance(answer, Error):
        return f"refused {answer.code}"
    if schemas.offences(version, frame.action, answer.payload, answer=True):
        raise Broken(f"invalid answer {answer.text}")
    return "mended" if any(isinstance(effect, Note) and effect.kind == "mended" for effect in seen) else "translated"


def untouched(text: str, version: str) -> None:
    """Same version on both sides: the text as it came. Raises Broken."""
    one = board(version, version)
    effects = one.from_station(decode(text), _NOW)
    if [effect.frame.text for effect in effects if isinstance(effect, ToCsms)] != [text]:
        raise Broken("the text is not untouched")


def unreadable(bad: BadFrame, text: str, version: str) -> str:
    """What becomes of a text that is no frame. Raises Broken."""
    one = board(version, version)
    effects = one.bad_from_station(bad, _NOW)
    if bad.message_type == CALL and not any(isinstance(effect, ToStation) for effect in effects):
        raise Broken("a call without an answer")
    return f"no frame: {bad.kind}"


def run(records: list[dict[str, Any]]) -> tuple[Counter[str], list[str]]:
    """Counts of what became of the frames, and the promises broken."""
    counts: Counter[str] = Counter()
    broken: list[str] = []
    for record in records:
        version, text = VERSIONS[record["version"]], record["frame"]
        from_station = record["direction"] == "charger->csms"
        try:
            try:
                frame = decode(text)
            except BadFrame as bad:
                counts[unreadable(bad, text, version)] += 1
                continue
            if not isinstance(frame, Call):
                counts["answer read"] += 1
                continue
            untouched(text, version)
            counts["untouched in the same version"] += 1
            for station, csms in LINKS:
                if (station if from_station else csms) == version:
                    other = csms if from_station else station
                    counts[f"{version} > {other}: {across(text, version, other, from_station)}"] += 1
        except Broken as error:
            broken.append(f"{record.get('id', '')} {error}: {text[:200]}")
    return counts, broken


def main() -> None:
    folder = Path(sys.argv[1])
    records = [json.loads(line) for line in (folder / "frames.jsonl").read_text().splitlines()]
    counts, broken = run(records)
    print(f"{len(records)} frames")
    for name, number in sorted(counts.items()):
        print(f"{number:6}  {name}")
    for line in broken:
        print(f"BROKEN  {line}", file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
