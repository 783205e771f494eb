"""`check`: summary and code 0, or every mistake on stderr and code 2."""

import json
from pathlib import Path

import pytest

from tests.gateway.cli.run_command import ROOT, ocpp_gateway

GOOD = """\
listeners: [{bind: "127.0.0.1:8180", auth: none}]
backends:
  legacy: {url: "ws://10.0.0.5/ocpp", subprotocols: [ocpp1.6], auth: none}
  cloud: {url: "${CLOUD}", subprotocols: [ocpp2.0.1], when_down: close, auth: {password: geheim}}
routes:
  - {match: {identity: "BER-*", subprotocol: ocpp2.0.1}, backend: cloud}
  - {backend: legacy}
  - {backend: cloud}
store: memory
limits: {max_connections: 100}  # else a machine with few file descriptors is told so
"""
BAD = """\
listeners: [{bind: "127.0.0.1:8180", outh: none}]
backends: {legacy: {url: "ws://10.0.0.5/ocpp", subprotocols: [ocpp1.6]}}
routes: [{backend: legaci}]
"""


def test_a_good_file_is_summed_up(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(GOOD)
    code, out, err = ocpp_gateway("check", cwd=tmp_path, env={"CLOUD": "wss://csms/{identity}/x"})
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "OK gateway.yaml",
        "listener  ws://127.0.0.1:8180  /{identity} /ocpp/{identity}  ocpp2.1 ocpp2.0.1 ocpp1.6  auth none",
        "backend   legacy  ws://10.0.0.5/ocpp/{identity}  ocpp1.6  when down: hold",
        "backend   cloud  wss://csms/{identity}/x  ocpp2.0.1  when down: close",
        "route     identity BER-*, subprotocol ocpp2.0.1 -> cloud",
        "route     every station -> legacy",
        "route     every station -> cloud",
        "store     memory:",
        "admin     http://127.0.0.1:9090",
        "warning   gateway.yaml:8:5: routes[2]: never used: routes[1] matches every station",
    ]


def test_the_stations_file_is_checked_too(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(GOOD + "stations_file: s.yaml\nunknown_stations: reject\n")
    (tmp_path / "s.yaml").write_text("CP-1: {}\nCP-2: {tags: pilot}\n")
    env = {"CLOUD": "wss://csms/"}
    code, out, _ = ocpp_gateway("check", cwd=tmp_path, env=env)
    assert code == 0
    assert f"stations  2 in {tmp_path}/s.yaml, others: reject" in out.splitlines()
    code, out, _ = ocpp_gateway("check", "--json", cwd=tmp_path, env=env)
    assert json.loads(out)["stations"] == {"file": f"{tmp_path}/s.yaml", "count": 2}
    (tmp_path / "s.yaml").write_text("CP-1: {taggs: x}\nCP-2: {enabled: x}\n")
    for verb in ("check", "run"):
        code, out, err = ocpp_gateway(verb, "-c", "gateway.yaml", cwd=tmp_path, env=env)
        assert (code, out) == (2, "")
        assert err.splitlines() == [
            f"{tmp_path}/s.yaml:1:8: CP-1.taggs: unknown key; did you mean 'tags'?",
            f"{tmp_path}/s.yaml:2:17: CP-2.enabled: should be true or false, not 'x'",
        ]


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(GOOD)
    code, out, err = ocpp_gateway("check", "-c", str(path), "--json", env={"CLOUD": "wss://csms/"})
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["ok"] is True
    assert found["mistakes"] == []
    assert found["warnings"] == [f"{path}:8:5: routes[2]: never used: routes[1] matches every station"]
    assert found["backends"]["cloud"] == {
        "url": "wss://csms/{identity}",
        "subprotocols": ["ocpp2.0.1"],
        "when_down": "close",
    }
    assert found["routes"][0] == {
        "match": {"identity": "BER-*", "subprotocol": "ocpp2.0.1"},
        "backend": "cloud",
        "followers": [],
    }
    assert "geheim" not in out


def test_every_mistake_on_stderr(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(BAD)
    expected = [
        f"{path}:1:38: listeners[0].outh: unknown key; did you mean 'auth'?",
        f"{path}:3:20: routes[0].backend: no backend is named 'legaci'; did you mean 'legacy'?",
    ]
    code, out, err = ocpp_gateway("check", "--config", str(path))
    assert (code, out) == (2, "")
    assert err.splitlines() == expected
    code, out, err = ocpp_gateway("check", "-c", str(path), "--json")
    assert code == 2
    assert json.loads(out) == {"ok": False, "mistakes": expected}
    assert err.splitlines() == expected


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[", b"a: &a [*a]\n", b"\x00", b"- - - -", b"? {a: b}\n: c\n", b"[" * 3000]
)
def test_no_traceback_ever(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g.yaml").write_bytes(content)
    code, out, err = ocpp_gateway("check", "-c", "g.yaml", cwd=tmp_path)
    assert (code, out) == (2, "")
    assert err
    assert all(line.startswith("g.yaml:") for line in err.splitlines())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    line = "gateway.yaml:1:1: (file): cannot be read: No such file or directory\n"
    assert ocpp_gateway("check", cwd=tmp_path) == (2, "", line)


def test_the_example_with_certificates_made_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text((ROOT / "deploy" / "gateway.example.yaml").read_text())
    assert ocpp_gateway("certs", "init", cwd=tmp_path)[0] == 0
    assert ocpp_gateway("certs", "server", "gateway.example.org", cwd=tmp_path)[0] == 0
    code, out, err = ocpp_gateway("check", "-c", "gateway.yaml", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith("OK gateway.yaml\nlistener  wss://0.0.0.0:8443 ")


def test_too_few_descriptors_are_a_warning(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(GOOD.replace("max_connections: 100", "max_connections: 1000000000"))
    code, out, _ = ocpp_gateway("check", cwd=tmp_path, env={"CLOUD": "wss://csms/{identity}/x"})
    assert code == 0
    assert "warning   limits.max_connections: 1000000000 stations need 2000000128 file descriptors" in out
