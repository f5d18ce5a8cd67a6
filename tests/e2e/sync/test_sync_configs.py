"""ConfigMaps and Secrets on the host: those that are referred to, as long as they are."""

import base64
import hashlib
import json
import random

import pytest
from polling import eventually
from space import Object, Space, pod

MIB = 1024 * 1024


def config_map(name: str, **fields: object) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}, **fields}


def secret(name: str, **fields: object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": {"a": "1"},
        **fields,
    }


def virtual_names(space: Space, kind: str) -> set[str]:
    """Virtual names of what is on the host, but for tokens."""
    selector = f"vcli.dev/namespace={space.name}"
    listed = space.host.get(kind, "--namespace", space.cluster.namespace, "--selector", selector)["items"]
    annotations = [each["metadata"]["annotations"] for each in listed]
    return {each["vcli.dev/name"] for each in annotations if each["vcli.dev/kind"] != "PodTokens"}


@pytest.mark.skew
def test_they_are_on_the_host_only_while_a_living_pod_refers_to_them(space: Space) -> None:
    kinds = ("env", "env-from", "volume", "projected", "init")
    registry = {"auths": {"registry.example": {"auth": base64.b64encode(b"me:secret").decode()}}}
    pull = secret(
        "pull", type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": json.dumps(registry)}
    )
    space.apply(
        *(config_map(name) for name in (*kinds, "unused")),
        *(secret(name) for name in (*kinds, "unused")),
        pull,
    )
    env = [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "env", "key": "a"}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "env", "key": "a"}}},
    ]
    sources = [{"configMapRef": {"name": "env-from"}}, {"secretRef": {"name": "env-from"}}]
    volumes = [
        {"name": "one", "configMap": {"name": "volume"}},
        {"name": "two", "secret": {"secretName": "volume"}},
        {
            "name": "three",
            "projected": {
                "sources": [{"configMap": {"name": "projected"}}, {"secret": {"name": "projected"}}]
            },
        },
    ]
    web = pod(
        "web",
        container={"env": env, "envFrom": sources},
        volumes=volumes,
        imagePullSecrets=[{"name": "pull"}],
    )
    first = {**web["spec"]["containers"][0], "name": "first", "command": ["true"]}
    first["env"] = []
    first["envFrom"] = [{"configMapRef": {"name": "init"}}, {"secretRef": {"name": "init"}}]
    web["spec"]["initContainers"] = [first]
    once = pod("once", "true", container={"envFrom": [{"configMapRef": {"name": "env-from"}}]})
    space.apply(web, once)
    space.wait("condition=Ready", "pod/web")
    assert virtual_names(space, "configmaps") == {*kinds, "kube-root-ca.crt"}
    assert virtual_names(space, "secrets") == {*kinds, "pull"}
    made = space.host.get("secret", space.host_name("pull"), "--namespace", space.cluster.namespace)
    assert made["type"] == "kubernetes.io/dockerconfigjson"

    # A pod that has ended needs nothing any more.
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/once")
    space.kubectl("delete", "pod", "web")
    eventually(lambda: not virtual_names(space, "configmaps") and not virtual_names(space, "secrets"))
    assert {each["metadata"]["name"] for each in space.get("configmaps")["items"]} >= {*kinds, "unused"}


def test_the_largest_ones_reach_their_pod_whole(space: Space) -> None:
    data = random.Random(7).randbytes(MIB)  # noqa: S311 - anything will do
    encoded = base64.b64encode(data).decode()
    large = (
        {**config_map("large", data={}), "binaryData": {"file": encoded}},
        {**secret("large", stringData={}), "data": {"file": encoded}},
    )
    for each in large:
        # Applied, each would stand in an annotation once more.
        space.kubectl("create", "--filename", "-", stdin=json.dumps(each))
    volumes = [
        {"name": "map", "configMap": {"name": "large"}},
        {"name": "secret", "secret": {"secretName": "large"}},
    ]
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in ("map", "secret")]
    space.apply(
        pod("web", "sha256sum /map/file /secret/file", volumes=volumes, container={"volumeMounts": mounts})
    )
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/web")
    sums = [line.split()[0] for line in space.kubectl("logs", "web").splitlines()]
    assert sums == [hashlib.sha256(data).hexdigest()] * 2


def test_what_is_changed_on_the_host_never_comes_back(space: Space) -> None:
    source = [{"configMapRef": {"name": "conf"}}]
    space.apply(config_map("conf"), pod("web", container={"envFrom": source}))
    space.wait("condition=Ready", "pod/web")
    before = space.get("configmap", "conf")
    there = ("configmap", space.host_name("conf"), "--namespace", space.cluster.namespace)
    space.host.kubectl("patch", *there, "--type=merge", "--patch", '{"data":{"a":"theirs","b":"2"}}')
    space.apply(pod("later"))
    space.wait("condition=Ready", "pod/later")
    assert space.get("configmap", "conf") == before
    space.apply(config_map("conf", data={"a": "3"}))
    eventually(lambda: space.host.get(*there)["data"]["a"] == "3")
