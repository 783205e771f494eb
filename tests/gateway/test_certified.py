"""What proves a station's identity, and what does not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.certified import Expected, objection
from tests.pki import CLIENT, SERVER, Authority, rsa_key

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cn": "cP-1"},
        {"purposes": None},
        {"purposes": (SERVER, CLIENT)},
        {"key": rsa_key()},
        {"key": ec.generate_private_key(ec.SECP384R1())},
        {"names": ["cp-1.example"]},
    ],
)
def test_good_ones(authority: Authority, options: dict[str, Any]) -> None:
    assert objection(authority.issue("good", **options).der, Expected("cp-1"), NOW) is None


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"cn": "CP-2"}, "another station's"),
        ({"cn": "cp-1.example.com"}, "another station's"),
        ({"cn": ["CP-1", "CP-2"]}, "another station's"),
        ({"cn": []}, "another station's"),
        ({"cn": "CP-1 "}, "another station's"),
        ({"purposes": (SERVER,)}, "not for TLS clients"),
        ({"ca": True}, "an authority's"),
        ({"key": rsa_key(1024)}, "1024 bits"),
        ({"key": ec.generate_private_key(ec.SECP192R1())}, "192 bits"),
        ({"begins": -9, "ends": -1}, "not valid now"),
        ({"begins": 1, "ends": 9}, "not valid now"),
    ],
)
def test_bad_ones(authority: Authority, options: dict[str, Any], why: str) -> None:
    found = objection(authority.issue("bad", **options).der, Expected("cp-1"), NOW)
    assert found is not None
    assert why in found


def test_sha1(authority: Authority) -> None:
    assert "sha1" in str(objection(authority.issue_with_sha1("sha1").der, Expected("cp-1"), NOW))


def test_what_is_no_certificate() -> None:
    assert objection(b"\x30\x00", Expected("cp-1"), NOW) == "the certificate cannot be read"


def test_organisations(authority: Authority) -> None:
    der = authority.issue("o").der
    assert objection(der, Expected("cp-1", organisations=("Other", "Operator")), NOW) is None
    assert "organisation" in str(objection(der, Expected("cp-1", organisations=("Other",)), NOW))
    der = authority.issue("no-o", o=None).der
    assert "organisation" in str(objection(der, Expected("cp-1", organisations=("Other",)), NOW))


def test_the_stations_file_names_another_common_name_or_the_very_certificate(
    authority: Authority, tmp_path: Path
) -> None:
    from gateway.certificates import inspect

    files = authority.issue("mapped", "SN-4711")
    print_ = inspect(files.certificate)["fingerprint_sha256"]
    assert objection(files.der, Expected("cp-1", cn="sn-4711"), NOW) is None
    assert objection(files.der, Expected("cp-1", sha256=("0" * 64, print_)), NOW) is None
    assert objection(files.der, Expected("cp-1", cn="sn-4711", sha256=(print_,)), NOW) is None
    for wrong in (
        Expected("sn-4711", cn="cp-1"),
        Expected("sn-4711", sha256=("0" * 64,)),
        Expected("cp-1", "x", (print_,)),
    ):
        assert objection(files.der, wrong, NOW) is not None
    assert objection(files.der, Expected("cp-1", sha256=(print_,)), NOW + timedelta(days=40)) is not None
