"""Both clusters as the controllers see them: a client and the caches of each."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vcli.kube.client import Client
from vcli.kube.informer import Informer
from vcli.kube.resources import Resource
from vcli.syncer.engine.burst import Starting
from vcli.syncer.engine.recorder import Recorder
from vcli.syncer.engine.thrift import shared
from vcli.syncer.settings import Settings
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.scope import Scope

Object = dict[str, Any]
Index = Callable[[Object], Iterable[str]]


@dataclass(slots=True)
class Caches:
    """The informers of one cluster, by resource.

    A kind that needs a cache asks `watch` for it when it is made; after that everybody may read it.
    """

    client: Client
    informers: dict[Resource, Informer] = field(default_factory=dict)
    others: list[Informer] = field(default_factory=list)

    def __getitem__(self, resource: Resource) -> Informer:
        return self.informers[resource]

    def watch(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        indexers: Mapping[str, Index] | None = None,
        keep: Callable[[Object], Object] = shared,
    ) -> Informer:
        """Keep the cache of `resource`; call it once for each.

        ``keep`` makes of each object what is kept of it.
        """
        informer = Informer(
            self.client,
            resource,
            namespace=namespace,
            label_selector=label_selector,
            indexers=indexers or {},
            transform=keep,
        )
        self.informers[resource] = informer
        return informer

    def watch_also(self, resource: Resource, *, namespace: str, label_selector: str) -> Informer:
        """Keep a second cache of a resource, with another selector; it is known to nobody but the caller."""
        informer = Informer(self.client, resource, namespace=namespace, label_selector=label_selector)
        self.others.append(informer)
        return informer

    def _all(self) -> list[Informer]:
        return [*self.informers.values(), *self.others]

    async def run(self) -> None:
        """Keep all caches up to date until cancelled."""
        async with asyncio.TaskGroup() as group:
            for informer in self._all():
                group.create_task(informer.run(), name=f"informer of {informer.resource.plural}")

    async def wait_synced(self) -> None:
        """Until every cache has had its first list."""
        for informer in self._all():
            await informer.wait_synced()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One virtual cluster and the host namespace that it lives in.

    Attributes:
        settings: what the syncer was told.
        scope: the same, as translations want it.
        virtual: the virtual cluster.
        host: the host namespace; its caches hold only what carries our label.
        recorder: tells tenants what went wrong.
        host_version: major and minor version of the host's Kubernetes.
        starting: pods whose containers the host is making now.
    """

    settings: Settings
    scope: Scope
    virtual: Caches
    host: Caches
    recorder: Recorder
    host_version: tuple[int, int]
    starting: Starting = field(default_factory=Starting)

    @property
    def namespace(self) -> str:
        """The host namespace."""
        return self.scope.host_namespace

    def on_host(self, resource: Resource, name: VirtualName) -> Object | None:
        """The host object for a virtual name, if there is one and it is ours."""
        found = self.host[resource].get(self.namespace, host_name(name, self.scope.cluster))
        if found is None or virtual_name_of(found, scope=self.scope, kind=resource.kind) != name:
            return None
        return found

    def in_virtual(self, resource: Resource, name: VirtualName) -> Object | None:
        """The virtual object of this name."""
        return self.virtual[resource].get(name.namespace or None, name.name)


def scope_of(settings: Settings) -> Scope:
    """The scope of a syncer's translations."""
    owner = {"apiVersion": "v1", "kind": "Service", "name": settings.service, "uid": settings.service_uid}
    return Scope(cluster=settings.cluster, host_namespace=settings.namespace, owner=owner)


def name_of(obj: Object) -> VirtualName:
    """The name of a virtual object."""
    metadata = obj["metadata"]
    return VirtualName(metadata.get("namespace", ""), metadata["name"])


def uid_of(obj: Object) -> str:
    """The object's own uid."""
    uid: str = obj["metadata"]["uid"]
    return uid


def is_going(obj: Object) -> bool:
    """Whether somebody has asked for the object's deletion."""
    return "deletionTimestamp" in obj["metadata"]
