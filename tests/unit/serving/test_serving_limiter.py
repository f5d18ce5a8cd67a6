import asyncio

from vcli.syncer.serving.limiter import ConnectionLimiter, Slot


def enter(
    limiter: ConnectionLimiter, source: str, dropped: list[str], *, name: str = "", own: bool = False
) -> Slot:
    slot = limiter.acquire(source, own=own)
    assert slot is not None
    slot.close = lambda: dropped.append(name or source)
    return slot


async def test_the_source_that_has_most_gives_up_its_oldest() -> None:
    limiter, dropped = ConnectionLimiter(limit=4), list[str]()
    enter(limiter, "neighbour", dropped)
    for number in range(20):
        enter(limiter, "flood", dropped, name=f"flood {number}")
    assert dropped == [f"flood {number}" for number in range(17)]
    enter(limiter, "another", dropped)
    assert dropped[-1] == "flood 17"
    assert len(limiter) == 4


async def test_where_all_have_one_the_oldest_goes() -> None:
    limiter, dropped = ConnectionLimiter(limit=3), list[str]()
    for source in "abcd":
        enter(limiter, source, dropped)
    assert dropped == ["a"]


async def test_our_own_pod_has_room_of_its_own() -> None:
    limiter, dropped = ConnectionLimiter(limit=2, own_limit=2), list[str]()
    own = [enter(limiter, "own", dropped, name=f"own {number}", own=True) for number in range(2)]
    for _ in range(10):
        enter(limiter, "flood", dropped)
    assert set(dropped) == {"flood"}
    own[0].authenticated()
    enter(limiter, "own", dropped, own=True)
    assert set(dropped) == {"flood"}
    enter(limiter, "own", dropped, own=True)
    assert dropped[-1] == "own 1"


async def test_who_is_known_or_gone_does_not_count() -> None:
    limiter, dropped = ConnectionLimiter(limit=1, seconds=0.05), list[str]()
    known, gone = enter(limiter, "a", dropped), ConnectionLimiter().acquire("x", own=False)
    known.authenticated()
    enter(limiter, "a", dropped).release()
    assert gone is not None
    gone.release()
    gone.release()
    assert len(limiter) == 0
    enter(limiter, "b", dropped, name="slow")
    await asyncio.sleep(0.2)
    assert dropped == ["slow"]
    assert known.is_authenticated
    assert len(limiter) == 0


async def test_a_source_that_comes_too_often_is_turned_away() -> None:
    limiter = ConnectionLimiter(limit=1000)
    results = [limiter.acquire("flood", own=False) for _ in range(200)]
    assert results[:64].count(None) == 0
    assert results.count(None) >= 130
    assert limiter.acquire("another", own=False) is not None
    assert None not in [limiter.acquire("own", own=True) for _ in range(200)]
    patient = ConnectionLimiter(limit=1000, limits_rate=False)
    assert None not in [patient.acquire("flood", own=False) for _ in range(200)]
