"""Fixtures of the gateway's tests."""

import pytest

from gateway import config


@pytest.fixture
def everything_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this version honoured everything that can be configured."""
    for key in list(config.NOT_YET):
        monkeypatch.delitem(config.NOT_YET, key)
