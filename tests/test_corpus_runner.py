"""The runner of real frames, on frames written for it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import corpus
from tests.corpus import Broken, run, untouched


def record(frame: str, version: str = "1.6", direction: str = "charger->csms") -> dict[str, Any]:
    return {"id": "r", "version": version, "direction": direction, "frame": frame}


def test_calls_go_everywhere_their_version_leads() -> None:
    counts, broken = run([record('[2, "a", "Authorize", {"idTag": "CARD1"}]')])
    assert broken == []
    assert counts["untouched in the same version"] == 1
    assert counts["ocpp1.6 > ocpp2.0.1: translated"] == 1


def test_what_becomes_of_odd_frames_is_counted() -> None:
    counts, broken = run(
        [
            record('[2,"a","Authorize",{"idTag":5}]'),
            record('[2,"b","Authorize",{}]'),
            record('[3,"c",{}]'),
            record('[2,"d","Authorize",{"idTag":'),
            record('[9,"e",{}]'),
            record('[2,"f","Reset",{"type":"Soft"}]', direction="csms->charger"),
            record('[2,"g","Heartbeat",{}]', "2.0.1"),
        ]
    )
    assert broken == []
    assert counts["ocpp1.6 > ocpp2.0.1: mended"] == 1
    assert counts["ocpp1.6 > ocpp2.0.1: refused OccurenceConstraintViolation"] == 1
    assert counts["answer read"] == 1
    assert counts["no frame: not_json"] == 1
    assert counts["no frame: message_type"] == 1
    assert counts["ocpp1.6 > ocpp2.0.1: translated"] == 1
    assert counts["ocpp2.0.1 > ocpp1.6: translated"] == 1


def test_a_broken_promise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Board:
        def from_station(self, frame: Any, now: float) -> list[Any]:
            return []

        from_csms = from_station

        def deadline(self) -> None:
            return None

        def bad_from_station(self, bad: Any, now: float) -> list[Any]:
            return []

    monkeypatch.setattr(corpus, "board", lambda *versions, **options: Board())
    with pytest.raises(Broken, match="untouched"):
        untouched('[2,"a","Heartbeat",{}]', "ocpp1.6")
    counts, broken = run([record('[2,"a","Heartbeat",{}]'), record('[2,"b","Heartbeat",')])
    assert not counts
    assert len(broken) == 2
    assert broken[0].startswith("r the text is not untouched: ")
    assert broken[1].startswith("r a call without an answer: ")


def test_it_prints_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [record('[2,"a","Heartbeat",{}]'), record('[3,"b",{}]')]
    (tmp_path / "frames.jsonl").write_text("\n".join(map(json.dumps, lines)))
    monkeypatch.setattr(sys, "argv", ["corpus", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        corpus.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("2 frames\n     1  answer read\n")
