from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from translate_builders import SCOPE, context, pod, unchanged

from vcli.syncer.translate.labels import host_labels, host_namespace_labels, matches
from vcli.syncer.translate.pods import to_host

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NAMESPACES = {
    "default": {"kubernetes.io/metadata.name": "default"},
    "prod": {"kubernetes.io/metadata.name": "prod", "env": "prod", "team": "x"},
    "dev": {"kubernetes.io/metadata.name": "dev", "env": "dev"},
}
OWN_LABELS = {"app": "web", "release": "demo", "pod-template-hash": "1"}


def host_term(term: dict[str, Any], group: str = "podAffinity") -> dict[str, Any]:
    virtual = pod(labels=OWN_LABELS, affinity={group: {REQUIRED: [term]}})
    with unchanged(virtual):
        host = to_host(virtual, context(namespaces=NAMESPACES, namespace_labels=NAMESPACES["default"]))
    (found,) = host["spec"]["affinity"][group][REQUIRED]
    return found


def term_matches(term: dict[str, Any], namespace: str, labels: dict[str, str]) -> bool:
    """What the scheduler of a plain cluster decides (``framework.AffinityTerm.Matches``)."""
    selector = term.get("labelSelector")
    if selector is None:
        return False
    listed, by_label = term.get("namespaces") or [], term.get("namespaceSelector")
    if not listed and by_label is None:
        listed = ["default"]
    in_namespace = namespace in listed or (by_label is not None and matches(by_label, NAMESPACES[namespace]))
    extra = [
        {"key": key, "operator": operator, "values": [OWN_LABELS[key]]}
        for field, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn"))
        for key in term.get(field) or ()
        if key in OWN_LABELS
    ]
    return in_namespace and matches(selector, labels) and matches({"matchExpressions": extra}, labels)


def requirements(keys: list[str], values: list[str]):
    return st.one_of(
        st.fixed_dictionaries(
            {
                "key": st.sampled_from(keys),
                "operator": st.sampled_from(["In", "NotIn"]),
                "values": st.lists(st.sampled_from(values), min_size=1, max_size=2),
            }
        ),
        st.fixed_dictionaries(
            {"key": st.sampled_from(keys), "operator": st.sampled_from(["Exists", "DoesNotExist"])}
        ),
    )


def selectors(keys: list[str], values: list[str]):
    return st.fixed_dictionaries(
        {},
        optional={
            "matchLabels": st.dictionaries(st.sampled_from(keys), st.sampled_from(values), max_size=2),
            "matchExpressions": st.lists(requirements(keys, values), max_size=2),
        },
    )


pod_selectors = selectors(["app", "release", "tier", "vcli.dev/managed-by"], ["web", "demo", "vcluster"])
terms = st.fixed_dictionaries(
    {"topologyKey": st.just("zone")},
    optional={
        "labelSelector": pod_selectors,
        "namespaces": st.lists(st.sampled_from(list(NAMESPACES)), max_size=2, unique=True),
        "namespaceSelector": selectors(["env", "team", "kubernetes.io/metadata.name"], ["prod", "dev", "x"]),
        "matchLabelKeys": st.lists(st.sampled_from(["pod-template-hash", "missing"]), unique=True),
        "mismatchLabelKeys": st.lists(st.sampled_from(["app", "release"]), unique=True),
    },
)
others = st.dictionaries(
    st.sampled_from(["app", "release", "tier", "pod-template-hash"]),
    st.sampled_from(["web", "demo", "vcluster", "1"]),
)


@settings(max_examples=400)
@given(terms, st.sampled_from(["podAffinity", "podAntiAffinity"]), others)
def test_terms_match_the_same_pods(term, group: str, labels: dict[str, str]):
    translated = host_term(term, group)
    assert translated.keys() <= {"topologyKey", "labelSelector"}
    selector = translated.get("labelSelector")
    for namespace, namespace_labels in NAMESPACES.items():
        on_host = host_labels(labels, namespace, SCOPE) | host_namespace_labels(namespace_labels)
        assert (selector is not None and matches(selector, on_host)) == term_matches(term, namespace, labels)
    assert selector is None or not matches(selector, labels), "a pod that is not this cluster's"


def test_the_readable_case():
    assert host_term({"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}}) == {
        "topologyKey": "zone",
        "labelSelector": {
            "matchLabels": {"app": "web", "vcli.dev/managed-by": "demo", "vcli.dev/namespace": "default"}
        },
    }


def test_keys_that_the_virtual_api_has_merged_are_not_merged_again():
    merged = {"key": "pod-template-hash", "operator": "In", "values": ["1"]}
    term = {
        "topologyKey": "zone",
        "labelSelector": {"matchLabels": {"app": "web"}, "matchExpressions": [merged]},
        "matchLabelKeys": ["pod-template-hash"],
    }
    translated = host_term(term)
    assert translated["labelSelector"]["matchExpressions"] == [merged]
    assert "matchLabelKeys" not in translated


def test_preferred_terms_and_node_affinity():
    term = {"topologyKey": "zone", "labelSelector": {}}
    node = {
        REQUIRED: {
            "nodeSelectorTerms": [
                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}
            ]
        }
    }
    affinity = {
        "nodeAffinity": node,
        "podAntiAffinity": {PREFERRED: [{"weight": 7, "podAffinityTerm": term}]},
    }
    translated = to_host(pod(affinity=affinity), context())["spec"]["affinity"]
    assert translated["nodeAffinity"] == node
    assert translated["podAntiAffinity"][PREFERRED] == [
        {
            "weight": 7,
            "podAffinityTerm": {
                "topologyKey": "zone",
                "labelSelector": {
                    "matchLabels": {"vcli.dev/managed-by": "demo", "vcli.dev/namespace": "default"}
                },
            },
        }
    ]
    assert "podAffinity" not in translated


@pytest.mark.parametrize("already_merged", [True, False])
def test_topology_spread(*, already_merged: bool):
    merged = {"key": "pod-template-hash", "operator": "In", "values": ["1"]}
    constraint = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {
            "matchLabels": {"app": "web"},
            **({"matchExpressions": [merged]} if already_merged else {}),
        },
        "matchLabelKeys": ["pod-template-hash", "missing"],
    }
    virtual = pod(labels=OWN_LABELS, topologySpreadConstraints=[constraint])
    assert to_host(virtual, context())["spec"]["topologySpreadConstraints"] == [
        {
            "maxSkew": 1,
            "topologyKey": "zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {
                "matchLabels": {"app": "web", "vcli.dev/managed-by": "demo", "vcli.dev/namespace": "default"},
                "matchExpressions": [merged],
            },
        }
    ]


def test_a_spread_without_selector_still_counts_nothing():
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    virtual = pod(labels=OWN_LABELS, topologySpreadConstraints=[constraint])
    assert to_host(virtual, context())["spec"]["topologySpreadConstraints"] == [constraint]
