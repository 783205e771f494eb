"""Who ended a connection, and what was said on it."""

import ast
from pathlib import Path

from gateway import records
from gateway.records import closed_by, said
from gateway.sockets import Traffic

GATEWAY = Path(records.__file__).parent


def test_who_ended_it() -> None:
    assert closed_by("station_lost") == "station"
    assert closed_by("backend_lost") == "backend"
    assert closed_by("drain") == "gateway"
    assert closed_by("protocol") == "gateway"


def test_the_reasons_it_knows_are_reasons_that_there_are() -> None:
    texts = {
        node.value
        for path in GATEWAY.rglob("*.py")
        if path.name != "records.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not (records._BY_STATION | records._BY_BACKEND) - texts


def test_frames_and_bytes_each_way() -> None:
    assert said(Traffic(1, 20, 3, 40)) == {"frames_in": 1, "bytes_in": 20, "frames_out": 3, "bytes_out": 40}
