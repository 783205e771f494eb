"""Writes the corpus that fuzzing starts from: `python -m tests.fuzz.seeds`. Everything in it was made up here."""

import base64
import random
from pathlib import Path

from tests.fuzz.board import PAIRS
from tests.integration.websocket.cases import CASES
from tests.integration.websocket.deflate_cases import DEFLATE_CASES
from tests.integration.websocket.raw import Frames

CORPUS = Path(__file__).parent / "corpus"
_FRAMES = [
    '[2,"a1","Heartbeat",{}]',
    '[3,"a1",{"currentTime":"2026-11-21T10:00:00Z"}]',
    '[4,"a1","InternalError","",{}]',
    '[5,"a1","InternalError","",{}]',
    '[6,"a1","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"2026-11-21T10:00:00Z","data":[]}]',
    '[2,17,"Heartbeat",{}]',
    '[2,"","Heartbeat",{}]',
    '\ufeff[2,"bom","Heartbeat",{}]',
    '[2,"n","Heartbeat",{"x":1e400,"y":-0.0,"z":1.10}]',
    '[2,"dup","Heartbeat",{"x":1,"x":2}]',
    '[2,"s","Heartbeat",{"x":"\\ud800"}]',
    '[2,"d","Heartbeat",' + "[" * 200 + "]" * 200 + "]",
    '  [ 2 , "sp" , "Heartbeat" , { } ] ',
]
_DOOR = [
    b"CP-1",
    b"Rdam%7C1",
    b"/ocpp/CP-1",
    b"//ocpp//CP-1/?x=1",
    b"Basic " + base64.b64encode(b"CP-1:secret"),
    b"Basic !!",
    b"ocpp1.6, ocpp2.0.1,,",
    b"listeners:\n- {bind: '127.0.0.1:1', auth: none}\nbackends: {a: {url: 'ws://x/${A:-b}'}}\n",
    b"a: &a [*a]\n",
    b"a: !!python/object:os.system x\n",
]


def write() -> None:
    chaos = random.Random(1)
    made = {
        "frames": [text.encode() for text in _FRAMES],
        "door": _DOOR,
        "wire": [
            bytes((masked, 7)) + b"".join(case.chunks(Frames(bool(masked)), case.call))[:300]
            for case in CASES[::4]
            for masked in (0, 1)
        ]
        + [bytes((3, 7)) + b"".join(case.chunks(Frames(True), case.call[:300]))[:300] for case in DEFLATE_CASES[::3]],
        "board": [bytes((pair,)) + chaos.randbytes(200) for pair in range(len(PAIRS)) for _ in range(3)],
    }
    for name, octets in made.items():
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(octets):
            (folder / f"seed-{number:02}").write_bytes(content)


if __name__ == "__main__":
    write()
