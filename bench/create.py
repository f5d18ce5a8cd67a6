"""From nothing to the first answer: `vcli create`, beside a bare control-plane pod of the same images."""

import json
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from bench.measure import Row, seconds

_BUDGET = 1.2
_PATIENCE = 120.0


def rows(*, runs: int) -> Iterator[Row]:
    """Create and delete a virtual cluster and a bare pod in turn, ``runs`` times each."""
    ours, direct = [], []
    for number in range(runs):
        name = f"bench-{number}"
        namespace = f"vcluster-{name}"
        try:
            ours.append(seconds(partial(_create, name)))
            pod = _bare_pod(name, namespace)
            direct.append(seconds(partial(_boot, pod, namespace)))
        finally:
            _run("vcli", "delete", name, "--ignore-not-found")
    yield Row(
        what="create to first kubectl get ns",
        ours=median(ours),
        direct=median(direct),
        direct_is="a bare etcd + kube-apiserver + kube-controller-manager pod to /readyz",
        budget=_BUDGET,
    )


def _create(name: str) -> None:
    _run("vcli", "create", name, "--no-connect", "--ephemeral")
    _run("vcli", "connect", name, "--", "kubectl", "get", "ns")


def _bare_pod(name: str, namespace: str) -> dict[str, Any]:
    """The same containers without the syncer and without the order they start in."""
    found = json.loads(_run("kubectl", "-n", namespace, "get", "statefulset", name, "-o", "json"))
    spec = found["spec"]["template"]["spec"]
    containers = [
        {key: value for key, value in container.items() if key != "restartPolicy"}
        for container in [*spec.get("initContainers", ()), *spec["containers"]]
        if container["name"] != "syncer"
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bare", "namespace": namespace},
        "spec": {
            "automountServiceAccountToken": False,
            "volumes": spec["volumes"],
            "containers": containers,
            "securityContext": spec.get("securityContext", {}),
        },
    }


def _boot(pod: dict[str, Any], namespace: str) -> None:
    _run("kubectl", "create", "-f", "-", text=json.dumps(pod))
    ready = ("kubectl", "get", "--raw", f"/api/v1/namespaces/{namespace}/pods/https:bare:8443/proxy/readyz")
    until = time.monotonic() + _PATIENCE
    while subprocess.run(ready, check=False, capture_output=True).returncode:
        if time.monotonic() > until:
            raise TimeoutError("the bare control plane did not become ready")
        time.sleep(0.05)


def _run(*argv: str, text: str = "") -> str:
    return subprocess.run(argv, check=True, capture_output=True, input=text, text=True).stdout
