"""Annotations of Ingresses that name objects: on the host they name the host's."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE

from vcli.syncer.translate.ingress_annotations import (
    CONDITIONS,
    KNOWN,
    Reference,
    Refers,
    references,
    sentences,
    to_host,
)
from vcli.syncer.translate.names import VirtualName, host_name

ALL = {key: refers for keys in KNOWN.values() for key, refers in keys.items()}
NGINX = "nginx.ingress.kubernetes.io"
HOST = "web-x-default-x-demo"


def example(key: str, refers: Refers, name: str) -> tuple[str, str]:
    """An annotation of the table whose value names an object."""
    value = {"name": name, "list": f"{name}, {name}", "json": json.dumps({refers.field: name})}[refers.form]
    return key + "an-action" if key.endswith(".") else key, value


def one(key: str, value: str, **more: object) -> str | None:
    return to_host({key: value}, "default", SCOPE, **more).get(key)  # type: ignore[arg-type]


@pytest.mark.parametrize(("key", "refers"), ALL.items(), ids=list(ALL))
def test_each_of_the_table_names_the_hosts_object(key: str, refers: Refers) -> None:
    full, value = example(key, refers, "web")
    wanted = example(key, refers, HOST)[1].replace(", ", "," if refers.form == "list" else ", ")
    assert one(full, value) == wanted
    assert set(references({full: value}, "default")) == {
        Reference(refers.kind, VirtualName("default", "web"))
    }
    assert list(sentences({full: value}, "default", SCOPE)) == []


@pytest.mark.parametrize("source", KNOWN)
def test_each_row_has_a_source(source: str) -> None:
    assert source.startswith("https://")


@pytest.mark.parametrize("form", ["default/web", " default/web "])
def test_a_name_with_its_namespace_gets_the_hosts(form: str) -> None:
    assert one(f"{NGINX}/auth-tls-secret", form) == f"team-a/{HOST}"


@pytest.mark.parametrize("value", ["team-a/web", "kube-system/web", "file:///etc/passwd", "/web", "a/b/c"])
def test_another_namespace_leads_to_nothing_and_that_is_said(value: str) -> None:
    made = one(f"{NGINX}/auth-secret", value)
    assert made is not None
    namespace, _, name = made.partition("/")
    assert namespace == "team-a"
    other, _, own = value.partition("/")
    assert name not in {own, host_name(VirtualName(other, own), "demo")}
    [sentence] = sentences({f"{NGINX}/auth-secret": value}, "default", SCOPE)
    assert "only those of the Ingress's own namespace" in sentence


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (f"{NGINX}/canary", "true"),
        (f"{NGINX}/auth-url", "http://auth.default.svc.cluster.local"),
        (f"{NGINX}/custom-http-errors", "404,503"),
        ("traefik.ingress.kubernetes.io/router.middlewares", "default-strip@kubernetescrd"),
        ("alb.ingress.kubernetes.io/group.name", "web"),
        ("alb.ingress.kubernetes.io/certificate-arn", "arn:aws:acm:x"),
        ("cert-manager.io/cluster-issuer", "letsencrypt"),
        ("kubernetes.io/ingress.class", "nginx"),
        (f"{NGINX}/auth-secret", ""),
        ("auth-secret", "web"),
    ],
)
def test_all_others_stay_as_they_are(key: str, value: str) -> None:
    assert one(key, value) == value
    assert list(references({key: value}, "default")) == []
    assert list(sentences({key: value}, "default", SCOPE)) == []


def test_json_is_read_as_its_controller_does() -> None:
    value = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"ServiceName": "web", "ServicePort": 80, "Weight": 20},
                {"serviceName": "blue", "servicePort": "http"},
                {"targetGroupARN": "arn:web"},
                {"serviceName": 7},
            ]
        },
    }
    made = one("alb.ingress.kubernetes.io/actions.both", json.dumps(value))
    assert made is not None
    groups = json.loads(made)["ForwardConfig"]["TargetGroups"]
    assert groups == [
        {"ServiceName": HOST, "ServicePort": 80, "Weight": 20},
        {"serviceName": "blue-x-default-x-demo", "servicePort": "http"},
        {"targetGroupARN": "arn:web"},
        {"serviceName": 7},
    ]


@pytest.mark.parametrize("value", ["{", "", "[" * 100_000])
def test_json_that_is_none_is_left_out_and_that_is_said(value: str) -> None:
    key = "alb.ingress.kubernetes.io/auth-idp-oidc"
    assert one(key, value) is None
    assert list(references({key: value}, "default")) == []
    [sentence] = sentences({key: value}, "default", SCOPE)
    assert "no JSON" in sentence


def test_conditions_follow_their_backend() -> None:
    annotations = {f"{CONDITIONS}web": "[1]", f"{CONDITIONS}forward": "[2]", CONDITIONS + "s" * 52: "[3]"}
    made = to_host(annotations, "default", SCOPE, actions={"forward"})
    assert made == {f"{CONDITIONS}{HOST}": "[1]", f"{CONDITIONS}forward": "[2]"}
    [sentence] = sentences(annotations, "default", SCOPE, actions={"forward"})
    assert "too long" in sentence


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


TREES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5), st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["serviceName", "SERVICENAME", "x"]), inner, max_size=3),
    ),
    max_leaves=10,
)


@given(TREES)
def test_nothing_else_in_the_json_changes(tree: object) -> None:
    key, value = "alb.ingress.kubernetes.io/actions.a", json.dumps(tree)
    made = one(key, value)
    assert made is not None
    names = [each.name for each in references({key: value}, "default")]
    before, after = list(strings(tree)), list(strings(json.loads(made)))
    assert len(before) == len(after)
    changed = sum(old != new for old, new in zip(before, after, strict=True))
    assert changed == len(names)
