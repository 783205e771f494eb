"""Records of what proves a station while it changes."""

from translators import adopted


def test_from_the_first_change_to_the_first_login() -> None:
    assert adopted.lines(None, ("file",)) == [("file", None)]
    one = adopted.begun(None, "o", "1", ["a"])
    assert adopted.lines(adopted.current(one, "o"), ("file",)) == [("file", None), ("a", "1")]
    two = adopted.begun(one, "o", "2", ["b", "b2"])
    assert adopted.lines(two, ("file",)) == [("file", None), ("a", "1"), ("b", "2"), ("b2", "2")]
    taken = adopted.taken(two, "2")
    assert taken is not None
    assert adopted.lines(taken, ("file",)) == [("file", None), ("b", "2"), ("b2", "2")]
    assert adopted.taken(taken, "2") is None
    came = adopted.came_in(taken, "2")
    assert adopted.lines(came, ("file",)) == [("b", None), ("b2", None)]
    assert adopted.came_in(came, "2") is None


def test_refused_is_as_if_it_had_not_been() -> None:
    two = adopted.begun(adopted.begun(None, "o", "1", ["a"]), "o", "2", ["b"])
    assert adopted.refused(two, "2") == adopted.begun(None, "o", "1", ["a"])
    assert adopted.refused(two, "3") is None
    assert adopted.refused(None, "1") is None


def test_another_file_begins_anew() -> None:
    one = adopted.begun(None, "o", "1", ["a"])
    assert adopted.current(one, "p") is None
    assert adopted.current("nonsense", "p") is None
    assert adopted.lines(adopted.begun(one, "p", "2", ["b"]), ("file",)) == [("file", None), ("b", "2")]


def test_full() -> None:
    record: object = None
    for number in range(adopted.MOST_NEXT):
        assert not adopted.is_full(record)
        record = adopted.begun(record, "o", str(number), ["a"])
    assert adopted.is_full(record)
