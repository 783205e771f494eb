"""The stations file's word and what was adopted since."""

from typing import Any

import pytest

from gateway.ledger import Ledger
from gateway.proofs import CERTIFICATE, SECRET, Used, remember
from gateway.refusal import RefusedError
from gateway.stations import Station
from gateway.stations.model import Subject
from translators import adopted

STATION = Station(password_hash="file", certificate=Subject(sha256=("f1", "f2")))


class Written(Ledger):
    """A ledger without a store, and what was given to it."""

    def __init__(self, memory: dict[str, Any]) -> None:
        self.memory, self.given = memory, dict[tuple[str, str], Any]()

    def adopt(self, unwritten: dict[tuple[str, str], Any]) -> None:
        self.given |= unwritten
        for (_, key), value in unwritten.items():
            if value is None:
                del self.memory[key]
            else:
                self.memory[key] = value


def held(**memory: object) -> Written:
    return Written({f"station/{name}": value for name, value in memory.items()})


def test_the_file_alone() -> None:
    assert SECRET.accepted(STATION, {}) == ("file",)
    assert CERTIFICATE.accepted(STATION, {}) == ("f1", "f2")
    assert SECRET.accepted(Station(), {}) == ()
    nothing = held()
    remember(STATION, nothing, Used(SECRET, "file"))
    assert (nothing.memory, nothing.given) == ({}, {})


def test_the_first_login_with_the_new_one() -> None:
    record = adopted.begun(None, SECRET.over(STATION), "1", ["new"])
    one = held(secret=record)
    assert SECRET.accepted(STATION, one.memory) == ("file", "new")
    remember(STATION, one, Used(SECRET, "file"))
    assert one.given == {}
    remember(STATION, one, Used(SECRET, "new"))
    assert one.given == {("", "station/secret"): one.memory["station/secret"]}
    assert SECRET.accepted(STATION, one.memory) == ("new",)
    # Another connection with the old one was verified before that.
    with pytest.raises(RefusedError) as refused:
        remember(STATION, one, Used(SECRET, "file"))
    assert (refused.value.status, refused.value.reason) == (401, "password")


def test_another_file_wins() -> None:
    record = adopted.came_in(adopted.begun(None, CERTIFICATE.over(STATION), "1", ["n"]), "1")
    other = Station(certificate=Subject(sha256=("f3",)))
    one = held(certificate=record)
    assert CERTIFICATE.accepted(STATION, one.memory) == ("n",)
    assert CERTIFICATE.accepted(other, one.memory) == ("f3",)
    remember(other, one, Used(CERTIFICATE, "f3"))
    assert one.memory == {}
    assert one.given == {("", "station/certificate"): None}
