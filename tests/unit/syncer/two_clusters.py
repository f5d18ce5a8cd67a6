"""Both clusters in memory, for what is common to all kinds: each an API whose answers a test scripts."""

from pathlib import Path
from typing import Any

from scripted_api import NAMESPACE, ScriptedApi
from vcli.contract.settings import Settings
from vcli.kube.resources import Resource
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.context import SyncContext, scope_of
from vcli.syncer.engine.recorder import Recorder
from vcli.syncer.engine.version import ServerVersion
from vcli.syncer.translate.metadata import host_metadata

Object = dict[str, Any]


class Warnings(Recorder):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    async def warn(self, *_: Any, message: str, **__: Any) -> None:
        self.messages.append(message)

    async def warn_once(self, *_: Any, message: str, **__: Any) -> None:
        self.messages.append(message)


class TwoClusters:
    """A context over two scripted APIs, and the warnings that tenants get.

    Args:
        resource: the kind that both have a cache of.
    """

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.virtual, self.host = ScriptedApi(), ScriptedApi()
        settings = Settings(
            cluster="demo",
            namespace=NAMESPACE,
            service="demo",
            service_uid="uid-of-service",
            headless_service="demo-headless",
            workload_service_account="none",
            virtual_server="https://virtual",
            pki=Path("/pki"),
            kubernetes_version="v1.36.3",
        )
        self.warnings = Warnings()
        self.ctx = SyncContext(
            settings=settings,
            scope=scope_of(settings),
            virtual=Caches(self.virtual.client(), name="virtual"),
            host=Caches(self.host.client(), name="host"),
            recorder=self.warnings,
            host_version=ServerVersion(self.host.client()),
        )
        for caches in (self.ctx.virtual, self.ctx.host):
            caches.watch(resource, optional=True)

    def in_virtual(self, obj: Object) -> Object:
        """Have an object in the virtual cluster."""
        self.ctx.virtual.store(self.resource, obj)
        return obj

    def on_host(self, obj: Object) -> Object:
        """Have an object on the host."""
        self.ctx.host.store(self.resource, obj)
        return obj

    def copy_of(self, virtual: Object, *, version: int = 1, **more: Any) -> Object:
        """A host object of ours for a virtual one."""
        metadata = host_metadata(virtual, kind=self.resource.kind, scope=self.ctx.scope)
        metadata |= {"uid": f"uid-{metadata['name']}", "resourceVersion": str(version)}
        return {"metadata": metadata | more.pop("metadata", {}), **more}
