from gateway.damping import HOLD_SECONDS, Damping


def war(damping: Damping, flaps: int = 5, pause: float = 1.0) -> list[bool]:
    """Two addresses in turn."""
    there = ["10.0.0.1", "10.0.0.2"]
    return [damping.taken("cp-1", there[n % 2], there[(n + 1) % 2], n * pause) for n in range(flaps)]


def test_the_fifth_takeover_by_turns_holds_the_one_that_is_there() -> None:
    damping = Damping()
    assert war(damping) == [False, False, False, False, True]
    assert damping.held("cp-1", "10.0.0.1", 4.0) == HOLD_SECONDS
    assert damping.held("cp-1", "10.0.0.9", 14.0) == HOLD_SECONDS - 10
    # The one that is there may come back itself: it lost its connection.
    assert damping.held("cp-1", "10.0.0.2", 5.0) == 0.0
    assert damping.held("cp-2", "10.0.0.1", 5.0) == 0.0
    assert damping.held("cp-1", "10.0.0.1", 4.0 + HOLD_SECONDS) == 0.0


def test_it_begins_anew_after_the_hold() -> None:
    damping = Damping()
    war(damping)
    assert not damping.taken("cp-1", "10.0.0.2", "10.0.0.1", 40.0)
    assert damping.held("cp-1", "10.0.0.2", 40.0) == 0.0


def test_one_address_is_never_held_up() -> None:
    damping = Damping()
    assert not any(damping.taken("cp-1", "10.0.0.1", "10.0.0.1", n / 10) for n in range(100))
    assert damping.held("cp-1", "10.0.0.1", 10.0) == 0.0
    assert damping.held("cp-1", "10.0.0.2", 10.0) == 0.0


def test_takeovers_that_are_far_apart_are_no_war() -> None:
    assert not any(war(Damping(), flaps=20, pause=16.0))


def test_a_node_that_was_only_told_of_the_others_side_sees_the_war() -> None:
    damping = Damping()
    turns = [damping.taken("cp-1", None, f"10.0.0.{n % 2}", float(n)) for n in range(6)]
    assert turns == [False, False, False, False, False, True]


def test_it_stays_small() -> None:
    damping = Damping()
    for number in range(20_000):
        damping.taken(f"cp-{number}", "a", "b", 0.0)
    assert len(damping) == 10_000
