import asyncio

import pytest

from vcli.syncer.engine.burst import Starting
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
