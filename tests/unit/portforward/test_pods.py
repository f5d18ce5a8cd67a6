"""Which pod a tunnel goes to."""

from typing import Any

import pytest

from vcli.portforward.pods import in_order


def pod(
    name: str, *, phase: str = "Running", ready: bool = True, made: str = "2026-01-01T00:00:00Z", **more: str
) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "creationTimestamp": made, **more},
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


TERMINATING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
LATER = "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([], None),
        ([pod("a", phase="Pending")], None),
        ([pod("a", **TERMINATING)], None),
        ([pod("a", phase="Succeeded"), pod("b")], "b"),
        ([pod("a", ready=False), pod("b")], "b"),
        ([pod("a", ready=False)], "a"),
        ([pod("a", ready=False, made=LATER), pod("b")], "b"),
        ([pod("a"), pod("b", made=LATER), pod("c")], "b"),
        ([{"metadata": {"name": "fresh"}}], None),
    ],
)
def test_a_ready_pod_that_stays_is_chosen(pods, expected):
    assert next(iter(in_order(pods)), None) == expected


def test_pods_that_failed_come_last_the_last_to_fail_at_the_end():
    three = [pod("a", made=LATER), pod("b"), pod("c")]
    assert in_order(three) == ["a", "b", "c"]
    assert in_order(three, failed=["a"]) == ["b", "c", "a"]
    # "a" may be on a dead node: that "c" was slow once is no reason to go back there.
    assert in_order(three, failed=["a", "c"]) == ["b", "a", "c"]
    assert in_order([pod("a")], failed=["a"]) == ["a"]
    # Not Ready is worse than having failed once: that may have been the network.
    assert in_order([pod("a"), pod("b", ready=False)], failed=["a"]) == ["a", "b"]
