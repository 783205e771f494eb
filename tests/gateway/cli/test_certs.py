"""`certs`: files from nothing, data as lines or JSON, mistakes as one line."""

import json
from pathlib import Path

from tests.gateway.cli.run_command import ocpp_gateway


def test_a_ca_and_what_it_issues(tmp_path: Path) -> None:
    assert ocpp_gateway("certs", "init", cwd=tmp_path) == (0, "certs/ca.crt\ncerts/ca.key\n", "")
    done = ocpp_gateway("certs", "server", "localhost", "127.0.0.1", cwd=tmp_path)
    assert done == (0, "certs/server.crt\ncerts/server.key\n", "")
    code, out, _ = ocpp_gateway("certs", "server", "--rsa", "localhost", "--json", "--days", "30", cwd=tmp_path)
    found = json.loads(out)
    assert code == 0
    assert (found["certificate_file"], found["key_file"]) == ("certs/server-rsa.crt", "certs/server-rsa.key")
    assert (found["names"], found["key_type"], found["key_bits"]) == (["localhost"], "RSA", 2048)
    done = ocpp_gateway("certs", "station", "CP-1", "--organisation", "Example", cwd=tmp_path)
    assert done == (0, "certs/station-CP-1.crt\ncerts/station-CP-1.key\n", "")

    code, out, err = ocpp_gateway("certs", "inspect", "certs/ca.crt", "certs/station-CP-1.crt", "--json", cwd=tmp_path)
    assert (code, err) == (0, "")
    authority, station = (json.loads(line) for line in out.splitlines())
    assert (authority["file"], authority["is_ca"]) == ("certs/ca.crt", True)
    assert (station["subject"], station["issuer"]) == ("O=Example,CN=CP-1", authority["subject"])


def test_inspect_prints_a_block_and_tells_of_every_file_it_cannot_read(tmp_path: Path) -> None:
    ocpp_gateway("certs", "init", "--directory", ".", cwd=tmp_path)
    code, out, err = ocpp_gateway("certs", "inspect", "none.crt", "ca.crt", "ca.key", cwd=tmp_path)
    assert code == 1
    assert out.splitlines()[:2] == ["ca.crt", "  subject  CN=OCPP gateway development CA"]
    assert "  key      EC secp256r1, 256 bits" in out
    assert err.splitlines() == [
        "ocpp-gateway: none.crt: No such file or directory",
        "ocpp-gateway: ca.key holds no certificate in PEM form",
    ]


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    done = ocpp_gateway("certs", "server", "localhost", cwd=tmp_path)
    assert done == (1, "", "ocpp-gateway: certs/ca.crt does not exist; `certs init` makes it\n")
    ocpp_gateway("certs", "init", cwd=tmp_path)
    code, out, err = ocpp_gateway("certs", "init", cwd=tmp_path)
    assert (code, out) == (1, "")
    assert err == "ocpp-gateway: certs/ca.crt and certs/ca.key exist; --force overwrites\n"
    assert ocpp_gateway("certs", "init", "--force", cwd=tmp_path)[0] == 0
    code, _, err = ocpp_gateway("certs", "station", "a/b", cwd=tmp_path)
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith("ocpp-gateway: 'a/b' is not a station identity: ")
    (tmp_path / "file").write_text("")
    code, _, err = ocpp_gateway("certs", "init", "--directory", "file/certs", cwd=tmp_path)
    assert (code, err) == (1, "ocpp-gateway: file/certs: Not a directory\n")
