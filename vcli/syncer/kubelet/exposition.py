"""The metrics of a host's kubelet, cut down to one virtual cluster's pods on a node. Pure.

A line or an entry passes only when it names a pod of ours; what is new in a later Kubernetes and names pods
in another way does not pass.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from vcli.kube.types import Object
from vcli.syncer.translate.names import HostName, VirtualName

_SAMPLE: Final = re.compile(r"([A-Za-z_:][\w:]*)\{(.*)\}( .*)\Z")
_LABEL: Final = re.compile(r'([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"')
# Of a node as a whole: no names in them. Anything else that is not a pod's is the host's business.
_OF_NODE: Final = ("node_", "resource_scrape_error", "scrape_error", "container_scrape_error")
_NODE_STATS: Final = ("nodeName", "startTime", "cpu", "memory", "swap", "network", "fs", "runtime", "rlimit")


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualPod:
    """The virtual pod that a host pod corresponds to.

    Attributes:
        name: of the virtual pod.
        uid: of the virtual pod.
        containers: those that the virtual pod has.
        claims: by volume, the virtual PersistentVolumeClaim in it.
    """

    name: VirtualName
    uid: str
    containers: frozenset[str]
    claims: Mapping[str, str]


VirtualPods = Mapping[HostName, VirtualPod]


def virtual_metrics(text: str, *, pods: VirtualPods, host_namespace: str) -> str:
    """Give the lines of a Prometheus exposition that are about the node itself or about `pods`, renamed."""
    return "".join(f"{line}\n" for line in _lines(text.splitlines(), pods, f'namespace="{host_namespace}"'))


def _lines(lines: Iterable[str], pods: VirtualPods, ours: str) -> Iterator[str]:
    about: list[str] = []
    for line in lines:
        if line.startswith("#"):
            about = [line] if line.startswith("# HELP") else [*about, line]
            continue
        # Most lines of a crowded node are others': no reason to take them apart.
        kept = _renamed(line, pods) if ours in line else line if line.startswith(_OF_NODE) else None
        if kept is not None:
            yield from about
            about = []
            yield kept


def _renamed(line: str, pods: VirtualPods) -> str | None:
    sample = _SAMPLE.match(line)
    if sample is None:
        return None
    labels = dict(_LABEL.findall(sample[2]))
    pod = pods.get(HostName(labels.get("pod", "")))
    if pod is None or labels.get("container", "") not in {"", "POD", *pod.containers}:
        return None
    labels |= {"namespace": pod.name.namespace, "pod": pod.name.name}
    if "pod_uid" in labels:
        labels["pod_uid"] = pod.uid
    renamed = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{sample[1]}{{{renamed}}}{sample[3]}"


def virtual_summary(summary: Object, *, pods: VirtualPods, host_namespace: str) -> Object:
    """Give a kubelet's `/stats/summary` with the node's own numbers and those of `pods`, renamed."""
    found = []
    for stats in summary.get("pods") or ():
        reference = stats.get("podRef") or {}
        pod = pods.get(HostName(reference.get("name", "")))
        if pod is not None and reference.get("namespace") == host_namespace:
            found.append(_pod_stats(stats, pod))
    node = summary.get("node") or {}
    return {"node": {key: node[key] for key in _NODE_STATS if key in node}, "pods": found}


def _pod_stats(stats: Object, pod: VirtualPod) -> Object:
    reference = {"name": pod.name.name, "namespace": pod.name.namespace, "uid": pod.uid}
    containers = [each for each in stats.get("containers") or () if each.get("name") in pod.containers]
    volumes = [_volume_stats(each, pod) for each in stats.get("volume") or ()]
    return {
        **stats,
        "podRef": reference,
        "containers": containers,
        **({"volume": volumes} if volumes else {}),
    }


def _volume_stats(stats: Object, pod: VirtualPod) -> Object:
    kept = {key: value for key, value in stats.items() if key != "pvcRef"}
    claim = pod.claims.get(stats.get("name", ""))
    return kept if claim is None else {**kept, "pvcRef": {"name": claim, "namespace": pod.name.namespace}}
