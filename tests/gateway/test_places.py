"""Places are never more than there are, and what is counted is uncounted."""

from gateway.places import Crowd, Places


def test_who_comes_back_has_a_place() -> None:
    places = Places()
    assert [places.take("a", 2), places.take("b", 2), places.take("c", 2), places.take("a", 2)] == [
        True,
        True,
        False,
        True,
    ]
    assert len(places) == 2
    places.leave("a")
    assert not places.take("c", 2)
    places.leave("a")
    assert places.take("c", 2)
    assert places.left == 2


def test_a_source_has_so_many_on_the_way_and_so_many_at_all() -> None:
    crowd = Crowd()
    for _ in range(3):
        crowd.enter()
    assert [crowd.admit("s", 2, 3) for _ in range(3)] == [True, True, False]
    assert crowd.admit("t", 2, 3)
    crowd.arrived("s")
    assert crowd.admit("s", 2, 3)
    crowd.arrived("s")
    assert not crowd.admit("s", 2, 3)
    assert crowd.admit("s", 2, None)
    for _ in range(2):
        crowd.arrived("s")
    for _ in range(4):
        crowd.leave("s")
    crowd.arrived("t")
    crowd.leave("t")
    crowd.leave(None)
    assert (crowd._arriving, crowd._all) == ({}, {})
