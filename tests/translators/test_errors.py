from ocpp import exceptions

from translators import errors


def test_the_two_spellings_go_both_ways() -> None:
    for wrong, right in (
        ("FormationViolation", "FormatViolation"),
        ("OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
    ):
        assert errors.spelt_for("ocpp1.6", right) == errors.spelt_for("ocpp1.6", wrong) == wrong
        for version in ("ocpp2.0.1", "ocpp2.1"):
            assert errors.spelt_for(version, right) == errors.spelt_for(version, wrong) == right


def test_codes_16_does_not_have() -> None:
    assert errors.spelt_for("ocpp1.6", "MessageTypeNotSupported") == "ProtocolError"
    assert errors.spelt_for("ocpp1.6", "RpcFrameworkError") == "FormationViolation"


def test_unknown_codes_become_generic() -> None:
    assert errors.spelt_for("ocpp1.6", "Oops") == errors.spelt_for("ocpp2.0.1", "Oops") == "GenericError"


def test_every_code_lands_in_its_version() -> None:
    for code in errors.CODES_16 | errors.CODES_2X:
        assert errors.spelt_for("ocpp1.6", code) in errors.CODES_16
        assert errors.spelt_for("ocpp2.0.1", code) in errors.CODES_2X


def test_the_package_knows_no_code_that_we_do_not() -> None:
    known = {
        one.code
        for one in vars(exceptions).values()
        if isinstance(one, type) and isinstance(getattr(one, "code", None), str)
    }
    assert known - {""} <= errors.CODES_16 | errors.CODES_2X | {"UnknownCallErrorCodeError"}
