"""Who else is at work: the host's scheduler, kubelet and volume binder, and the virtual namespace controller.

Each looks at what is there a few times a second, where its real counterpart has a watch, and does
the next step for every object.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from compare import Key

from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound, Unreachable
from vcli.kube.resources import CONFIGMAPS, NAMESPACES, PODS, PVCS, PVS, SECRETS, Resource
from vcli.syncer.translate import keys
from vcli.syncer.translate.pods import references

Object = dict[str, Any]

NODE_NAMES = ("node-1", "node-2", "node-3")
_EVERY = 0.1
_PROTECTIONS = frozenset({"kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"})
_IN_VAIN = (ApiError, Unreachable)
"""Somebody else was quicker, or the server is busy: look again."""


@dataclass(slots=True)
class Run:
    """A host pod or claim that was seen.

    Attributes:
        key: of the host object.
        virtual_uid: the virtual object that it was made for.
        started: whether its containers ran.
        gone: whether it has been deleted.
        deleted_by_host: whether somebody on the host asked for that.
    """

    key: Key
    virtual_uid: str
    started: bool = False
    gone: bool = False
    deleted_by_host: bool = False


@dataclass(slots=True)
class Host:
    """Scheduler, kubelet and volume binder of a host namespace.

    Attributes:
        schedules: whether pods get a node.
        awake: whether they are taken up and ended there.
        runs: every host pod and claim of ours that there ever was, by uid.
        lock: held while the kubelet works: whoever wants to know what has started takes it.
    """

    client: Client
    namespace: str
    schedules: bool = True
    awake: bool = True
    runs: dict[str, Run] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def work(self) -> None:
        """Play until cancelled."""
        while True:
            async with self.lock:
                with contextlib.suppress(*_IN_VAIN):
                    await self._pods()
                    self._meet(PVCS, await _claims(self.client, self.namespace, bind=True))
            await asyncio.sleep(_EVERY)

    def reruns(self, *, alive: set[str]) -> list[str]:
        """Pods that ran twice, and what was deleted on the host while its virtual object lives.

        Args:
            alive: the uids of all virtual objects.
        """
        started = Counter(run.virtual_uid for run in self.runs.values() if run.started)
        twice = [f"a pod was started {count} times: {uid}" for uid, count in started.items() if count > 1]
        return twice + [
            f"host {run.key} ({uid}) was deleted, and nobody deleted its virtual object"
            for uid, run in self.runs.items()
            if run.gone and not run.deleted_by_host and run.virtual_uid in alive
        ]

    def _meet(self, resource: Resource, objects: list[Object]) -> list[tuple[Object, Run]]:
        """Those that are ours, each with its run."""
        for run in self.runs.values():
            run.gone |= run.key.kind == resource.kind
        met = []
        for obj in objects:
            annotations = obj["metadata"].get("annotations") or {}
            if keys.UID in annotations and not obj["metadata"]["name"].startswith("copy-"):
                uid = obj["metadata"]["uid"]
                run = self.runs.setdefault(uid, Run(Key.of(obj), annotations[keys.UID]))
                run.gone = False
                met.append((obj, run))
        return met

    async def _pods(self) -> None:
        pods = (await self.client.list(PODS, namespace=self.namespace))["items"]
        await asyncio.gather(*(self._step(pod, run) for pod, run in self._meet(PODS, pods)))

    async def _step(self, pod: Object, run: Run) -> None:
        with contextlib.suppress(*_IN_VAIN):
            await self._next(pod, run)

    async def _next(self, pod: Object, run: Run) -> None:
        metadata, status = pod["metadata"], pod["status"]
        if "nodeName" not in pod["spec"]:
            if "deletionTimestamp" not in metadata and self.schedules:
                await self._bind(pod)
        elif not self.awake:
            return
        elif "deletionTimestamp" in metadata:
            await self._end(pod)
        elif "startTime" not in status and await self._has_all(pod):
            # From here on it must never run anywhere else.
            run.started = True
            await self._tell(pod, phase="Pending", startTime="2026-01-01T00:00:00Z", **_addresses(pod))
        elif status["phase"] == "Pending" and "startTime" in status:
            await self._tell(pod, phase="Running", podIP="10.244.0.7", podIPs=[{"ip": "10.244.0.7"}])

    async def _bind(self, pod: Object) -> None:
        metadata = pod["metadata"]
        binding = {
            "metadata": {"name": metadata["name"], "uid": metadata["uid"]},
            "target": {"kind": "Node", "name": NODE_NAMES[sum(metadata["uid"].encode()) % len(NODE_NAMES)]},
        }
        await self.client.create_subresource(
            PODS, metadata["name"], "binding", binding, namespace=self.namespace
        )

    async def _end(self, pod: Object) -> None:
        metadata = pod["metadata"]
        if pod["status"].get("phase") == "Running":
            await self._tell(pod, phase="Failed", message="ended")
        if metadata.get("deletionGracePeriodSeconds") != 0 or not metadata.get("finalizers"):
            await self.client.delete(
                PODS, metadata["name"], namespace=self.namespace, uid=metadata["uid"], grace=0
            )

    async def _tell(self, pod: Object, **status: Any) -> None:
        body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        await self.client.patch(
            PODS,
            pod["metadata"]["name"],
            body,
            namespace=self.namespace,
            subresource="status",
            strategy="strategic",
        )

    async def _has_all(self, pod: Object) -> bool:
        """Whether a kubelet could mount everything."""
        needed = references(pod)
        for resource, names in (
            (CONFIGMAPS, needed.config_maps),
            (SECRETS, needed.secrets),
            (PVCS, needed.claims),
        ):
            for name, optional in names.items():
                if not optional and await _get(self.client, resource, self.namespace, name) is None:
                    return False
        return True


@dataclass(slots=True)
class Virtual:
    """The controllers of the virtual cluster that end namespaces, and protect claims and volumes."""

    client: Client
    namespaces: set[str] = field(default_factory=set)

    async def work(self, resources: tuple[Resource, ...]) -> None:
        """Play until cancelled."""
        while True:
            with contextlib.suppress(*_IN_VAIN):
                for namespace in (await self.client.list(NAMESPACES))["items"]:
                    if namespace["metadata"]["name"] in self.namespaces:
                        await self._look_after(namespace, resources)
                for volume in (await self.client.list(PVS))["items"]:
                    if "deletionTimestamp" in volume["metadata"] and volume["status"]["phase"] != "Bound":
                        await _let_go(self.client, PVS, volume)
            await asyncio.sleep(_EVERY)

    async def _look_after(self, namespace: Object, resources: tuple[Resource, ...]) -> None:
        with contextlib.suppress(*_IN_VAIN):
            await _claims(self.client, namespace["metadata"]["name"], bind=False)
            if "deletionTimestamp" in namespace["metadata"]:
                await self._empty(namespace, resources)

    async def _empty(self, namespace: Object, resources: tuple[Resource, ...]) -> None:
        name, left = namespace["metadata"]["name"], 0
        for resource in resources:
            found = (await self.client.list(resource, namespace=name))["items"]
            left += len(found)
            if any("deletionTimestamp" not in obj["metadata"] for obj in found):
                await self.client.delete_collection(resource, namespace=name, label_selector=None)
        if not left:
            await self.client.replace(
                NAMESPACES, {**namespace, "spec": {"finalizers": []}}, subresource="finalize"
            )


async def _claims(client: Client, namespace: str, *, bind: bool) -> list[Object]:
    """Bind claims to volumes, as big as they ask for, and let go of those that are deleted."""
    claims: list[Object] = (await client.list(PVCS, namespace=namespace))["items"]
    for claim in claims:
        with contextlib.suppress(*_IN_VAIN):
            name, uid = claim["metadata"]["name"], claim["metadata"]["uid"]
            if "deletionTimestamp" in claim["metadata"]:
                await _let_go(client, PVCS, claim)
            elif bind:
                for change, subresource in _binding(claim):
                    body = {**change, "metadata": {**(change.get("metadata") or {}), "uid": uid}}
                    await client.patch(PVCS, name, body, namespace=namespace, subresource=subresource)
    return claims


async def _let_go(client: Client, resource: Resource, obj: Object) -> None:
    """Nobody uses it any more."""
    metadata = obj["metadata"]
    left = [each for each in metadata.get("finalizers") or () if each not in _PROTECTIONS]
    if left != metadata.get("finalizers", []):
        body = {"metadata": {"uid": metadata["uid"], "finalizers": left}}
        await client.patch(resource, metadata["name"], body, namespace=metadata.get("namespace"))


def _binding(claim: Object) -> Iterator[tuple[Object, str | None]]:
    size = claim["spec"]["resources"]["requests"]["storage"]
    if not claim["spec"].get("volumeName"):
        annotations = {"pv.kubernetes.io/bind-completed": "yes"}
        yield (
            {
                "metadata": {"annotations": annotations},
                "spec": {"volumeName": f"pv-{claim['metadata']['uid']}"},
            },
            None,
        )
    status = claim.get("status") or {}
    if status.get("phase") != "Bound" or (status.get("capacity") or {}).get("storage") != size:
        modes = claim["spec"]["accessModes"]
        yield {"status": {"phase": "Bound", "capacity": {"storage": size}, "accessModes": modes}}, "status"


def _addresses(pod: Object) -> Object:
    address = f"172.18.0.{pod['spec']['nodeName'][-1]}"
    condition = {"type": "Ready", "status": "True"}
    return {"hostIP": address, "hostIPs": [{"ip": address}], "conditions": [condition]}


async def _get(client: Client, resource: Resource, namespace: str, name: str) -> Object | None:
    with contextlib.suppress(NotFound):
        return await client.get(resource, name, namespace=namespace)
    return None
