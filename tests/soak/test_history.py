"""Histories: in memory, in a file that a killed writer left, in one order of time."""

import subprocess
import sys
from pathlib import Path

from tests.soak.history import History, dump, load, merged

_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.soak.history import History
history = History("backend", Path(sys.argv[1]))
for number in range(50):
    history.note("recv", "S-1", key=f"meter:{number}")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_in_memory_and_back_from_a_file(tmp_path: Path) -> None:
    history = History("fleet")
    history.note("send", "S-1", connection="S-1#1", id="m1", key="start:1", tx="T", code=7)
    dump(history.events, tmp_path / "h.jsonl")
    assert load(tmp_path / "h.jsonl") == history.events
    assert history.events[0].about == {"code": 7}


def test_a_kill_loses_none(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False, timeout=60)
    assert done.returncode == -9
    assert [event.key for event in load(path)] == [f"meter:{number}" for number in range(50)]


def test_a_line_that_was_being_written_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    history = History("backend", path)
    history.note("started")
    history.close()
    with path.open("ab") as file:
        file.write(b'{"t":1,"act')
    assert [event.kind for event in load(path)] == ["started"]


def test_all_actors_in_one_order() -> None:
    one, two = History("fleet"), History("test")
    one.note("open")
    two.note("fault")
    one.note("close")
    assert [event.kind for event in merged(one.events, two.events)] == ["open", "fault", "close"]
