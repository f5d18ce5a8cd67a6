import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, pod, unchanged

from vcli.syncer.translate.configs import (
    Token,
    config_map_to_host,
    renewals_in,
    secret_to_host,
    token_secret,
    tokens_in,
)
from vcli.syncer.translate.metadata import POD_TOKENS, virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import token_secret_name

METADATA = {"name": "settings", "namespace": "default", "uid": "u"}


def config(**fields: Any) -> dict[str, Any]:
    return {"metadata": METADATA, **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {"a": "1"}},
        {"binaryData": {"b": "AA=="}},
        {"data": {}, "immutable": True},
        {"data": {"a": "1"}, "immutable": False},
        {},
    ],
)
def test_config_maps(fields: dict[str, Any]):
    virtual = config(**fields)
    with unchanged(virtual):
        host = config_map_to_host(virtual, scope=SCOPE)
    assert {
        key: value for key, value in host.items() if key not in ("apiVersion", "kind", "metadata")
    } == fields
    assert (host["kind"], host["metadata"]["name"]) == ("ConfigMap", "settings-x-default-x-demo")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, "Opaque"),
        ("Opaque", "Opaque"),
        ("kubernetes.io/tls", "kubernetes.io/tls"),
        ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockerconfigjson"),
        ("kubernetes.io/service-account-token", "Opaque"),
        ("example.com/own", "example.com/own"),
    ],
)
def test_secrets(kind: str | None, expected: str):
    host = secret_to_host(
        config(data={"a": "MQ=="}, immutable=True, **({"type": kind} if kind else {})), scope=SCOPE
    )
    assert (host["kind"], host["type"], host["data"], host["immutable"]) == (
        "Secret",
        expected,
        {"a": "MQ=="},
        True,
    )


# --- tokens


@pytest.mark.parametrize(
    ("lifetime", "after"), [(3600, 2880), (600, 480), (86400, 69120), (10 * 365 * 86400, 86400)]
)
def test_tokens_are_renewed_at_80_percent_or_after_a_day(lifetime: float, after: float):
    assert Token(value="t", issued=1000.0, expires=1000.0 + lifetime).renew_at == 1000.0 + after


def test_the_repr_of_a_token_lacks_its_value():
    assert "hush" not in repr(Token(value="hush", issued=0, expires=1))


def test_the_token_secret():
    virtual = pod(labels={"app": "vcluster", "release": "demo"}, annotations={"note": "x"})
    with unchanged(virtual):
        secret = token_secret(virtual, {"api.0": Token(value="abc", issued=1.0, expires=2.0)}, scope=SCOPE)
    assert secret["metadata"]["name"] == token_secret_name(virtual, SCOPE)
    assert secret["data"] == {"api.0": base64.b64encode(b"abc").decode()}
    assert secret["metadata"]["labels"] == {"vcli.dev/managed-by": "demo", "vcli.dev/namespace": "default"}
    assert "note" not in secret["metadata"]["annotations"]
    assert virtual_name_of(secret, scope=SCOPE, kind=POD_TOKENS) == VirtualName("default", "web")
    assert virtual_name_of(secret, scope=SCOPE, kind="Secret") is None


tokens = st.builds(
    Token, value=st.text(), issued=st.integers(0, 2**33).map(float), expires=st.integers(0, 2**33).map(float)
)


@given(st.dictionaries(st.sampled_from(["api.0", "api.1", "vault.0"]), tokens))
def test_tokens_are_found_again(held: dict[str, Token]):
    secret = token_secret(pod(), held, scope=SCOPE)
    assert tokens_in(secret) == held
    thrifty = {**secret, "data": dict.fromkeys(secret["data"], "")}
    assert renewals_in(thrifty) == {key: token.renew_at for key, token in held.items()}


@pytest.mark.parametrize(
    "annotation", [None, "", "nonsense", "[]", "7", '{"api.0": 7}', '{"api.0": ["x", 1]}']
)
def test_damaged_tokens_are_none(annotation: str | None):
    secret = token_secret(pod(), {"api.0": Token(value="t", issued=1, expires=2)}, scope=SCOPE)
    annotations = {} if annotation is None else {"vcli.dev/tokens": annotation}
    assert tokens_in({**secret, "metadata": {**secret["metadata"], "annotations": annotations}}) == {}


def test_a_token_whose_data_is_gone_is_none():
    secret = token_secret(pod(), {"api.0": Token(value="t", issued=1, expires=2)}, scope=SCOPE)
    assert tokens_in({**secret, "data": None}) == {}
