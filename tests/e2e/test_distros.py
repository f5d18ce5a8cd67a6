"""A virtual cluster of another distribution, used as any other.

``VCLI_K3S_IMAGE`` names an image of k3s: an archive, which goes into the embedded host, or a reference that
the host can pull. The host is built from packages and k3s is none: what takes an image is skipped without.
"""

import json
import os
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded import Host, vcli_host
from polling import eventually
from test_create import NO_DNS, NOWHERE, QUIET, left
from upgrading import inside, pod, precious, restarting

IMAGE = os.environ.get("VCLI_K3S_IMAGE", "")
CLAIM = "controlPlane.statefulSet.persistence.volumeClaim.enabled=true"
CONTENT = "kept on the volume"
READ = "cat /data/a; wget -qO- http://web.default.svc.cluster.local:8080/a"
TENANTS: list[dict[str, Any]] = [
    {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 8080}]},
    },
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "web",
                    "image": "busybox:1.36",
                    "command": ["sh", "-c", f"echo '{CONTENT}' | tee /data/a; httpd -f -p 8080 -h /data"],
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        },
    },
]


def reference(host: Host) -> str:
    """How the host knows the image; one in an archive is put there."""
    if not IMAGE:
        pytest.skip("VCLI_K3S_IMAGE names no image of k3s")
    if not Path(IMAGE).is_file():
        return IMAGE
    vcli_host("load-image", IMAGE, "--name", host.name, env=host.env)
    with tarfile.open(IMAGE) as archive:
        index = archive.extractfile("index.json")
        assert index
        names: dict[str, str] = json.load(index)["manifests"][0]["annotations"]
    return names["io.containerd.image.name"]


def restrict(host: Host, namespace: str) -> None:
    """Let only pods in that have no rights of any kind."""
    host.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")


def options(host: Host) -> list[str]:
    """Of ``vcli create``."""
    image = f"controlPlane.distro.k3s.image={reference(host)}"
    return ["--no-connect", "--distro", "k3s", "--set", image]


@pytest.fixture(scope="module")
def k3s(host: Host) -> Iterator[str]:
    """The namespace of a virtual cluster, where nothing but restricted pods may run."""
    namespace = f"k3s-{uuid.uuid4().hex[:8]}"
    host.create_namespace(namespace)
    restrict(host, namespace)
    try:
        host.vcli("create", "demo", "-n", namespace, *options(host), "--set", CLAIM)
        yield namespace
    finally:
        host.end_namespace(namespace)


def test_pods_services_volumes_logs_and_exec(desk: Host, k3s: str):
    objects = json.dumps({"apiVersion": "v1", "kind": "List", "items": TENANTS})
    desk.vcli("connect", "demo", "-n", k3s, "--", "kubectl", "apply", "-f", "-", stdin=objects)
    inside(desk, k3s, "wait", "pod/web", "--for=condition=Ready", "--timeout=120s")
    inside(desk, k3s, "rollout", "status", "-n", "kube-system", "deployment/coredns", "--timeout=120s")
    read = ("exec", "web", "--", "sh", "-c", READ)
    eventually(lambda: inside(desk, k3s, *read, check=False).stdout == f"{CONTENT}\n" * 2)
    assert inside(desk, k3s, "logs", "web").stdout == f"{CONTENT}\n"
    version = json.loads(inside(desk, k3s, "version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
    [listed] = json.loads(desk.vcli("list", "-n", k3s, "-o", "json").stdout)
    assert (listed["distro"], listed["version"]) == ("k3s", version)
    assert desk.vcli("logs", "demo", "-n", k3s, "--component", "controller-manager", "--tail", "1").stdout


def test_what_it_stores_outlives_its_pod_and_an_upgrade(desk: Host, k3s: str):
    name, before = precious(desk, k3s), pod(desk, k3s)["metadata"]["uid"]
    desk.kubectl("delete", "pod", "demo-0", "-n", k3s, "--context", desk.name)
    eventually(lambda: inside(desk, k3s, "get", "configmap", name, check=False).returncode == 0)
    again = pod(desk, k3s)["metadata"]["uid"]
    assert again != before
    desk.vcli("upgrade", "demo", "-n", k3s, *restarting("x"))
    assert pod(desk, k3s)["metadata"]["uid"] != again
    inside(desk, k3s, "get", "configmap", name)


def test_a_control_plane_stays_of_its_distribution(desk: Host, namespace: str):
    restrict(desk, namespace)
    desk.vcli("create", "demo", "-n", namespace, *NOWHERE, "--distro", "k3s", "--kubernetes-version", "1.36")
    [listed] = json.loads(desk.vcli("list", "-n", namespace, "-o", "json").stdout)
    assert (listed["distro"], listed["version"]) == ("k3s", "v1.36.3+k3s1")
    for command in (["upgrade"], ["create", "--upgrade", "--no-connect"]):
        refused = desk.vcli(*command, "demo", "-n", namespace, "--distro", "k8s", check=False)
        assert refused.returncode == 5
        assert "runs k3s and can't become k8s" in refused.stderr
        assert "stay with it: --distro k3s; or create a second one" in refused.stderr
    same = desk.vcli("upgrade", "demo", "-n", namespace, "--distro", "k3s", "--dry-run")
    assert "nothing to change" in same.stderr + same.stdout


def test_an_embedded_host_without_the_image_says_what_takes_one(desk: Host, namespace: str):
    image = (
        "controlPlane.distro.k3s.image.tag=v1.36.3-k3s0",
        "controlPlane.distro.k3s.imagePullPolicy=Never",
    )
    sets = [part for each in image for part in ("--set", each)]
    failed = desk.vcli("create", "demo", "-n", namespace, *QUIET, "--distro", "k3s", *sets, check=False)
    assert failed.returncode != 0
    assert "container k3s: ErrImageNeverPull" in failed.stderr
    assert (
        "an embedded host has no image of k3s: vcli host load-image FILE takes an archive of it"
        in failed.stderr
    )
    assert left(desk, namespace) == set()


def test_it_goes_without_a_trace(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *options(desk), *NO_DNS, "--ephemeral")
    desk.vcli("delete", "demo", "-n", namespace)
    assert left(desk, namespace) == set()
