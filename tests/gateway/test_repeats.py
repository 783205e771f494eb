"""Of many lines that say the same the first few are written, and the last."""

from gateway.repeats import Repeats


def test_the_first_few_are_written_and_the_last_when_the_time_is_over() -> None:
    repeats: Repeats[int] = Repeats(3, 60.0, 100)
    assert [number for number in range(8) if repeats.may("a", number, 0.0)] == [0, 1, 2]
    assert repeats.over(59.9) == []
    assert repeats.over(60.0) == [(7, 4)]
    assert repeats.may("a", 8, 60.0), "a new time begins"


def test_kinds_do_not_disturb_each_other() -> None:
    repeats: Repeats[str] = Repeats(1, 60.0, 100)
    assert repeats.may("a", "a1", 0.0)
    assert repeats.may("b", "b1", 30.0)
    assert not repeats.may("b", "b2", 31.0)
    assert repeats.over(60.0) == [], "of the first kind there was no more"
    assert repeats.over(90.0) == [("b2", 0)]


def test_no_more_kinds_are_known_than_may_be_and_nothing_is_forgotten_untold() -> None:
    repeats: Repeats[int] = Repeats(1, 60.0, 10)
    for kind in range(20):
        repeats.may(kind, kind, 0.0)
        repeats.may(kind, kind + 100, 0.0)
    assert repeats.over(1.0) == [(kind + 100, 0) for kind in range(10)]
