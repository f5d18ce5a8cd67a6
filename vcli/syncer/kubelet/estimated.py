"""The usage metrics of a kubelet, estimated from the host's metrics, where its kubelets can't be asked.

A kubelet counts CPU time, PodMetrics have a rate. So the rates are added up for as long as somebody asks:
what counts is the difference of two answers. With a new syncer the counters start again, as with a new
kubelet.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vcli.kube.types import Object
from vcli.syncer.engine.prometheus import Sample, exposition
from vcli.syncer.metrics_api.documents import PodUsage
from vcli.syncer.metrics_api.source import HostUsage
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.quantities import nanos, whole

_NANO: Final = 10**9
_FIRST: Final = _NANO // 1000
"""Whatever has run has used some time. A metrics-server takes none at all for a fault."""

_CPU: Final = "container_cpu_usage_seconds_total"
_MEMORY: Final = "container_memory_working_set_bytes"
_START: Final = "container_start_time_seconds"
_POD_CPU: Final = "pod_cpu_usage_seconds_total"
_POD_MEMORY: Final = "pod_memory_working_set_bytes"
_NODE_CPU: Final = "node_cpu_usage_seconds_total"
_NODE_MEMORY: Final = "node_memory_working_set_bytes"


class Counters:
    """CPU time in nanoseconds, by whatever has used it."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[float, int]] = {}

    def count(self, key: Hashable, *, nanocores: int, at: float) -> int:
        """Take in that so much is used at a time (seconds); gives all that was used up to then."""
        before, total = self._known.get(key, (at, _FIRST))
        if at > before:
            total += round(nanocores * (at - before))
        self._known[key] = (max(at, before), total)
        return total

    def forget_others(self, keys: Iterable[Hashable]) -> None:
        """Keep only these."""
        kept = set(keys)
        self._known = {key: known for key, known in self._known.items() if key in kept}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """One thing's usage at a time. CPU time and bytes."""

    at: float
    nanocores: int
    cpu: int
    memory: int

    def stats(self, time: str) -> Object:
        """As in `/stats/summary`."""
        return {
            "cpu": {"time": time, "usageNanoCores": self.nanocores, "usageCoreNanoSeconds": self.cpu},
            "memory": {"time": time, "workingSetBytes": self.memory},
        }


class EstimatedUsage:
    """Answers for all nodes.

    Args:
        source: what pods use.
        pods_on: gives the virtual pods of a node.
    """

    def __init__(self, source: HostUsage, *, pods_on: Callable[[str], Iterable[Object]]) -> None:
        self._source = source
        self._pods_on = pods_on
        self._counters: dict[str, Counters] = {}

    async def exposition(self, node: str) -> str:
        """Give `/metrics/resource` of a node.

        Raises:
            VcliError: as the host answers.
        """
        usages = await self._usages(node)
        counters, started = self._counters_of(node, usages), _started(self._pods_on(node))
        return exposition(_samples(node, usages, counters, started))

    async def summary(self, node: str) -> Object:
        """Give `/stats/summary` of a node.

        Raises:
            VcliError: as the host answers.
        """
        usages = await self._usages(node)
        counters = self._counters_of(node, usages)
        whole_node: Object = {"nodeName": node}
        if usages:
            latest = max(each.timestamp for each in usages)
            whole_node |= _of_node(node, usages, counters).stats(latest)
        return {"node": whole_node, "pods": [_pod_stats(each, counters) for each in usages]}

    async def _usages(self, node: str) -> list[PodUsage]:
        return [usage for usage in await self._source.usages() if usage.node == node]

    def _counters_of(self, node: str, usages: Sequence[PodUsage]) -> Counters:
        counters = self._counters.setdefault(node, Counters())
        pods = [(each.uid, None) for each in usages]
        containers = [(each.uid, name) for each in usages for name in each.containers]
        counters.forget_others([node, *pods, *containers])
        return counters


def _pod_stats(usage: PodUsage, counters: Counters) -> Object:
    reference = {"name": usage.name.name, "namespace": usage.name.namespace, "uid": usage.uid}
    containers = [
        {"name": name, **_of_container(usage, name, counters).stats(usage.timestamp)}
        for name in usage.containers
    ]
    return {
        "podRef": reference,
        "containers": containers,
        **_of_pod(usage, counters).stats(usage.timestamp),
    }


def _of_container(usage: PodUsage, name: str, counters: Counters) -> _Sample:
    used = usage.containers[name]
    nanocores, at = nanos(used.get("cpu", "0")), _seconds(usage.timestamp)
    cpu = counters.count((usage.uid, name), nanocores=nanocores, at=at)
    return _Sample(at=at, nanocores=nanocores, cpu=cpu, memory=whole(used.get("memory", "0")))


def _of_pod(usage: PodUsage, counters: Counters) -> _Sample:
    at = _seconds(usage.timestamp)
    cpu = counters.count((usage.uid, None), nanocores=usage.nanocores, at=at)
    return _Sample(at=at, nanocores=usage.nanocores, cpu=cpu, memory=usage.memory)


def _of_node(node: str, usages: Sequence[PodUsage], counters: Counters) -> _Sample:
    # Not the sum of the pods' counters, which falls when a pod goes.
    nanocores = sum(each.nanocores for each in usages)
    at = max(_seconds(each.timestamp) for each in usages)
    cpu = counters.count(node, nanocores=nanocores, at=at)
    return _Sample(at=at, nanocores=nanocores, cpu=cpu, memory=sum(each.memory for each in usages))


def _samples(
    node: str,
    usages: Sequence[PodUsage],
    counters: Counters,
    started: Mapping[tuple[VirtualName, str], float],
) -> Iterator[Sample]:
    for usage in usages:
        about = f'namespace="{usage.name.namespace}",pod="{usage.name.name}"'
        pod = _of_pod(usage, counters)
        yield _POD_CPU, f"{{{about}}}", pod.cpu / _NANO, pod.at
        yield _POD_MEMORY, f"{{{about}}}", pod.memory, pod.at
        for name in usage.containers:
            labels, one = f'{{container="{name}",{about}}}', _of_container(usage, name, counters)
            yield _CPU, labels, one.cpu / _NANO, one.at
            yield _MEMORY, labels, one.memory, one.at
            if (usage.name, name) in started:
                yield _START, labels, started[usage.name, name], None
    if usages:
        all_of_it = _of_node(node, usages, counters)
        yield _NODE_CPU, "", all_of_it.cpu / _NANO, all_of_it.at
        yield _NODE_MEMORY, "", all_of_it.memory, all_of_it.at
    yield "resource_scrape_error", "", 0, None


def _started(pods: Iterable[Object]) -> dict[tuple[VirtualName, str], float]:
    """When each container that runs was started, in seconds."""
    found = {}
    for pod in pods:
        name = VirtualName(pod["metadata"]["namespace"], pod["metadata"]["name"])
        status = pod.get("status") or {}
        for group in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
            for each in status.get(group) or ():
                running = (each.get("state") or {}).get("running") or {}
                if running.get("startedAt"):
                    found[name, each["name"]] = _seconds(running["startedAt"])
    return found


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
