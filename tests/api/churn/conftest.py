"""A host namespace, a virtual cluster, and a syncer process between them that can be killed."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import players
import pytest
from apiserver import ApiServer
from bodies import CLASS
from controlplane import make_control_plane
from field import Field, Object
from play import Play
from relay import Relay
from script import RESOURCES
from syncer_process import SyncerProcess

from vcli.contract.settings import Settings
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import AlreadyExists, NotFound
from vcli.kube.resources import NAMESPACES, NODES, PVS, SERVICES, STORAGECLASSES, Resource
from vcli.syncer.engine.context import scope_of
from vcli.syncer.translate.pods import PodContext


@pytest.fixture
async def play(
    client: Client, namespace: str, api_server: ApiServer, virtual_server: ApiServer, folder: Path
) -> AsyncIterator[Play]:
    """Everything in place; the syncer has not been started yet."""
    async with AsyncExitStack() as stack:
        virtual = await stack.enter_async_context(Client(virtual_server.access))
        for each in (client, virtual):
            with contextlib.suppress(AlreadyExists):
                await each.create(STORAGECLASSES, _STORAGE_CLASS)
        for node in players.NODE_NAMES:  # the API server asks what a pod's node can do
            with contextlib.suppress(AlreadyExists):
                await client.create(NODES, {"metadata": {"name": node}, "status": _NODE_STATUS})
        made = await client.create(NAMESPACES, {"metadata": {"generateName": "squatters-"}})
        squatters = made["metadata"]["name"]
        settings = await make_control_plane(client, namespace, virtual_server)
        field = Field(client, virtual, scope_of(settings))
        relays = [await stack.enter_async_context(Relay(each.port)) for each in (api_server, virtual_server)]
        host_access = dataclasses.replace(api_server.access_as("syncer"), namespace=namespace)
        syncer = SyncerProcess(
            settings,
            host=_through(relays[0], host_access),
            virtual=_through(relays[1], virtual_server.access),
            folder=folder,
        )
        host = players.Host(client, namespace)
        tasks = [
            asyncio.create_task(host.work()),
            asyncio.create_task(
                players.Virtual(virtual, field.intent.namespaces).work(tuple(RESOURCES.values()))
            ),
        ]
        play = Play(
            field,
            _context(settings),
            syncer=syncer,
            relays=relays,
            players=host,
            squatters=squatters,
            others=tasks,
        )
        try:
            yield play
        finally:
            syncer.kill()
            (folder / "record.txt").write_text("\n".join(field.record))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _clear(field, squatters)


_ROOM = {"cpu": "64", "memory": "256Gi", "pods": "1000"}
_NODE_STATUS = {"capacity": _ROOM, "allocatable": _ROOM}
_STORAGE_CLASS = {
    "metadata": {"name": CLASS},
    "provisioner": "example.com/fast",
    "allowVolumeExpansion": True,
}


def _through(relay: Relay, access: Access) -> Access:
    return dataclasses.replace(access, server=f"https://127.0.0.1:{relay.port}")


def _context(settings: Settings) -> PodContext:
    """What the contexts of all pods share; there is no kube-dns."""
    return PodContext(
        scope=scope_of(settings),
        service_account=settings.workload_service_account,
        api_host=settings.service_ip,
        api_port=settings.service_port,
        dns_ip=None,
        cluster_domain=settings.cluster_domain,
        hostname_override=True,
    )


async def _clear(field: Field, squatters: str) -> None:
    """Leave nothing for the next test: neither objects for its syncer to find, nor addresses in use."""
    virtual, host = await field.virtual_snapshot(), await field.host_snapshot()
    for key, obj in virtual.items():
        if key.namespace in field.intent.namespaces:
            await _force_out(field.virtual, RESOURCES[key.kind], obj)
    for name in field.intent.namespaces:
        with contextlib.suppress(NotFound):
            await field.virtual.delete(NAMESPACES, name)
            namespace = await field.virtual.get(NAMESPACES, name)
            namespace["spec"] = {"finalizers": []}
            await field.virtual.replace(NAMESPACES, namespace, subresource="finalize")
    for resource in (NODES, PVS):
        for obj in (await field.virtual.list(resource))["items"]:
            await _force_out(field.virtual, resource, obj)
    for key, obj in host.items():
        await _force_out(field.host, RESOURCES[key.kind], obj)
    for service in (await field.host.list(SERVICES, namespace=squatters))["items"]:
        await field.host.delete(SERVICES, service["metadata"]["name"], namespace=squatters)
    await field.host.delete(NAMESPACES, squatters)


async def _force_out(client: Client, resource: Resource, obj: Object) -> None:
    name, namespace = obj["metadata"]["name"], obj["metadata"].get("namespace")
    with contextlib.suppress(NotFound):
        if obj["metadata"].get("finalizers"):
            await client.patch(resource, name, {"metadata": {"finalizers": None}}, namespace=namespace)
        await client.delete(resource, name, namespace=namespace, grace=0)
