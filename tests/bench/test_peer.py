"""Processes that are told what to do: what they answer, and what becomes of a mistake."""

import pytest

from tests.bench.peer import Peer, RowError


def test_a_load_that_cannot_connect_says_so_and_lives_on() -> None:
    with Peer("load", None) as load:
        load.ask("at", url="ws://127.0.0.1:1", script="meter-1.6", name="T")
        with pytest.raises(RowError, match=r"load: .*refused"):
            load.ask("open", count=1)
        assert load.ask("followed")["lost"] == 0


def test_one_that_is_gone_is_an_error_and_no_riddle() -> None:
    with Peer("csms", None) as csms:
        assert csms.heard()["port"] > 0
        csms._process.kill()
        csms._process.wait()
        with pytest.raises(RowError, match="the csms is gone"):
            csms.ask("report")
