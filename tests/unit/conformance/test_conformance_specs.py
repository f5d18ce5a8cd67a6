"""Choosing specs, from what the test program lists."""

import re

import pytest

from conformance.specs import Spec, conformance, focus_on, listed, select


def report(*texts, labels=(), nested=(), kind="It", **more):
    return {
        "LeafNodeType": kind,
        "ContainerHierarchyTexts": list(texts[:-1]),
        "LeafNodeText": texts[-1],
        "LeafNodeLabels": list(labels),
        "ContainerHierarchyLabels": [list(x) for x in nested],
        "State": "passed",
        **more,
    }


PODS = Spec(name="[sig-node] Pods should run [Conformance]", labels=frozenset({"sig-node", "Conformance"}))
TAINTS = Spec(
    name="[sig-node] Taints evict [Serial] [Conformance]",
    labels=frozenset({"sig-node", "Serial", "Conformance"}),
)
SLOW = Spec(
    name="[sig-apps] CronJob waits [Slow] [Conformance]",
    labels=frozenset({"sig-apps", "Slow", "Conformance"}),
)
ALL = [PODS, SLOW, TAINTS]


def test_names_and_labels_come_from_all_levels():
    suites = [
        {
            "SpecReports": [
                report(
                    "[sig-node] Pods",
                    "",
                    "should run [Conformance]",
                    labels=["Conformance"],
                    nested=[["sig-node"], []],
                ),
                report("[sig-node] Pods", "is not asked for", nested=[["sig-node"], []]),
                report("", labels=["Conformance"], kind="SynchronizedBeforeSuite"),
            ]
        },
        {"SpecReports": None},
    ]
    assert conformance(suites) == [PODS]
    assert PODS.sig == "sig-node"


def test_what_runs_alone_or_long_runs_only_when_asked_for():
    assert select(ALL) == [PODS]
    assert select(ALL, alone=True) == [SLOW, TAINTS]


def test_a_spec_by_name_is_found_wherever_it_is():
    assert select(ALL, name="Taints evict") == [TAINTS]
    assert select(ALL, name="(no regular expression") == []


def test_a_focus_and_a_list_narrow():
    assert select(ALL, alone=True, focus=r"Taints|Pods") == [TAINTS]
    assert select(ALL, only=[TAINTS.name]) == []
    assert select(ALL, only=[PODS.name]) == [PODS]


def test_a_list_has_comments_and_empty_lines():
    assert listed("# why\n\n [sig-node] a\n[sig-node] b\n") == ["[sig-node] a", "[sig-node] b"]


@pytest.mark.parametrize("name", [PODS.name, 'prints "a" (b) | c* \\d $HOME [x-y]'])
def test_the_focus_matches_that_spec_alone(name):
    focus = re.compile(focus_on([name, TAINTS.name]))
    assert focus.search(f"Kubernetes e2e suite {name}")
    assert focus.search(f"Kubernetes e2e suite {TAINTS.name}")
    assert not focus.search(f"Kubernetes e2e suite {name} twice")
    assert not focus.search(f"Kubernetes e2e suite not-{name}")
    assert not focus.search(f"Kubernetes e2e suite {SLOW.name}")
