"""What makes a row count, and what makes it fail."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.bench import proxies
from tests.bench.certificates import make
from tests.bench.peer import RowError
from tests.bench.processes import Launch, Site, running
from tests.bench.proof import prove
from tests.bench.proxies import TRANSLATE, install_peers

HEARTBEAT = ["ocpp2.0.1", json.dumps([2, "1", "Heartbeat", {}])]


def prove_with(calls: dict[str, int], samples: list[list[str]], **report: Any) -> None:
    prove(TRANSLATE, {"errors": {}, "round_trips": 8} | report, 10, {"calls": calls, "samples": samples})


def test_work_that_was_done_counts() -> None:
    prove_with({"ocpp2.0.1 TransactionEvent": 10}, [HEARTBEAT])


@pytest.mark.parametrize(
    ("calls", "samples", "report", "why"),
    [
        ({"ocpp2.0.1 TransactionEvent": 10}, [], {"errors": {"connection lost": 2}}, "connection lost"),
        ({"ocpp2.0.1 TransactionEvent": 10}, [], {"round_trips": 0}, "no round trip"),
        ({"ocpp1.6 MeterValues": 10}, [], {}, "only 0 messages"),
        ({"ocpp2.0.1 TransactionEvent": 9}, [], {}, "10 answers, but only 9"),
        ({"ocpp2.0.1 MeterValues": 10}, [["ocpp1.6", HEARTBEAT[1]]], {}, "spoken to in ocpp1.6"),
        (
            {"ocpp2.0.1 MeterValues": 10},
            [["ocpp2.0.1", '[2,"1","MeterValues",{"evseId":1}]']],
            {},
            "MeterValues .* not valid: .*meterValue",
        ),
    ],
)
def test_work_that_was_not_done_does_not(
    calls: dict[str, int], samples: list[list[str]], report: dict[str, Any], why: str
) -> None:
    with pytest.raises(RowError, match=why):
        prove_with(calls, samples, **report)


def test_a_proxy_that_does_not_start_says_why(tmp_path: Path) -> None:
    site = Site(tmp_path, "ws://127.0.0.1:1", make(tmp_path), None)
    broken = Launch(["sh", "-c", "echo no such verb >&2; exit 2"], "", lambda: False)
    with pytest.raises(RowError, match=r"ended with 2 before it was ready: no such verb"), running(broken, site):
        pass


def test_a_proxy_that_dies_meanwhile_is_no_row(tmp_path: Path) -> None:
    site = Site(tmp_path, "ws://127.0.0.1:1", make(tmp_path), None)
    brief = Launch(["sh", "-c", "sleep 0.1; echo enough >&2; exit 3"], "", lambda: True)
    with pytest.raises(RowError, match="died while it was measured: enough"), running(brief, site) as one:
        os.waitid(os.P_PID, one.pid or 0, os.WEXITED | os.WNOWAIT)


def test_peers_that_cannot_be_installed_are_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "find", lambda _name: None)
    monkeypatch.setattr(proxies.shutil, "which", lambda _name: None)
    with pytest.raises(RowError, match="run: sudo apt-get install") as raised:
        install_peers()
    assert "\n" not in str(raised.value)
