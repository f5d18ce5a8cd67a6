"""What of a tenant's labels and annotations the host's controllers get to read."""

import pytest
from translate_builders import context, pod

from every_kind import CUSTOM, TRANSLATIONS, example, scope
from vcli.catalog import SYNCED
from vcli.syncer.translate import keys
from vcli.syncer.translate.allowed import Allowed, sentences
from vcli.syncer.translate.labels import host_label_selector, host_labels, host_selector, matches
from vcli.syncer.translate.pods import to_host

COMMANDS = {
    "replicator.v1.mittwald.de/replicate-from": "kube-system/x",
    "external-dns.alpha.kubernetes.io/hostname": "example.com",
    "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
    "iam.amazonaws.com/role": "admin",
    "k8s.v1.cni.cncf.io/networks": "host-network",
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "prometheus.io/scrape": "true",
    "nginx.ingress.kubernetes.io/server-snippet": "deny all;",
    "v.vcli.dev/x": "y",
}
"""Annotations by which a tenant would command controllers of the host."""
EXEMPTIONS = {"argocd.argoproj.io/secret-type": "cluster", "policy.example.com/exempt": "true"}
"""Labels that do the same."""
WITHOUT = ("configmaps", "secrets")
ISOLATED = scope(allowed=Allowed())


def test_every_kind_of_the_catalog_is_looked_at():
    to_the_host = {kind.resource.plural for kind in SYNCED if kind.direction != "fromHost"}
    assert TRANSLATIONS.keys() == to_the_host | {CUSTOM}


@pytest.mark.parametrize("plural", TRANSLATIONS)
def test_no_kind_passes_on_what_commands_the_hosts_controllers(plural):
    virtual = example(plural, annotations=COMMANDS, labels=EXEMPTIONS | {"app": "web"})
    metadata = TRANSLATIONS[plural](virtual, ISOLATED)["metadata"]
    assert not (metadata["annotations"].keys() | metadata["labels"].keys()) & {*COMMANDS, *EXEMPTIONS}
    assert ("app" in metadata["labels"]) == (plural not in WITHOUT)


@pytest.mark.parametrize("plural", TRANSLATIONS)
def test_without_the_policy_all_pass_but_those_of_copies_of_data(plural):
    virtual = example(plural, annotations={"example.com/a": "1"}, labels={"example.com/l": "2"})
    metadata = TRANSLATIONS[plural](virtual, scope())["metadata"]
    passes = plural not in WITHOUT
    assert ("example.com/a" in metadata["annotations"]) == passes
    assert ("example.com/l" in metadata["labels"]) == passes


@pytest.mark.parametrize("plural", WITHOUT)
def test_copies_of_data_have_keys_of_ours_alone_whatever_the_values_allow(plural):
    virtual = example(plural, annotations={"a": "1", "example.com/a": "1"}, labels={"b": "2"})
    metadata = TRANSLATIONS[plural](virtual, scope(allowed=Allowed(annotations=("*/*",), labels=("*",))))[
        "metadata"
    ]
    assert all(map(keys.is_ours, (*metadata["annotations"], *metadata["labels"])))


@pytest.mark.parametrize(
    ("pattern", "passing", "staying"),
    [
        ("example.com/*", ["example.com/a"], ["a.example.com/a", "example.org/a"]),
        ("*.example.com/role", ["a.example.com/role"], ["example.com/role", "a.example.com/roles"]),
        ("*/*", ["example.com/a", "nginx.ingress.kubernetes.io/server-snippet"], ["plain"]),
        ("plain", ["plain"], ["plainer", "example.com/plain"]),
        ("a.b/c", ["a.b/c"], ["axb/c"]),
    ],
)
def test_the_values_widen_it(pattern, passing, staying):
    allowed = Allowed(annotations=(pattern,))
    assert [key for key in (*passing, *staying) if allowed.annotation(key)] == passing


@pytest.mark.parametrize(
    "key",
    [
        "kubernetes.io/ingress.class",
        "nginx.ingress.kubernetes.io/rewrite-target",
        "alb.ingress.kubernetes.io/scheme",
        "service.kubernetes.io/topology-mode",
        "container.apparmor.security.beta.kubernetes.io/main",
    ],
)
def test_what_the_synced_kinds_need_passes(key):
    assert Allowed().annotation(key)


def test_selectors_match_what_they_match_inside():
    labels = {"app": "web", "policy.example.com/exempt": "true", "k8s-app": "x"}
    on_host = host_labels(labels, "default", ISOLATED)
    for key, value in labels.items():
        assert host_selector({key: value}, "default", ISOLATED).items() <= on_host.items()
        selector = {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}
        assert matches(host_label_selector(selector, "default", ISOLATED), on_host)
        other = {"matchLabels": {key: "other"}}
        assert not matches(host_label_selector(other, "default", ISOLATED), on_host)


def test_a_pod_reads_its_own_annotations_and_labels_all_the_same():
    fields = {"A": "metadata.annotations['example.com/a']", "L": "metadata.labels['example.com/l']"}
    env = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()]
    virtual = pod(
        annotations={"example.com/a": "1", "example.com/b": "2"},
        labels={"example.com/l": "3"},
        containers=[{"name": "main", "image": "nginx:1", "env": env}],
    )
    host = to_host(virtual, context(scope=ISOLATED))
    found = {
        each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"]
        for each in host["spec"]["containers"][0]["env"]
        if "valueFrom" in each
    }
    for name, field, value in (("A", "annotations", "1"), ("L", "labels", "3")):
        key = found[name].removeprefix(f"metadata.{field}['").removesuffix("']")
        assert keys.is_ours(key)
        assert host["metadata"][field][key] == value
    assert "2" not in host["metadata"]["annotations"].values()


def test_an_event_names_what_stays_inside_and_somebody_would_miss():
    annotations = {"iam.amazonaws.com/role": "r", "meta.helm.sh/release-name": "x", "note": "n"}
    [sentence] = sentences(annotations, Allowed())
    assert "iam.amazonaws.com/role" in sentence
    assert "helm" not in sentence
    assert sentences(annotations, None) == sentences({"note": "n"}, Allowed()) == []
