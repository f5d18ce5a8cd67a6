"""Nodes of the host without a kubelet: kwok says of their pods that they run."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from lab.build import build
from vcli.kube.client import Client
from vcli.kube.resources import NODES

_MARK: Final = "kwok.x-k8s.io/node"
_STAGES: Final = Path(__file__).with_suffix(".yaml")
_PODS_A_NODE: Final = 1000

ON_THEM: Final[Mapping[str, Any]] = {
    "nodeSelector": {"type": "kwok"},
    "tolerations": [{"key": _MARK, "operator": "Exists"}],
}
"""What a pod's spec has to say to get there."""


@asynccontextmanager
async def nodes(host: Client, *, pods: int, folder: Path) -> AsyncIterator[None]:
    """Have nodes for so many pods, and half as many again."""
    binaries = await asyncio.to_thread(build, ["kwok"], lambda line: print(line, file=sys.stderr))
    names = [f"kwok-{number}" for number in range(1 + pods * 3 // 2 // _PODS_A_NODE)]
    with (folder / "kwok.log").open("wb") as log:
        options = (
            f"--config={_STAGES}",
            f"--manage-nodes-with-annotation-selector={_MARK}=fake",
            "--node-lease-duration-seconds=40",
            "--node-ip=192.0.2.1",
            "--cidr=198.18.0.0/15",
        )
        kwok = await asyncio.create_subprocess_exec(binaries["kwok"], *options, stdout=log, stderr=log)
    try:
        for name in names:
            await host.create(NODES, _node(name))
        yield
    finally:
        for name in names:
            await host.delete(NODES, name)
        kwok.terminate()
        await kwok.wait()


def _node(name: str) -> dict[str, Any]:
    room = {"cpu": "1000", "memory": "1000Gi", "pods": str(_PODS_A_NODE)}
    return {
        "metadata": {
            "name": name,
            "annotations": {_MARK: "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {"type": "kwok", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        "spec": {"taints": [{"key": _MARK, "value": "fake", "effect": "NoSchedule"}]},
        "status": {"allocatable": room, "capacity": room},
    }
