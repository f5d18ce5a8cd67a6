"""PodDisruptionBudgets on the host: the right pods, and a number that the host need not count."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.labels import host_labels, matches
from vcli.syncer.translate.poddisruptionbudgets import ALL, is_counted, to_host

FAILED = [{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed"}]
UNKNOWN = {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0}


def budget(*, status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    counted = {**UNKNOWN, "desiredHealthy": 2, "observedGeneration": 1}
    return {
        "metadata": {"name": "web", "namespace": "default", "uid": "u"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec},
        "status": counted if status is None else status,
    }


@pytest.mark.parametrize(
    "wanted", [{"maxUnavailable": 1}, {"minAvailable": "50%"}, {"maxUnavailable": "10%"}, {"minAvailable": 2}]
)
def test_the_host_is_given_what_was_counted(wanted: dict[str, Any]) -> None:
    virtual = budget(**wanted)
    with unchanged(virtual):
        host = to_host(virtual, scope=SCOPE)
    assert host["metadata"]["name"] == "web-x-default-x-demo"
    assert (host["apiVersion"], host["kind"]) == ("policy/v1", "PodDisruptionBudget")
    assert host["spec"] == {
        "minAvailable": 2,
        "selector": {
            "matchLabels": {"app": "web", "vcli.dev/managed-by": "demo", "vcli.dev/namespace": "default"}
        },
    }


@pytest.mark.parametrize("policy", ["IfHealthyBudget", "AlwaysAllow"])
def test_the_policy_for_pods_that_are_not_healthy(policy: str) -> None:
    host = to_host(budget(unhealthyPodEvictionPolicy=policy), scope=SCOPE)
    assert host["spec"]["unhealthyPodEvictionPolicy"] == policy


def test_without_selector_no_pod_is_selected() -> None:
    assert "selector" not in to_host(budget(selector=None), scope=SCOPE)["spec"]


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        ({}, False),
        (UNKNOWN, False),
        ({**UNKNOWN, "observedGeneration": 1}, True),
        ({**UNKNOWN, "conditions": FAILED}, True),
    ],
)
def test_one_that_nobody_has_counted_says_nothing(status: dict[str, Any], counted: Any) -> None:
    assert is_counted(budget(status=status)) is counted


def test_where_it_can_not_be_counted_nothing_may_be_evicted() -> None:
    status = {**UNKNOWN, "observedGeneration": 1, "conditions": FAILED}
    assert to_host(budget(status=status), scope=SCOPE)["spec"]["minAvailable"] == ALL


KEYS = st.sampled_from(["app", "release", "k8s-app", "vcli.dev/name"])
VALUES = st.sampled_from(["a", "b"])
LABELS = st.dictionaries(KEYS, VALUES)
EXPRESSIONS = st.lists(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        KEYS,
        st.sampled_from(["In", "NotIn"]),
        st.lists(VALUES, min_size=1, max_size=2),
    ),
    max_size=2,
)


@given(LABELS, EXPRESSIONS, LABELS, st.sampled_from(["default", "other"]))
def test_it_selects_on_the_host_what_it_selects_in_its_namespace(
    labels: dict[str, str], expressions: list[dict[str, Any]], of_pod: dict[str, str], namespace: str
) -> None:
    selector = {"matchLabels": labels, "matchExpressions": expressions}
    host = to_host(budget(selector=selector), scope=SCOPE)["spec"]["selector"]
    selected = namespace == "default" and matches(selector, of_pod)
    assert matches(host, host_labels(of_pod, namespace, SCOPE)) is selected
