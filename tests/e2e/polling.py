"""Asking again until a cluster has done what it does in its own time."""

import time
from collections.abc import Callable
from typing import Any

import pytest

_LONGEST_PAUSE = 1.0


def eventually(check: Callable[[], Any], *, seconds: float = 120, pause: float = 0.25) -> Any:
    """Call `check` until it gives something true, and give that.

    A check that fails is asked again too: what asks a Service may be refused while its pods change, a status
    may lack a field yet, and a list may hold one item more or less than is unpacked. What it last failed with
    is the failure of the test when the time is over.

    Args:
        check: what has to hold.
        seconds: how long it is asked.
        pause: seconds between two questions at least; longer, up to a second, if a question takes long: those
            who wait for a busy machine would keep it busy with their questions.
    """
    until = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        try:
            if found := check():
                return found
            failure = AssertionError(f"not within {seconds} s: {check}")
        except (AssertionError, LookupError, ValueError, pytest.fail.Exception) as error:
            failure = error
        now = time.monotonic()
        if now > until:
            raise failure
        time.sleep(max(pause, min(2 * (now - asked), _LONGEST_PAUSE)))
