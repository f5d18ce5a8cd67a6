import asyncio

import pytest

from vcli.syncer.kinds.pods.burst import AdmissionLimiter, QuotaQueue, StartingPods
from vcli.syncer.translate.names import VirtualName


async def test_pods_count_until_they_run_or_have_taken_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    starting = StartingPods()
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


async def test_who_waits_for_a_slot_is_called_in_order() -> None:
    called: list[VirtualName] = []
    limiter = AdmissionLimiter(2, on_slot=called.append)
    a, b, c, d, e = named("a", "b", "c", "d", "e")
    assert [limiter.acquire(each) for each in (a, b, c, d, c)] == [True, True, False, False, False]
    assert limiter.acquire(a)  # it has a slot
    limiter.release(e)  # it never had one
    assert called == []
    limiter.release(b)
    assert called == [c]
    assert not limiter.acquire(e)  # the slot is for the one that was called
    assert limiter.acquire(c)
    limiter.release(d)  # it was deleted while it waited
    limiter.release(a)
    limiter.release(c)
    assert called == [c, e]
    assert [limiter.acquire(each) for each in (e, d)] == [True, True]


async def test_one_that_gets_no_tokens_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcli.syncer.kinds.pods.burst._LONGEST_ADMISSION", 0.01)
    slot = asyncio.Event()
    limiter = AdmissionLimiter(1, on_slot=lambda _: slot.set())
    stuck, waiting = named("stuck", "waiting")
    assert limiter.acquire(stuck)
    assert not limiter.acquire(waiting)
    await asyncio.wait_for(slot.wait(), 10)
    assert limiter.acquire(waiting)


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
    queue.discard(b)
    queue.retry_first()
    assert called == [a, c]
    queue.created(c)
    queue.created(d)
    queue.created(a)
    assert called == [a, c, d, a]


def test_a_pod_that_was_never_rejected_makes_no_other_try() -> None:
    called: list[VirtualName] = []
    queue = QuotaQueue(retry=called.append)
    rejected, new = named("rejected", "new")
    queue.rejected(rejected)
    queue.created(new)
    assert called == []
