from gateway.node import Claim


def test_the_newest_claim_holds() -> None:
    claims: dict[str, Claim] = {}
    first = Claim(claims, "cp-1")
    assert first.holds
    second = Claim(claims, "cp-1")
    other = Claim(claims, "cp-2")
    assert (first.holds, second.holds, other.holds) == (False, True, True)
    first.release()
    assert second.holds
    second.release()
    other.release()
    assert claims == {}
