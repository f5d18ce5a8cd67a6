"""Which pod a tunnel goes to."""

from typing import Any

import pytest

from vcli.portforward.pods import choose


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
    assert choose(pods) == expected


def test_the_pod_that_failed_is_tried_again_only_if_there_is_no_other():
    assert choose([pod("a", made=LATER), pod("b")], but_not="a") == "b"
    assert choose([pod("a")], but_not="a") == "a"
    # Not Ready is worse than having failed once: that may have been the network.
    assert choose([pod("a"), pod("b", ready=False)], but_not="a") == "a"
