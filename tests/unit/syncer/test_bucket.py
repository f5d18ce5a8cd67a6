from vcli.syncer.engine.bucket import TokenBucket


def test_so_many_at_once_and_then_at_a_rate() -> None:
    bucket = TokenBucket(burst=3, per_second=2)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(100.4)
    assert bucket.take(100.5)
    assert not bucket.take(100.5)


def test_what_was_not_used_adds_up_to_the_burst_alone() -> None:
    bucket = TokenBucket(burst=2, per_second=1)
    assert bucket.is_full(5.0)
    bucket.take(5.0)
    assert not bucket.is_full(5.5)
    assert bucket.is_full(6.0)
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]


def test_reservations_are_one_after_another() -> None:
    bucket = TokenBucket(burst=1, per_second=2)
    assert [bucket.reserve(10.0) for _ in range(3)] == [0.0, 0.5, 1.0]
    assert not bucket.take(10.5)
    assert bucket.reserve(12.0) == 0.0
