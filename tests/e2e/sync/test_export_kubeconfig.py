"""Kubeconfigs that the syncer keeps on the host for other programs: used from a pod there, kept, and gone."""

import base64
import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import Host
from plane import Plane
from polling import eventually
from space import PYTHON, Object, pod

from vcli import VirtualCluster

NAME = "exported"
MORE = [
    {"name": "for-ci"},
    {"name": "for-outside", "server": "https://outside.example", "context": "out", "insecure": True},
    {"name": "for-robot", "serviceAccount": {"name": "robot", "namespace": "bots", "clusterRole": "view"}},
]
SETS = (
    *(
        f"exportKubeConfig.additionalSecrets[{index}].{key}={value}"
        for index, secret in enumerate(MORE)
        for key, value in secret.items()
        if key != "serviceAccount"
    ),
    "exportKubeConfig.additionalSecrets[2].serviceAccount.name=robot",
    "exportKubeConfig.additionalSecrets[2].serviceAccount.namespace=bots",
    "exportKubeConfig.additionalSecrets[2].serviceAccount.clusterRole=view",
    "controlPlane.coredns.enabled=false",
)
PATH = "/programs"


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    namespace = f"{NAME}-{uuid.uuid4().hex[:8]}"
    host.create_namespace(namespace)
    sets = tuple(each.replace("=True", "=true") for each in SETS)
    with VirtualCluster.create(NAME, namespace=namespace, kubeconfig=host.kubeconfig, sets=sets) as cluster:
        yield cluster
    host.end_namespace(namespace)


@pytest.fixture(scope="module")
def tools(host: Host) -> Iterator[str]:
    """Another namespace of the host, where other programs look for a kubeconfig."""
    namespace = f"tools-{uuid.uuid4().hex[:8]}"
    host.create_namespace(namespace)
    yield namespace
    host.end_namespace(namespace)


def found(host: Host, cluster: VirtualCluster, secret: str) -> Object | None:
    text = host.kubectl("get", "secret", secret, "-n", cluster.namespace, "--ignore-not-found", "-o", "json")
    return json.loads(text) if text.strip() else None  # type: ignore[no-any-return]


def data(host: Host, cluster: VirtualCluster, secret: str) -> dict[str, str]:
    """What is in it, once it is there."""
    obj: Object = eventually(lambda: found(host, cluster, secret))
    return {key: base64.b64decode(value).decode() for key, value in obj["data"].items()}


def inside(host: Host, cluster: VirtualCluster, *args: str) -> str:
    """Names of objects of the virtual cluster."""
    env = {**host.env, "KUBECONFIG": str(cluster.kubeconfig)}
    return cluster.run(["kubectl", "get", *args, "-o", "name"], env=env).stdout.strip()


def user(host: Host, secret: str) -> Object:
    """A pod of the host that has kubectl, and the kubeconfig of a Secret."""
    kubectl = shutil.which("kubectl", path=host.env["PATH"])
    assert kubectl is not None
    mounts = [
        {"name": "programs", "mountPath": PATH, "readOnly": True},
        {"name": "access", "mountPath": "/access", "readOnly": True},
    ]
    env = [{"name": "KUBECONFIG", "value": "/access/value"}, {"name": "HOME", "value": "/tmp"}]
    return pod(
        f"user-{secret}",
        container={"image": PYTHON, "volumeMounts": mounts, "env": env},
        volumes=[
            {"name": "programs", "hostPath": {"path": str(Path(kubectl).resolve().parent)}},
            {"name": "access", "secret": {"secretName": secret}},
        ],
    )


def run(host: Host, cluster: VirtualCluster, secret: str, *args: str, check: bool = True) -> str:
    """kubectl in a pod of the host, by the kubeconfig of a Secret."""
    place = ("-n", cluster.namespace)
    host.apply(cluster.namespace, user(host, secret))
    host.kubectl("wait", "--for=condition=Ready", f"pod/user-{secret}", "--timeout=110s", *place)
    command = ("exec", f"user-{secret}", *place, "--", f"{PATH}/kubectl", *args)
    return host.kubectl(*command, check=check)


def test_a_pod_of_the_host_uses_one(host: Host, cluster: VirtualCluster) -> None:
    assert "kube-system" in run(host, cluster, "for-ci", "get", "namespaces", "-o", "name")
    run(host, cluster, "for-ci", "create", "configmap", "made", "--from-literal=a=1", "-n", "default")
    assert inside(host, cluster, "configmap", "made", "-n", "default") == "configmap/made"


def test_server_context_and_trust_are_as_they_were_chosen(host: Host, cluster: VirtualCluster) -> None:
    files = data(host, cluster, "for-outside")
    assert "server: https://outside.example\n" in files["config"]
    assert "insecure-skip-tls-verify: true" in files["config"]
    assert 'current-context: "out"' in files["config"]
    assert "insecure" not in files["value"]
    assert "server: https://localhost:8443\n" in data(host, cluster, "for-ci")["config"]


def test_a_service_account_may_what_its_role_allows(host: Host, cluster: VirtualCluster) -> None:
    files = data(host, cluster, "for-robot")
    assert "client-key" not in files
    assert files["token"] in files["config"]
    # In a young cluster the rules of `view` are yet to be gathered from other roles.
    eventually(lambda: run(host, cluster, "for-robot", "get", "pods", "-A", "-o", "json"))
    mine = "system:serviceaccount:bots:robot"
    assert inside(host, cluster, "clusterrolebindings", "-l", "vcli.dev/exported") != ""
    assert mine in run(host, cluster, "for-robot", "auth", "whoami")
    assert run(host, cluster, "for-robot", "auth", "can-i", "create", "pods", check=False).strip() == "no"


def test_what_somebody_changes_or_deletes_is_restored(host: Host, cluster: VirtualCluster) -> None:
    place = ("-n", cluster.namespace)
    before = data(host, cluster, "for-ci")
    host.kubectl("patch", "secret", "for-ci", *place, "-p", '{"stringData": {"config": "broken"}}')
    eventually(lambda: data(host, cluster, "for-ci")["config"] == before["config"])
    host.kubectl("delete", "secret", "for-ci", *place)
    eventually(lambda: found(host, cluster, "for-ci"))
    assert data(host, cluster, "for-ci") == before


def test_a_renewed_key_is_in_it(host: Host, cluster: VirtualCluster) -> None:
    before = data(host, cluster, "for-ci")
    patch = '{"data": {"client-certificate": null, "client-key": null}}'
    host.kubectl("patch", "secret", f"vc-{NAME}", "-n", cluster.namespace, "--type=merge", "-p", patch)
    plane = Plane(host=host, cluster=cluster)
    uid = plane.get()["metadata"]["uid"]
    host.kubectl("delete", "pod", plane.pod, "-n", cluster.namespace)
    plane.wait_ready(after=uid)
    eventually(lambda: data(host, cluster, "for-ci")["client-key"] != before["client-key"])
    assert data(host, cluster, "for-ci")["client-key"] == data(host, cluster, f"vc-{NAME}")["client-key"]
    assert "kube-system" in run(host, cluster, "for-ci", "get", "namespaces", "-o", "name")


def test_a_secret_of_somebody_else_is_left_alone(host: Host, cluster: VirtualCluster) -> None:
    other = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "taken"}, "stringData": {"a": "1"}}
    host.apply(cluster.namespace, other)
    more = "exportKubeConfig.additionalSecrets"
    # for-ci stays; the others are named no more
    sets = ("--set-json", f'{more}=[{{"name": "for-ci"}}, {{"name": "taken"}}]')
    host.vcli("upgrade", NAME, "-n", cluster.namespace, *sets)
    eventually(lambda: found(host, cluster, "for-robot") is None)
    assert found(host, cluster, "for-outside") is None
    assert found(host, cluster, "for-ci") is not None
    assert data(host, cluster, "taken") == {"a": "1"}
    eventually(lambda: not inside(host, cluster, "clusterrolebindings", "-l", "vcli.dev/exported"))

    def said() -> bool:
        described = host.vcli("describe", NAME, "-n", cluster.namespace).stdout
        return "kubeconfig 2 unavailable" in described and '"taken" already exists' in described

    eventually(said)


def names_in(host: Host, namespace: str) -> str:
    return host.kubectl("get", "secret,role", "-n", namespace, "-o", "name")


def test_in_another_namespace_one_is_kept_while_it_is_named(
    host: Host, cluster: VirtualCluster, tools: str
) -> None:
    more = "exportKubeConfig.additionalSecrets"
    elsewhere = [{"name": name, "namespace": tools} for name in ("stays", "goes")]
    given = json.dumps([{"name": "for-ci"}, *elsewhere])
    host.vcli("upgrade", NAME, "-n", cluster.namespace, "--set-json", f"{more}={given}")
    eventually(lambda: {"secret/stays", "secret/goes"} <= set(names_in(host, tools).split()))
    host.kubectl("patch", "secret", "stays", "-n", tools, "-p", '{"stringData": {"config": "broken"}}')
    jsonpath = ("-o", "jsonpath={.data.config}")
    eventually(
        lambda: b"clusters" in base64.b64decode(host.kubectl("get", "secret/stays", "-n", tools, *jsonpath))
    )
    given = json.dumps([{"name": "for-ci"}, elsewhere[0]])
    host.vcli("upgrade", NAME, "-n", cluster.namespace, "--set-json", f"{more}={given}")
    eventually(lambda: "secret/goes" not in names_in(host, tools))
    assert "secret/stays" in names_in(host, tools)


def test_they_go_with_the_virtual_cluster(host: Host, cluster: VirtualCluster, tools: str) -> None:
    host.vcli("delete", NAME, "-n", cluster.namespace)
    eventually(lambda: found(host, cluster, "for-ci") is None)
    eventually(lambda: names_in(host, tools) == "")
    assert found(host, cluster, "taken") is not None
