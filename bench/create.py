"""From nothing to the first answer: `vcli create`, beside a bare control-plane pod of the same images."""

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator
from functools import partial
from statistics import median
from typing import Any

from bench.measure import Row, run, seconds
from bench.sizes import Sizes

_BUDGET = 1.2
_TIMEOUT = 120.0
_BARE = "bare"


async def create(sizes: Sizes) -> AsyncIterator[Row]:
    """Create and delete a virtual cluster and a bare pod in turn."""
    ours, direct = [], []
    for number in range(sizes.runs):
        name = f"bench-create-{number}"
        namespace = f"vcluster-{name}"
        try:
            ours.append(await asyncio.to_thread(seconds, partial(_create, name)))
            pod = await asyncio.to_thread(bare_pod, name, namespace, name=_BARE)
            direct.append(await asyncio.to_thread(seconds, partial(_boot, pod, namespace)))
            await asyncio.to_thread(run, "kubectl", "-n", namespace, "delete", "pod", _BARE)
        finally:
            await asyncio.to_thread(run, "vcli", "delete", name, "--ignore-not-found")
    yield Row(
        what="create to first kubectl get ns",
        ours=median(ours),
        direct=median(direct),
        direct_is="a bare etcd + kube-apiserver + kube-controller-manager pod to /readyz",
        budget=_BUDGET,
        runs=sizes.runs,
    )


def _create(name: str) -> None:
    run("vcli", "create", name, "--no-connect", "--ephemeral")
    run("vcli", "connect", name, "--", "kubectl", "get", "ns")


def bare_pod(cluster: str, namespace: str, *, name: str) -> dict[str, Any]:
    """The containers of a virtual cluster without the syncer, as a pod of their own."""
    found = json.loads(run("kubectl", "-n", namespace, "get", "statefulset", cluster, "-o", "json"))
    spec = found["spec"]["template"]["spec"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "automountServiceAccountToken": False,
            "volumes": spec["volumes"],
            "containers": [each for each in spec["containers"] if each["name"] != "syncer"],
            "securityContext": spec.get("securityContext", {}),
        },
    }


def _boot(pod: dict[str, Any], namespace: str) -> None:
    run("kubectl", "create", "-f", "-", text=json.dumps(pod))
    ready = (
        "kubectl",
        "get",
        "--raw",
        f"/api/v1/namespaces/{namespace}/pods/https:{_BARE}:8443/proxy/readyz",
    )
    until = time.monotonic() + _TIMEOUT
    while subprocess.run(ready, check=False, capture_output=True).returncode:
        if time.monotonic() > until:
            raise TimeoutError("the bare control plane did not become ready")
        time.sleep(0.05)
