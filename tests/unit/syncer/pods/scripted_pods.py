"""The controllers of pods between two API servers whose answers a test scripts.

What no test scripts is answered as by a server that has nothing and takes everything. Its watches tell what
the test sends, and nothing else: a write shows in a cache as the answer to it, or not at all.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scripted_api import NAMESPACE, Request, ScriptedApi, listed, ok, refused
from vcli.contract.settings import Settings
from vcli.kube.informer import Informer
from vcli.kube.resources import PODS, Resource
from vcli.kube.transport import Response
from vcli.syncer.caches import watch_all
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.context import SyncContext, scope_of
from vcli.syncer.engine.recorder import Recorder
from vcli.syncer.engine.version import ServerVersion
from vcli.syncer.kinds.pods.controller import Pods
from vcli.syncer.sync.references import ReferenceIndex
from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import VirtualName, host_name

Object = dict[str, Any]
CLUSTER = "demo"
SPACE = "default"
"""The virtual namespace."""
_versions = itertools.count(100)


class WillingApi(ScriptedApi):
    """Answers what is not scripted: collections are empty, objects are not found, writes succeed.

    A patch of an object that was told of, or was created, sets the fields that it names.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Object] = {}

    def answer_willingly(self, method: str, path: str) -> None:
        """Forget what was scripted."""
        self._answers.pop((method, path), None)

    def hold(self, path: str, *objects: Object) -> None:
        """Have objects in a collection from the beginning."""
        self._known |= {_object_path(path.rpartition("/")[2], each["metadata"]): each for each in objects}
        self.on("GET", path, listed(*objects))

    def send_event(self, path: str, kind: str, obj: Object) -> None:
        metadata = obj["metadata"]
        self._known[_object_path(path.rpartition("/")[2], metadata)] = obj
        super().send_event(path, kind, obj)

    def _next(self, method: str, path: str) -> Response:
        if (method, path) in self._answers:
            return super()._next(method, path)
        if method == "GET":
            return listed() if path.rpartition("/")[2] in _PLURALS else refused(404, "NotFound", path)
        if path.endswith("/token"):
            return ok({"status": {"token": "header.claims.signature", "expirationTimestamp": _IN_AN_HOUR}})
        return ok({} if method == "DELETE" else self._written(method, path, self.requests[-1].body))

    def _written(self, method: str, path: str, body: Object) -> Object:
        collection, _, last = path.rpartition("/")
        if method == "POST" and last not in _PLURALS:  # a binding
            return {}
        if method == "POST":
            path += f"/{body['metadata']['name']}"
        known = path if path in self._known else collection
        if known in self._known and method == "PATCH":
            made = _merged(self._known[known], body)
        else:
            made = {**body, "metadata": {"uid": f"made-{next(_versions)}", **body["metadata"]}}
            if last == "pods":
                made["status"] = {"phase": "Pending"}
            known = path
        self._known[known] = made = newer(made)
        return made


_IN_AN_HOUR = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
_PLURALS = frozenset(
    {
        "configmaps",
        "endpointslices",
        "ingressclasses",
        "ingresses",
        "namespaces",
        "networkpolicies",
        "nodes",
        "persistentvolumeclaims",
        "persistentvolumes",
        "poddisruptionbudgets",
        "pods",
        "priorityclasses",
        "resourceclaims",
        "runtimeclasses",
        "secrets",
        "serviceaccounts",
        "services",
    }
)


class ScriptedNodes:
    """The Nodes that pods were to be bound to."""

    def __init__(self) -> None:
        self.ensured: list[str] = []

    async def ensure(self, name: str, *, internal_ips: Sequence[str]) -> None:  # noqa: ARG002
        self.ensured.append(name)


class PodLab:
    """What a test works with; `kinds` are on beside those that always are. Times are the loop's."""

    def __init__(
        self,
        *,
        addons: Sequence[Object] = (),
        kinds: Sequence[str] = (),
        selectors: Mapping[str, Object] | None = None,
        scheduler: bool = False,
    ) -> None:
        self.virtual, self.host = WillingApi(), WillingApi()
        settings = Settings(
            cluster=CLUSTER,
            namespace=NAMESPACE,
            service=CLUSTER,
            service_uid="service-uid",
            service_ip="10.96.0.9",
            headless_service=f"{CLUSTER}-headless.{NAMESPACE}.svc",
            workload_service_account=f"{CLUSTER}-workload",
            virtual_server="https://scripted",
            pki=Path("/nowhere"),
            kubernetes_version="v1.36.3",
            addons=list(addons),
            kinds=dict.fromkeys(kinds, True),
            selectors=dict(selectors or {}),
            scheduler=scheduler,
        )
        virtual, host = self.virtual.client(), self.host.client()
        self.ctx = SyncContext(
            settings=settings,
            scope=scope_of(settings),
            virtual=Caches(virtual, name="virtual"),
            host=Caches(host, name="host"),
            recorder=Recorder(virtual),
            host_version=ServerVersion(host, (1, 36)),
        )
        watch_all(self.ctx)
        self.nodes = ScriptedNodes()
        self.pods = Pods(self.ctx, self.nodes, ReferenceIndex(self.ctx.virtual))

    @asynccontextmanager
    async def running(
        self, *, virtual: Sequence[Object] = (), host: Sequence[Object] = ()
    ) -> AsyncIterator["PodLab"]:
        """Caches are full and controllers work; these pods are there already."""
        self.virtual.hold(PODS.path(namespace=None), *map(newer, virtual))
        self.host.hold(PODS.path(namespace=NAMESPACE), *map(newer, host))
        controllers = (self.pods.controller, self.pods.configs.controller, self.pods.tokens.controller)
        tasks = [asyncio.create_task(each.run()) for each in (self.ctx.virtual, self.ctx.host)]
        for caches in (self.ctx.virtual, self.ctx.host):
            await caches.wait_synced()
        tasks += [asyncio.create_task(each.run()) for each in controllers]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- what the watches tell

    def send_virtual_event(self, kind: str, obj: Object, resource: Resource = PODS) -> None:
        """An event of the virtual cluster."""
        self.virtual.send_event(resource.path(namespace=None), kind, newer(obj))

    def send_host_event(self, kind: str, obj: Object, resource: Resource = PODS) -> None:
        """An event of the host."""
        self.host.send_event(resource.path(namespace=NAMESPACE), kind, newer(obj))

    # --- what was asked for

    def sent(self, method: str, plural: str = "pods") -> list[Request]:
        """The requests to the host of a method that concern a collection, in their order."""
        return [each for each in self.host.asked(method) if f"/{plural}" in each.path]

    def told_status(self) -> list[Object]:
        """The patches of statuses of virtual pods, in their order."""
        return [each.body["status"] for each in self.virtual.asked("PATCH") if each.path.endswith("/status")]

    def pod_cache(self) -> Informer:
        """The cache of virtual pods."""
        return self.ctx.virtual[PODS]

    def host_pod_in_cache(self, name: str = "web") -> Object:
        """The host pod of a virtual one, as the syncer knows it."""
        found = self.ctx.on_host(PODS, VirtualName(SPACE, name))
        assert found is not None
        return found

    def warnings(self) -> list[tuple[str, str]]:
        """Reason and message of each event that was written."""
        events = [each.body for each in self.virtual.asked("PATCH") if "/events/" in each.path]
        return [(each["reason"], each["message"]) for each in events]


def newer(obj: Object) -> Object:
    """The object with a resourceVersion later than all before."""
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(next(_versions))}}


def virtual_pod(name: str = "web", *, uid: str = "uid-1", tokens: bool = False, **spec: Any) -> Object:
    """A virtual pod as it is created."""
    volumes: list[Object] = []
    if tokens:
        token = {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}}
        volumes = [{"name": "kube-api-access", "projected": {"sources": [token]}}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": SPACE,
            "uid": uid,
            "generation": 1,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "resourceVersion": "1",
        },
        "spec": {
            "containers": [{"name": "main", "image": "busybox"}],
            "dnsPolicy": "Default",
            **({"volumes": volumes} if volumes else {}),
            **spec,
        },
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


def host_pod(lab: PodLab, virtual: Object, *, node: str = "", uid: str = "", **status: Any) -> Object:
    """The host pod of a virtual one."""
    metadata = host_metadata(virtual, kind="Pod", scope=lab.ctx.scope)
    metadata["annotations"] = {**metadata["annotations"], keys.GENERATION: "1"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **metadata,
            "uid": uid or f"host-{virtual['metadata']['uid']}",
            "generation": 1,
            "resourceVersion": "1",
        },
        "spec": {
            "containers": [{"name": "main", "image": "busybox"}],
            **({"nodeName": node} if node else {}),
        },
        "status": {"phase": "Pending", **status},
    }


def terminating(obj: Object, *, grace: int = 30) -> Object:
    """The object after a request to delete it."""
    moment = {"deletionTimestamp": "2026-01-01T00:01:00Z", "deletionGracePeriodSeconds": grace}
    return {**obj, "metadata": {**obj["metadata"], **moment}}


def _merged(old: Any, patch: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(patch, dict):
        return patch
    return {**old, **{key: _merged(old.get(key), value) for key, value in patch.items()}}


def _object_path(plural: str, metadata: Object) -> str:
    space = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
    return f"/api/v1{space}/{plural}/{metadata['name']}"


def host_path(name: str = "web") -> str:
    """The path of the host pod of a virtual one."""
    return f"{PODS.path(namespace=NAMESPACE)}/{host_name(VirtualName(SPACE, name), CLUSTER)}"


def virtual_path(name: str = "web") -> str:
    """The path of a virtual pod."""
    return f"{PODS.path(namespace=SPACE)}/{name}"
