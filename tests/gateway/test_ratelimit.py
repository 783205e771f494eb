from gateway.ratelimit import Bucket, Spacing


def test_a_burst_is_free_and_then_the_rate_holds() -> None:
    bucket = Bucket(10, 5, 0)
    assert [bucket.take(0) for _ in range(5)] == [0, 0, 0, 0, 0]
    assert bucket.take(0) == 0.1
    assert bucket.take(0.1) == 0.1


def test_tokens_come_back_up_to_the_burst() -> None:
    bucket = Bucket(10, 2, 0)
    assert bucket.try_take(0)
    assert bucket.try_take(0)
    assert not bucket.try_take(0.05)
    assert bucket.try_take(0.2)
    assert [bucket.try_take(100) for _ in range(3)] == [True, True, False]


def test_one_after_another() -> None:
    spacing = Spacing()
    assert [round(spacing.delay(5, 10), 6) for _ in range(3)] == [0, 0.1, 0.2]
    assert spacing.delay(6, 10) == 0


def test_a_token_that_was_not_used_is_given_back() -> None:
    bucket = Bucket(10, 1, 0)
    assert bucket.try_take(0)
    bucket.give_back()
    assert [bucket.try_take(0) for _ in range(2)] == [True, False]
