from typing import Any

import pytest
from translate_builders import SCOPE, context, pod, unchanged

from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.pods import references, to_host, token_secret_name
from vcli.syncer.translate.pods.downward import format_map


def on_host(name: str) -> str:
    return host_name(VirtualName("default", name), "demo")


def translated(volume: dict[str, Any], **spec: Any) -> dict[str, Any]:
    virtual = pod(volumes=[volume], **spec)
    with unchanged(virtual):
        (found,) = to_host(virtual, context())["spec"]["volumes"]
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            {"configMap": {"name": "c", "defaultMode": 420}},
            {"configMap": {"name": on_host("c"), "defaultMode": 420}},
        ),
        (
            {"secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]}},
            {"secret": {"secretName": on_host("s"), "items": [{"key": "k", "path": "p"}]}},
        ),
        (
            {"persistentVolumeClaim": {"claimName": "data", "readOnly": True}},
            {"persistentVolumeClaim": {"claimName": on_host("data"), "readOnly": True}},
        ),
        (
            {"ephemeral": {"volumeClaimTemplate": {}}},
            {"persistentVolumeClaim": {"claimName": on_host("web-v")}},
        ),
        (
            {"azureFile": {"secretName": "s", "shareName": "x"}},
            {"azureFile": {"secretName": on_host("s"), "shareName": "x"}},
        ),
        (
            {"glusterfs": {"endpoints": "e", "path": "p"}},
            {"glusterfs": {"endpoints": on_host("e"), "path": "p"}},
        ),
        *(
            (
                {kind: {"x": 1, "secretRef": {"name": "s"}}},
                {kind: {"x": 1, "secretRef": {"name": on_host("s")}}},
            )
            for kind in ("cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")
        ),
        (
            {"csi": {"driver": "d", "nodePublishSecretRef": {"name": "s"}}},
            {"csi": {"driver": "d", "nodePublishSecretRef": {"name": on_host("s")}}},
        ),
        ({"emptyDir": {}}, {"emptyDir": {}}),
        ({"hostPath": {"path": "/tmp"}}, {"hostPath": {"path": "/tmp"}}),
        ({"image": {"reference": "r"}}, {"image": {"reference": "r"}}),
    ],
)
def test_volumes(source: dict[str, Any], expected: dict[str, Any]):
    assert translated({"name": "v", **source}) == {"name": "v", **expected}


def test_projected_sources():
    sources = [
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"secret": {"name": "s", "optional": True}},
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"serviceAccountToken": {"path": "vault", "audience": "vault"}},
        {
            "downwardAPI": {
                "items": [{"path": "ns", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]
    volume = {"name": "api", "projected": {"defaultMode": 420, "sources": sources}}
    secret = token_secret_name(pod(), SCOPE)
    assert translated(volume)["projected"] == {
        "defaultMode": 420,
        "sources": [
            {
                "configMap": {
                    "name": on_host("kube-root-ca.crt"),
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                }
            },
            {"secret": {"name": on_host("s"), "optional": True}},
            {"secret": {"name": secret, "items": [{"key": "api.2", "path": "token"}]}},
            {"secret": {"name": secret, "items": [{"key": "api.3", "path": "vault"}]}},
            {
                "downwardAPI": {
                    "items": [
                        {
                            "path": "ns",
                            "fieldRef": {
                                "apiVersion": "v1",
                                "fieldPath": "metadata.annotations['vcli.dev/namespace']",
                            },
                        }
                    ]
                }
            },
        ],
    }
    keys = [each.key for each in references(pod(volumes=[volume])).tokens]
    assert keys == ["api.2", "api.3"]


@pytest.mark.parametrize(
    ("of_pod", "of_containers", "expected"),
    [
        ({}, [{}], {}),
        (None, [None], {}),
        ({"fsGroup": 0}, [{}], {"mode": 0o600}),
        ({"fsGroup": 2000, "runAsUser": 1000}, [{}], {"mode": 0o600}),
        # A file of a Secret can't be the user's own: it is one that this user may read.
        ({"runAsUser": 1000}, [{}], {"mode": 0o444}),
        ({"runAsUser": 1000}, [{}, {"runAsGroup": 7}], {"mode": 0o444}),
        ({}, [{"runAsUser": 1000}, {"runAsUser": 1000}], {"mode": 0o444}),
        ({"runAsUser": 1000}, [{"runAsUser": 0}], {"mode": 0o600}),
        ({"runAsUser": 0}, [{}], {"mode": 0o600}),
        ({"runAsUser": 1000}, [{}, {"runAsUser": 1001}], {}),
        ({}, [{"runAsUser": 1000}, {}], {}),
    ],
)
@pytest.mark.parametrize("init", [True, False])
def test_a_group_or_the_only_user_decides_the_mode_of_tokens(
    of_pod: dict[str, int] | None,
    of_containers: list[dict[str, int] | None],
    expected: dict[str, int],
    *,
    init: bool,
):
    containers = [
        {"name": f"c{n}", "image": "i", "securityContext": each} for n, each in enumerate(of_containers)
    ]
    spec = (
        {"initContainers": containers[1:], "containers": containers[:1]}
        if init
        else {"containers": containers}
    )
    volume = {"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    found = translated(volume, securityContext=of_pod, **spec)
    assert found["projected"]["sources"][0]["secret"]["items"] == [
        {"key": "v.0", "path": "token", **expected}
    ]


@pytest.mark.parametrize(
    ("path", "on_the_host"),
    [
        ("metadata.name", "metadata.annotations['vcli.dev/name']"),
        ("metadata.namespace", "metadata.annotations['vcli.dev/namespace']"),
        ("metadata.uid", "metadata.annotations['vcli.dev/uid']"),
        ("metadata.labels", "metadata.annotations['vcli.dev/labels']"),
        ("metadata.annotations", "metadata.annotations['vcli.dev/annotations']"),
        ("metadata.labels['app']", "metadata.labels['app']"),
        ("metadata.labels['release']", "metadata.labels['label.vcli.dev/release']"),
        ("metadata.labels['k8s-app']", "metadata.labels['label.vcli.dev/k8s-app']"),
        ("metadata.annotations['vcli.dev/name']", "metadata.annotations['v.vcli.dev/name']"),
    ],
)
def test_downward_api_volumes(path: str, on_the_host: str):
    item = {"path": "f", "mode": 256, "fieldRef": {"apiVersion": "v1", "fieldPath": path}}
    volume = translated({"name": "v", "downwardAPI": {"items": [item]}})
    assert volume["downwardAPI"]["items"] == [
        {**item, "fieldRef": {"apiVersion": "v1", "fieldPath": on_the_host}}
    ]


def test_resources_in_downward_api_volumes_stay():
    item = {"path": "f", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu"}}
    volume = translated({"name": "v", "downwardAPI": {"items": [item]}})
    assert volume["downwardAPI"]["items"] == [item]


@pytest.mark.parametrize("projected", [True, False])
def test_all_labels_and_annotations_are_the_virtual_ones(*, projected: bool):
    items = [
        {"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "a", "fieldRef": {"fieldPath": "metadata.annotations"}},
    ]
    source = {"downwardAPI": {"items": items}}
    volume = {"name": "v", **({"projected": {"sources": [source]}} if projected else source)}
    virtual = pod(
        labels={"b": "2", "a": "1", "release": "demo"}, annotations={"note": 'say "hi"'}, volumes=[volume]
    )
    annotations = to_host(virtual, context(namespace_labels={"x": "y"}))["metadata"]["annotations"]
    assert annotations["vcli.dev/labels"] == 'a="1"\nb="2"\nrelease="demo"'
    assert annotations["vcli.dev/annotations"] == 'note="say \\"hi\\""'


def test_pods_that_do_not_ask_carry_no_copy_of_their_labels():
    annotations = to_host(pod(labels={"a": "1"}), context())["metadata"]["annotations"]
    assert not annotations.keys() & {"vcli.dev/labels", "vcli.dev/annotations"}


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("", '""'),
        ("a b", '"a b"'),
        ("line\nnext\ttab", r'"line\nnext\ttab"'),
        ('back\\slash "quote"', r'"back\\slash \"quote\""'),
        ("\x00\x1b\x7f", r'"\x00\x1b\x7f"'),
        ("é世🙂", '"é世🙂"'),
        ("\u00a0\u200b\ufeff", r'"\u00a0\u200b\ufeff"'),
        ("\U000e0001", r'"\U000e0001"'),
    ],
)
def test_values_are_quoted_as_go_does(value: str, quoted: str):
    assert format_map({"k": value}) == f"k={quoted}"
