from gateway.breaker import Breaker


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(5):
        assert not breaker.open
        breaker.failed(now, 0.5)
    return breaker


def test_five_failures_in_a_row_open_it_and_any_answer_closes_it() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker.failed(0, 0.5)
    breaker.answered(0)
    for _ in range(4):
        breaker.failed(0, 0.5)
    assert not breaker.open
    breaker.failed(0, 0.5)
    assert breaker.open
    assert not breaker.admits(0.9)


def test_one_probe_in_a_while() -> None:
    breaker = opened(now=100)
    assert breaker.due(100) == 1
    assert not breaker.admits(100.9)
    assert [breaker.admits(101), breaker.admits(101), breaker.admits(102)] == [True, False, False]
    breaker.failed(105, 0.5)
    assert breaker.due(105) == 2
    breaker.failed(200, 1.0)
    assert breaker.due(200) == 6
    assert breaker.admits(206)
    breaker.answered(206)
    assert not breaker.open
    assert breaker.admits(206)
    assert breaker.due(206) == 0


def test_a_failure_for_one_station_is_no_failure_of_the_backend() -> None:
    breaker = Breaker()
    for _ in range(50):
        breaker.failed(0, 0.5, "cp-1")
    assert not breaker.open
    breaker.failed(0, 0.5, "cp-2")
    breaker.failed(0, 0.5, "cp-3")
    assert breaker.open


def test_a_backend_that_came_back_is_dialled_at_a_growing_rate() -> None:
    breaker = opened()
    assert breaker.delay(0) == 0
    breaker.answered(10)
    delays = [breaker.delay(10) for _ in range(51)]
    assert delays[0] == 0
    assert abs(delays[50] - 1.0) < 0.01
    late = [breaker.delay(39) for _ in range(101)]
    assert abs(late[100] - 100 / 485) < 0.01
    assert breaker.delay(41) == 0
