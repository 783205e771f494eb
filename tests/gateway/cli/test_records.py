"""Records turned into rows."""

from typing import Any

from gateway.cli.records import Rows
from gateway.demo.pairs import Row


def record(side: str, direction: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    told = {"station": "CP-1", "at": 1.0, "payload": {}, "action": "A"}
    return {**told, "side": side, "direction": direction, "type": kind, "id": name, **more}


def rows_of(*records: dict[str, Any], flush: bool = True) -> list[tuple[str, str | None, str, str]]:
    found: list[Row] = []
    rows = Rows(found.append)
    for one in records:
        rows.feed(one)
    if flush:
        rows.flush()
    return [
        (row.how, row.asker, *(frame.id if frame is not None else "" for frame in (row.station, row.csms)))
        for row in found
    ]


def test_a_call_stands_beside_what_it_became_and_so_do_the_answers() -> None:
    assert rows_of(
        record("station", "in", "call", "1"),
        record("csms", "out", "call", "g1", cause="1"),
        record("csms", "out", "call", "g2", cause="1"),
        record("csms", "in", "result", "g1", cause="1"),
        record("station", "out", "result", "1", what="translated"),
        flush=False,
    ) == [
        ("call", "station", "1", "g1"),
        ("further", "station", "", "g2"),
        ("answer", "station", "1", "g1"),
    ]


def test_the_csmss_call_goes_the_other_way() -> None:
    assert rows_of(
        record("csms", "in", "call", "1"),
        record("station", "out", "call", "1", cause="1"),
        record("station", "in", "error", "1", cause="1", payload={"errorCode": "X", "errorDescription": ""}),
        record("csms", "out", "error", "1", what="passed on"),
    ) == [("call", "csms", "1", "1"), ("answer", "csms", "1", "1")]


def test_answers_here_and_the_gateways_own_calls() -> None:
    assert rows_of(
        record("station", "in", "call", "1"),
        record("station", "out", "result", "1", what="answered here"),
        record("station", "out", "call", "o"),
        record("station", "in", "result", "o"),
    ) == [
        ("here", "station", "1", ""),
        ("here_answer", "station", "1", ""),
        ("own", None, "o", ""),
        ("own_answer", None, "o", ""),
    ]


def test_what_waits_is_shown_alone_when_nothing_comes_or_something_else_does() -> None:
    assert rows_of(record("station", "in", "send", "1")) == [("here", "station", "1", "")]
    assert rows_of(
        record("station", "in", "call", "1"),
        record("csms", "in", "result", "g0", cause="0"),
        record("csms", "in", "call", "2"),
        record("csms", "out", "call", "g1", cause="1"),
    ) == [
        ("here", "station", "1", ""),
        ("own_answer", None, "", "g0"),
        ("further", "station", "", "g1"),
        ("here", "csms", "", "2"),
    ]
