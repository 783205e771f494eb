"""The frames around a certificate that the gateway signs; all of them keep their schemas."""

import pytest

from translators import schemas, signing
from translators.frames import Error, NoAnswer, Result

VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")


@pytest.mark.parametrize("version", VERSIONS)
def test_frames_keep_their_schemas(version: str) -> None:
    action, payload = signing.question(version)
    assert schemas.valid(version, action, payload, answer=False)
    assert schemas.valid(version, "SignCertificate", signing.refused(version), answer=True)
    signed = signing.signed(version, {"csr": "x", "requestId": 7}, "chain")
    assert schemas.valid(version, "CertificateSigned", signed, answer=False)
    assert ("requestId" in signed) == (version == "ocpp2.1")


def test_how_long_a_chain_may_be() -> None:
    def of(value: object) -> int:
        return signing.longest(
            "ocpp1.6", Result("1", {"configurationKey": [{"key": "certificatesignedmaxchainsize", "value": value}]})
        )

    assert [of(value) for value in ("5600", " 700 ", "0", "", "many", None, 800, "99999")] == [
        *(5600, 700, 10_000, 10_000, 10_000, 10_000, 800, 10_000)
    ]
    told = {"getVariableResult": [{"attributeStatus": "Accepted", "attributeValue": "600"}]}
    assert signing.longest("ocpp2.0.1", Result("1", told)) == 600
    for reply in (Error("1", "NotSupported"), NoAnswer("1", 1.0), Result("1", {"configurationKey": "none"})):
        assert signing.longest("ocpp1.6", reply) == 10_000
