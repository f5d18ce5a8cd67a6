from typing import Any

import pytest

from vcli.syncer.nodes.status import (
    declared_features,
    kubelet_port,
    refreshed_status,
)

Object = dict[str, Any]


def condition(kind: str, status: str, since: str) -> Object:
    return {"type": kind, "status": status, "lastTransitionTime": since, "lastHeartbeatTime": since}


def test_a_heartbeat_is_no_transition_and_others_conditions_stay() -> None:
    current = {
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "conditions": [condition("Ready", "True", "t1"), condition("KernelDeadlock", "False", "t1")],
    }
    fresh = {
        "addresses": [{"type": "InternalIP", "address": "10.0.0.2"}],
        "conditions": [condition("Ready", "True", "t2")],
    }
    assert refreshed_status(current, fresh) == {
        "addresses": [{"type": "InternalIP", "address": "10.0.0.2"}],
        "conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "t1", "lastHeartbeatTime": "t2"},
            condition("KernelDeadlock", "False", "t1"),
        ],
    }


def test_a_changed_condition_is_a_transition() -> None:
    current = {"conditions": [condition("Ready", "Unknown", "t1")]}
    fresh = {"conditions": [condition("Ready", "True", "t2")]}
    assert refreshed_status(current, fresh) == fresh


@pytest.mark.parametrize(
    ("version", "expected"),
    [((1, 28), 0), ((1, 31), 1), ((1, 36), 4), ((1, 40), 4), ((2, 0), 4)],
)
def test_features_are_declared_for_hosts_that_have_them(version: tuple[int, int], expected: int) -> None:
    features = declared_features(version)
    assert len(features) == expected
    assert features == sorted(features)


def test_port() -> None:
    assert kubelet_port({"status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 10300}}}}) == 10300
    assert kubelet_port({"status": {}}) is None
    assert kubelet_port({}) is None
