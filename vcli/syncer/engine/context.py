"""Both clusters as the controllers see them."""

from dataclasses import dataclass

from vcli.contract.settings import Settings
from vcli.kube.resources import Resource
from vcli.kube.types import Object, OwnerReference
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.recorder import Recorder
from vcli.syncer.engine.version import ServerVersion
from vcli.syncer.translate.allowed import Allowed
from vcli.syncer.translate.metadata import host_name_for, virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.scope import Scope

__all__ = ["Object", "SyncContext", "name_of", "scope_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncContext:
    """One virtual cluster and the host namespace that it lives in.

    Attributes:
        settings: what to sync, and how.
        scope: the same, as translations want it.
        virtual: the virtual cluster.
        host: the host namespace; its caches hold only what carries our label.
        recorder: writes events for tenants.
        host_version: of the host's Kubernetes, once it is known.
    """

    settings: Settings
    scope: Scope
    virtual: Caches
    host: Caches
    recorder: Recorder
    host_version: ServerVersion

    @property
    def namespace(self) -> str:
        """The host namespace."""
        return self.scope.host_namespace

    def on_host(self, resource: Resource, name: VirtualName) -> Object | None:
        """The host object for a virtual name, if there is one and it is ours."""
        namespace = self.namespace if name.namespace else None
        found = self.host[resource].get(namespace, host_name_for(name, kind=resource.kind, scope=self.scope))
        if found is None or virtual_name_of(found, scope=self.scope, kind=resource.kind) != name:
            return None
        return found

    def in_virtual(self, resource: Resource, name: VirtualName) -> Object | None:
        """The virtual object of this name."""
        return self.virtual[resource].get(name.namespace or None, name.name)


def scope_of(settings: Settings) -> Scope:
    """The scope of a syncer's translations."""
    owner: OwnerReference = {
        "apiVersion": "v1",
        "kind": "Service",
        "name": settings.service,
        "uid": settings.service_uid,
    }
    limits = settings.host_metadata
    allowed = Allowed(**{key: tuple(limits.get(key) or ()) for key in ("labels", "annotations")})
    return Scope(
        cluster=settings.cluster,
        host_namespace=settings.namespace,
        owner=owner,
        allowed=allowed if limits else None,
    )


def name_of(obj: Object) -> VirtualName:
    """The name of a virtual object."""
    metadata = obj["metadata"]
    return VirtualName(metadata.get("namespace", ""), metadata["name"])
