"""What is done for a session that adopts."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway import adopter
from gateway.adopter import Adopter, adoption, host_of
from gateway.config import parse
from gateway.identity import Identity
from gateway.metrics import Metrics
from gateway.node import Node
from gateway.passwords import verify_password
from gateway.proofs import SECRET
from gateway.stations import Station, Stations
from gateway.store import make_store
from translators.effects import Work

TEXT = """\
listeners: [{bind: "127.0.0.1:1", auth: basic, security_profiles: [1]}, {bind: "127.0.0.1:2", auth: forward}]
backends: {a: {url: "ws://h/"}}
routes: [{backend: a}]
store: "memory:"
stations_file: s.yaml
"""


def node(folder: Path, text: str = TEXT, **stations: Station) -> Node:
    (folder / "s.yaml").write_text("{}")
    config = parse(text, {}, path=folder / "g.yaml")
    return Node(config, Stations(stations), make_store(config), Metrics())


def work(kind: str, value: str) -> Work:
    return Work(kind, value, lambda result, now: [])


@pytest.mark.parametrize(
    ("header", "host"),
    [("gw.example:8443", "gw.example"), ("[::1]:80", "::1"), ("GW", "gw"), ("", ""), ("[", "")],
)
def test_hosts(header: str, host: str) -> None:
    assert host_of(header) == host


async def test_a_password_is_hashed_in_every_form(tmp_path: Path) -> None:
    one = node(tmp_path)
    for version, value, forms in (
        ("ocpp1.6", "00ff" * 8, [bytes.fromhex("00ff" * 8)]),
        ("ocpp1.6", "00ff", [b"\x00\xff", b"00ff"]),
        ("ocpp1.6", "a text", [b"a text"]),
        ("ocpp2.0.1", "00ff", [b"00ff"]),
    ):
        found = await Adopter(one, Identity("CP-1", "cp-1"), version).work(work("hash", value))
        assert len(found["lines"]) == len(forms)
        assert all(map(verify_password, forms, found["lines"]))
        assert found["over"] == SECRET.over(Station())
    one.logins.close()


async def test_no_authority_to_sign_with(tmp_path: Path) -> None:
    one = node(tmp_path)
    found = await Adopter(one, Identity("CP-1", "cp-1"), "ocpp1.6").work(work("sign", "x"))
    assert found == {"why": "no station_ca"}


async def test_an_authority_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = node(tmp_path)
    told: list[Any] = []

    def gone(*_: object) -> None:
        raise FileNotFoundError("stations.key")

    monkeypatch.setattr(adopter, "issue", gone)
    monkeypatch.setattr(adopter, "_logger", type("L", (), {"error": lambda self, *a, **k: told.append((a, k))})())
    one.config = one.config.model_copy(update={"station_ca": object()})
    found = await asyncio.wait_for(Adopter(one, Identity("CP-1", "cp-1"), "ocpp1.6").work(work("sign", "x")), 10)
    assert found == {"why": "the authority cannot be used"}
    assert told == [(("station_ca_unusable",), {"station": "CP-1", "why": "stations.key"})]


async def test_what_is_verified_of_a_station(tmp_path: Path) -> None:
    one = node(tmp_path)
    backend = one.config.backends["a"]
    found = adoption(one, Station(), {}, backend, 1, "gw")
    assert (found.verifies_password, found.verifies_certificate, found.signs) == (True, False, False)
    assert (found.profiles, found.host) == (frozenset({1}), "gw")
    assert adoption(one, Station(), {"station/profile": 2}, backend, 1, "gw").profiles == frozenset()
    only = node(tmp_path, TEXT.replace("auth: basic, ", ""))
    assert not adoption(only, Station(password_hash="x"), {}, backend, 0, "").verifies_password
