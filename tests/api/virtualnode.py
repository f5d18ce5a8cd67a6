"""A virtual cluster's kubelet between two real API servers: the virtual cluster's, and its host's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.resources import NAMESPACES, NODES, PODS
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.context import SyncContext, scope_of
from vcli.syncer.engine.recorder import Recorder
from vcli.syncer.engine.version import ServerVersion
from vcli.syncer.kinds.indexes import BY_NODE, by_node
from vcli.syncer.kinds.pods.lookup import find_pod
from vcli.syncer.kubelet import KubeletServer
from vcli.syncer.metrics_api.source import HostUsage
from vcli.syncer.nodes.controller import Nodes
from vcli.syncer.nodes.synthetic import SyntheticNodes
from vcli.syncer.serving import ConnectionLimiter
from vcli.syncer.settings import parse
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]
HOST_VERSION = (1, 36)


class VirtualNodes:
    """Clients, caches, kubelet server and Nodes of one syncer."""

    def __init__(
        self, host: Client, virtual: Client, *, namespace: str, pki: Path, virtual_server: str
    ) -> None:
        self.settings = parse(
            {
                "cluster": "demo",
                "namespace": namespace,
                "service": "demo",
                "serviceUID": "0",
                "serviceIP": "10.96.0.7",
                # kube-apiserver runs beside us here.
                "headlessService": "localhost",
                "workloadServiceAccount": "vc-workload-demo",
                "virtualServer": virtual_server,
                "pki": str(pki),
                "kubernetesVersion": "v1.36.3",
            }
        )
        self.ctx = SyncContext(
            settings=self.settings,
            scope=scope_of(self.settings),
            virtual=Caches(virtual, name="virtual"),
            host=Caches(host, name="host"),
            recorder=Recorder(virtual),
            host_version=ServerVersion(host, HOST_VERSION),
        )
        self.ctx.host.watch(PODS, namespace=namespace)
        self.ctx.virtual.watch(NODES)
        pods = self.ctx.virtual.watch(PODS, indexers={BY_NODE: by_node})
        self.server = KubeletServer(
            host,
            virtual,
            pki=pki,
            scope=self.ctx.scope,
            lookup=partial(find_pod, self.ctx),
            pods_on=partial(pods.by_index, BY_NODE),
            usage=HostUsage(self.ctx),
            limiter=ConnectionLimiter(),
        )
        self.nodes = Nodes(
            self.ctx, self.server, SyntheticNodes(self.ctx), pods_on=partial(pods.by_index, BY_NODE)
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Caches full, Nodes looked after."""
        caches = [asyncio.create_task(self.ctx.virtual.run()), asyncio.create_task(self.ctx.host.run())]
        await self.ctx.virtual.wait_synced()
        await self.ctx.host.wait_synced()
        await self.nodes.start()
        tasks = [*caches, asyncio.create_task(self.nodes.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.server.close()

    async def pod(self, name: str, *, node: str, spec: Object, host_spec: Object | None = None) -> Object:
        """Make a virtual pod and its host pod, bound to a node; give the host pod.

        Nothing else is there to complete or schedule it: `spec` has to stand by itself.
        """
        virtual, host = self.ctx.virtual.client, self.ctx.host.client
        body = {"metadata": {"name": name}, "spec": {**spec, "nodeName": node}}
        made = await virtual.create(PODS, body, namespace="default")
        metadata = host_metadata(made, kind="Pod", scope=self.ctx.scope)
        # The owner is a Service that these tests don't have: the garbage collector would come for its pods.
        metadata.pop("ownerReferences")
        host_spec = {**(host_spec or spec), "nodeName": node}
        return await host.create(PODS, {"metadata": metadata, "spec": host_spec})

    async def wait_for(self, virtual_pod: str) -> None:
        """Until the kubelet knows a pod."""
        async with asyncio.timeout(10):
            while find_pod(self.ctx, VirtualName("default", virtual_pod)) is None:  # noqa: ASYNC110 - two caches
                await asyncio.sleep(0.02)


@asynccontextmanager
async def virtual_nodes(host: Access, virtual: Access, *, pki: Path) -> AsyncIterator[VirtualNodes]:
    """Run the kubelets of a new virtual cluster between two API servers."""
    async with AsyncExitStack() as stack:
        host_client = await stack.enter_async_context(Client(host))
        virtual_client = await stack.enter_async_context(Client(virtual))
        namespace = await host_client.create(NAMESPACES, {"metadata": {"generateName": "team-"}})
        nodes = VirtualNodes(
            host_client,
            virtual_client,
            namespace=namespace["metadata"]["name"],
            pki=pki,
            virtual_server=virtual.server,
        )
        await stack.enter_async_context(nodes.running())
        yield nodes
