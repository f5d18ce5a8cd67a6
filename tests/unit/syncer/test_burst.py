import asyncio

import pytest

from vcli.syncer.kinds.pods.burst import AdmissionLimiter, QuotaQueue, Starting
from vcli.syncer.translate.names import VirtualName


async def test_pods_count_until_they_run_or_have_taken_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    starting = Starting()
    stuck, quick, late = (VirtualName("default", name) for name in ("stuck", "quick", "late"))
    starting.add(stuck)
    now = 120.0
    starting.add(quick)
    starting.add(stuck)
    assert len(starting) == 2
    starting.discard(quick)
    now = 131.0
    starting.add(stuck)
    starting.add(late)
    assert len(starting) == 1
    starting.discard(stuck)
    starting.discard(VirtualName("default", "unknown"))
    assert len(starting) == 1


def named(*names: str) -> list[VirtualName]:
    return [VirtualName("default", name) for name in names]


async def test_who_waits_at_the_door_is_called_in_order() -> None:
    called: list[VirtualName] = []
    doorway = AdmissionLimiter(2, on_slot=called.append)
    a, b, c, d, e = named("a", "b", "c", "d", "e")
    assert [doorway.acquire(each) for each in (a, b, c, d, c)] == [True, True, False, False, False]
    assert doorway.acquire(a)  # it is inside
    doorway.release(e)  # it never was
    assert called == []
    doorway.release(b)
    assert called == [c]
    assert not doorway.acquire(e)  # the room is for the one that was called
    assert doorway.acquire(c)
    doorway.release(d)  # it was deleted while it waited
    doorway.release(a)
    doorway.release(c)
    assert called == [c, e]
    assert [doorway.acquire(each) for each in (e, d)] == [True, True]


async def test_one_that_gets_no_tokens_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcli.syncer.kinds.pods.burst._LONGEST_STAY", 0.01)
    room = asyncio.Event()
    doorway = AdmissionLimiter(1, on_slot=lambda _: room.set())
    stuck, waiting = named("stuck", "waiting")
    assert doorway.acquire(stuck)
    assert not doorway.acquire(waiting)
    await asyncio.wait_for(room.wait(), 10)
    assert doorway.acquire(waiting)


def test_room_is_offered_to_one_at_a_time() -> None:
    called: list[VirtualName] = []
    queue = QuotaQueue(retry=called.append)
    a, b, c, d = named("a", "b", "c", "d")
    queue.retry_first()
    assert called == []
    for each in (a, b, c, d):
        queue.rejected(each)
    queue.retry_first()
    queue.rejected(a)  # no room for this one: the next time it is another's turn
    assert called == [a]
    queue.forget(b)
    queue.retry_first()
    assert called == [a, c]
    queue.created(c)
    queue.created(d)
    queue.created(a)
    assert called == [a, c, d, a]


def test_a_pod_that_was_never_refused_makes_no_other_try() -> None:
    called: list[VirtualName] = []
    queue = QuotaQueue(retry=called.append)
    refused, new = named("refused", "new")
    queue.rejected(refused)
    queue.created(new)
    assert called == []
