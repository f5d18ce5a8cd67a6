import asyncio

from vcli.syncer.serving.gate import Gate, Visit


def enter(gate: Gate, source: str, dropped: list[str], *, name: str = "", own: bool = False) -> Visit:
    visit = gate.enter(source, own=own)
    assert visit is not None
    visit.drop = lambda: dropped.append(name or source)
    return visit


async def test_the_source_that_has_most_gives_up_its_oldest() -> None:
    gate, dropped = Gate(limit=4), list[str]()
    enter(gate, "neighbour", dropped)
    for number in range(20):
        enter(gate, "flood", dropped, name=f"flood {number}")
    assert dropped == [f"flood {number}" for number in range(17)]
    enter(gate, "another", dropped)
    assert dropped[-1] == "flood 17"
    assert len(gate) == 4


async def test_where_all_have_one_the_oldest_goes() -> None:
    gate, dropped = Gate(limit=3), list[str]()
    for source in "abcd":
        enter(gate, source, dropped)
    assert dropped == ["a"]


async def test_our_own_pod_has_room_of_its_own() -> None:
    gate, dropped = Gate(limit=2, own_limit=2), list[str]()
    own = [enter(gate, "own", dropped, name=f"own {number}", own=True) for number in range(2)]
    for _ in range(10):
        enter(gate, "flood", dropped)
    assert set(dropped) == {"flood"}
    own[0].admit()
    enter(gate, "own", dropped, own=True)
    assert set(dropped) == {"flood"}
    enter(gate, "own", dropped, own=True)
    assert dropped[-1] == "own 1"


async def test_who_is_known_or_gone_does_not_count() -> None:
    gate, dropped = Gate(limit=1, seconds=0.05), list[str]()
    known, gone = enter(gate, "a", dropped), Gate().enter("x", own=False)
    known.admit()
    enter(gate, "a", dropped).end()
    assert gone is not None
    gone.end()
    gone.end()
    assert len(gate) == 0
    enter(gate, "b", dropped, name="slow")
    await asyncio.sleep(0.2)
    assert dropped == ["slow"]
    assert known.known
    assert len(gate) == 0


async def test_a_source_that_comes_too_often_is_turned_away() -> None:
    gate = Gate(limit=1000)
    results = [gate.enter("flood", own=False) for _ in range(200)]
    assert results[:64].count(None) == 0
    assert results.count(None) >= 130
    assert gate.enter("another", own=False) is not None
    assert None not in [gate.enter("own", own=True) for _ in range(200)]
    patient = Gate(limit=1000, hurried=False)
    assert None not in [patient.enter("flood", own=False) for _ in range(200)]
