from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, pod

from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.pods import TokenSource, references, token_secret_name


def container(**fields: Any) -> dict[str, Any]:
    return {"name": "main", "image": "i", **fields}


def volume(name: str = "v", **source: Any) -> dict[str, Any]:
    return {"name": name, **source}


VARIABLE_FROM_CONFIG = {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}
VARIABLE_FROM_SECRET = {
    "name": "A",
    "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}},
}


@pytest.mark.parametrize(
    ("spec", "config_maps", "secrets", "claims"),
    [
        ({}, {}, {}, {}),
        ({"containers": [container(env=[VARIABLE_FROM_CONFIG])]}, {"c": False}, {}, {}),
        ({"initContainers": [container(env=[VARIABLE_FROM_SECRET])]}, {}, {"s": True}, {}),
        ({"ephemeralContainers": [container(env=[VARIABLE_FROM_CONFIG])]}, {"c": False}, {}, {}),
        (
            {"containers": [container(envFrom=[{"configMapRef": {"name": "c", "optional": True}}])]},
            {"c": True},
            {},
            {},
        ),
        ({"containers": [container(envFrom=[{"secretRef": {"name": "s"}}])]}, {}, {"s": False}, {}),
        ({"volumes": [volume(configMap={"name": "c"})]}, {"c": False}, {}, {}),
        ({"volumes": [volume(secret={"secretName": "s", "optional": True})]}, {}, {"s": True}, {}),
        (
            {
                "volumes": [
                    volume(projected={"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "s"}}]})
                ]
            },
            {"c": False},
            {"s": False},
            {},
        ),
        ({"volumes": [volume(persistentVolumeClaim={"claimName": "data"})]}, {}, {}, {"data": False}),
        ({"volumes": [volume("cache", ephemeral={"volumeClaimTemplate": {}})]}, {}, {}, {"web-cache": False}),
        ({"imagePullSecrets": [{"name": "s"}]}, {}, {"s": True}, {}),
        ({"imagePullSecrets": [{"name": ""}, {}]}, {}, {}, {}),
        ({"volumes": [volume(azureFile={"secretName": "s", "shareName": "x"})]}, {}, {"s": False}, {}),
        *(
            ({"volumes": [volume(**{kind: {"secretRef": {"name": "s"}}})]}, {}, {"s": False}, {})
            for kind in ("cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")
        ),
        (
            {"volumes": [volume(csi={"driver": "d", "nodePublishSecretRef": {"name": "s"}})]},
            {},
            {"s": False},
            {},
        ),
        ({"volumes": [volume(csi={"driver": "d"})]}, {}, {}, {}),
    ],
)
def test_references(spec, config_maps, secrets, claims):
    found = references(pod(**spec))
    assert (found.config_maps, found.secrets, found.claims) == (config_maps, secrets, claims)


@pytest.mark.parametrize("optional_first", [True, False])
def test_one_use_that_is_not_optional_makes_it_needed(*, optional_first: bool):
    uses = [
        {"configMapRef": {"name": "c", "optional": optional}}
        for optional in (optional_first, not optional_first)
    ]
    assert references(pod(containers=[container(envFrom=uses)])).config_maps == {"c": False}


def test_tokens():
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"downwardAPI": {"items": []}},
        {"serviceAccountToken": {"path": "vault/token", "audience": "vault"}},
    ]
    assert references(pod(volumes=[volume("api", projected={"sources": sources})])).tokens == (
        TokenSource(volume="api", index=0, path="token", audience="", expiration_seconds=3607),
        TokenSource(volume="api", index=2, path="vault/token", audience="vault", expiration_seconds=3600),
    )


@given(st.lists(st.tuples(st.sampled_from(["a", "a-1", "1", "1-1"]), st.integers(0, 30)), unique=True))
def test_token_keys_never_meet(sources: list[tuple[str, int]]):
    made = {
        TokenSource(volume=name, index=index, path="t", audience="", expiration_seconds=600).key
        for name, index in sources
    }
    assert len(made) == len(sources)


def test_the_token_secret_is_not_any_virtual_secrets_host_name():
    secret = token_secret_name(pod("web"), SCOPE)
    assert secret not in {
        host_name(VirtualName("default", name), "demo") for name in ("web", "web-tokens", "tokens")
    }
    assert secret != token_secret_name(pod("web", namespace="other"), SCOPE)
