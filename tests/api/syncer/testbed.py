"""A host namespace and a virtual cluster, each on a real API server, and a syncer between them.

No kubelet, no scheduler, no controllers: the tests play those parts.
"""

import asyncio
import contextlib
import dataclasses
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from apiserver import ApiServer
from controlplane import make_control_plane

from vcli.catalog import MADE_ON_HOST
from vcli.config import load
from vcli.contract.settings import Settings
from vcli.controlplane import rights
from vcli.controlplane.names import Names
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import (
    APISERVICES,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    PVS,
    ROLES,
    Resource,
)
from vcli.syncer.main import run
from vcli.syncer.metrics_api.registration import API_SERVICE_NAME
from vcli.syncer.translate.names import VirtualName, host_name

Object = dict[str, Any]
Result = TypeVar("Result")

PATIENCE = 60.0
QUIET = 0.6
"""Seconds in which a syncer that does the wrong thing would have done it."""


class Lab:
    """What a test works with; the syncer runs between `start` and `stop`."""

    def __init__(
        self, host: Client, virtual: Client, *, settings: Settings, as_syncer: Access, space: str
    ) -> None:
        self.host = host
        self.virtual = virtual
        self.settings = settings
        self.namespace = settings.namespace
        self.space = space
        self.as_syncer = as_syncer
        self._task: asyncio.Task[None] | None = None

    # --- the syncer

    async def start(self) -> None:
        """Start a syncer, and wait until it is ready."""
        self._task = asyncio.create_task(
            run(
                self.settings,
                host=self.as_syncer,
                virtual=self.virtual.access,
                address=own_address(),
            )
        )
        await self.eventually(self._is_ready)

    async def stop(self) -> None:
        """End it where it stands, as SIGKILL would: nothing is tidied up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def restart(self) -> None:
        """End it and start another one, which knows nothing."""
        await self.stop()
        await self.start()

    async def _is_ready(self) -> bool:
        assert self._task is not None
        if self._task.done():
            self._task.result()
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.settings.health_port)
            try:
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
        return False

    # --- waiting

    async def eventually(self, check: Callable[[], Awaitable[Result]]) -> Result:
        """Call `check` until it gives something true."""
        until = time.monotonic() + PATIENCE
        while True:
            found = await check()
            if found:
                return found
            assert time.monotonic() < until, f"never happened: {check}"
            await asyncio.sleep(0.03)

    async def quiet(self) -> None:
        """Give a wrong syncer the time to be wrong."""
        await asyncio.sleep(QUIET)

    # --- objects

    def on_host(self, name: str) -> str:
        """The host name of a virtual object in our namespace."""
        return host_name(VirtualName(self.space, name), self.settings.cluster)

    async def host_object(self, resource: Resource, name: str) -> Object | None:
        """The host object of a virtual name."""
        with contextlib.suppress(NotFound):
            return await self.host.get(resource, self.on_host(name), namespace=self.namespace)
        return None

    async def virtual_object(self, resource: Resource, name: str) -> Object | None:
        """The virtual object."""
        with contextlib.suppress(NotFound):
            return await self.virtual.get(resource, name, namespace=self.space)
        return None

    async def appears(self, resource: Resource, name: str) -> Object:
        """Wait for a host object."""
        return await self.host_becomes(resource, name, lambda _: True)

    async def host_becomes(self, resource: Resource, name: str, when: Callable[[Object], Any]) -> Object:
        """Wait until the host object exists and is as wanted."""

        async def check() -> Object | None:
            found = await self.host_object(resource, name)
            return found if found is not None and when(found) else None

        found = await self.eventually(check)
        assert found is not None
        return found

    async def virtual_becomes(self, resource: Resource, name: str, when: Callable[[Object], Any]) -> Object:
        """Wait until the virtual object exists and is as wanted."""

        async def check() -> Object | None:
            found = await self.virtual_object(resource, name)
            return found if found is not None and when(found) else None

        found = await self.eventually(check)
        assert found is not None
        return found

    async def gone_from_host(self, resource: Resource, name: str) -> None:
        """Wait until there is no host object."""

        async def check() -> bool:
            return await self.host_object(resource, name) is None

        await self.eventually(check)

    async def gone_from_virtual(self, resource: Resource, name: str) -> None:
        """Wait until there is no virtual object."""

        async def check() -> bool:
            return await self.virtual_object(resource, name) is None

        await self.eventually(check)

    # --- parts to play

    async def create(self, resource: Resource, body: Object) -> Object:
        """Create something in our virtual namespace."""
        return await self.virtual.create(resource, body, namespace=self.space)

    async def schedule(self, name: str, node: str = "node-1") -> None:
        """Be the host's scheduler."""
        binding = {"metadata": {"name": self.on_host(name)}, "target": {"kind": "Node", "name": node}}
        await self.host.create_subresource(
            PODS, self.on_host(name), "binding", binding, namespace=self.namespace
        )

    async def host_status(self, name: str, **status: Any) -> Object:
        """Be the host's kubelet."""
        return await self.host.patch(
            PODS, self.on_host(name), {"status": status}, namespace=self.namespace, subresource="status"
        )

    async def runs(self, name: str) -> Object:
        """Have a pod that runs: on the host, and in the virtual cluster as well."""
        await self.appears(PODS, name)
        await self.schedule(name)
        await self.host_status(name, **RUNNING)
        return await self.virtual_becomes(PODS, name, is_running)

    async def ends_on_host(self, name: str) -> None:
        """Be the host's kubelet whose containers have all stopped."""
        await self.host.delete(PODS, self.on_host(name), namespace=self.namespace, grace=0)

    async def events(self, name: str) -> list[Object]:
        """The virtual events about an object."""
        found = await self.virtual.list(
            Resource.known["v1", "Event"],
            namespace=self.space,
            field_selector=f"involvedObject.name={name}",
        )
        items: list[Object] = found["items"]
        return items

    async def clean(self) -> None:
        """Leave nothing for the next test's syncer to find."""
        for resource in (each for each in MADE_ON_HOST if each.namespaced):
            for obj in await self._all(resource):
                metadata = obj["metadata"]
                with contextlib.suppress(NotFound):
                    if metadata.get("finalizers"):
                        await self.unprotect(self.virtual, resource, obj)
                    await self.virtual.delete(resource, metadata["name"], namespace=self.space, grace=0)
        with contextlib.suppress(NotFound):
            await self.virtual.delete(APISERVICES, API_SERVICE_NAME)
        for node in (await self.virtual.list(NODES))["items"]:
            await self.virtual.delete(NODES, node["metadata"]["name"])
        for volume in (await self.virtual.list(PVS))["items"]:
            await self.unprotect(self.virtual, PVS, volume)
            with contextlib.suppress(NotFound):
                await self.virtual.delete(PVS, volume["metadata"]["name"])

    async def _all(self, resource: Resource) -> list[Object]:
        """What our virtual namespace has of a kind; a custom resource may not be known."""
        try:
            found: list[Object] = (await self.virtual.list(resource, namespace=self.space))["items"]
        except NotFound:
            return []
        return found

    async def unprotect(self, client: Client, resource: Resource, obj: Object) -> None:
        """Be the controllers that see that a claim or volume is not in use."""
        metadata = obj["metadata"]
        with contextlib.suppress(NotFound):
            gone = {"metadata": {"finalizers": None}}
            await client.patch(resource, metadata["name"], gone, namespace=metadata.get("namespace"))


async def take_rights(lab: Lab, resource: Resource) -> list[Object]:
    """Take all rights to a kind from the syncer; gives the rules as they were."""
    role = await lab.host.get(ROLES, "vc-demo", namespace=lab.namespace)
    less = [
        {**rule, "resources": [each for each in rule["resources"] if each != resource.plural]}
        for rule in role["rules"]
    ]
    await give_rights(lab, [rule for rule in less if rule["resources"]])
    async with Client(lab.as_syncer) as client:
        # An API server's authorizer is a moment behind.
        async with asyncio.timeout(10):
            while await may_list(client, resource):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
    rules: list[Object] = role["rules"]
    return rules


async def give_rights(lab: Lab, rules: list[Object]) -> None:
    await lab.host.patch(ROLES, "vc-demo", {"rules": rules}, namespace=lab.namespace)


async def may_list(client: Client, resource: Resource) -> bool:
    try:
        await client.list(resource, namespace=client.access.namespace)
    except Forbidden:
        return False
    return True


async def readiness(lab: Lab) -> str:
    """What the syncer says of itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.settings.health_port)
    writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return text.rpartition("\r\n\r\n")[2]


async def warnings(lab: Lab) -> list[Object]:
    """Those on the control plane's Service."""
    found = await lab.host.list(EVENTS, namespace=lab.namespace, field_selector="involvedObject.name=demo")
    return [each for each in found["items"] if each["reason"] == "Unavailable"]


def own_address() -> str:
    """An address of this machine that is not loopback, which no EndpointSlice may name; empty without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # nothing is sent
        address: str = probe.getsockname()[0]
        return address
    return ""


RUNNING: Object = {
    "phase": "Running",
    "startTime": "2026-01-01T00:00:00Z",
    "podIP": "10.244.0.7",
    "podIPs": [{"ip": "10.244.0.7"}],
    "hostIP": "172.18.0.2",
    "hostIPs": [{"ip": "172.18.0.2"}],
    "conditions": [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Ready", "status": "True"},
    ],
}


def is_running(pod: Object) -> bool:
    return bool(pod["status"].get("phase") == "Running")


def pod(name: str, **spec: Any) -> Object:
    """A pod of one container; the API server gives it no token volume here."""
    container = {"name": "main", "image": "busybox", **spec.pop("container", {})}
    return {
        "metadata": {"name": name, **spec.pop("metadata", {})},
        "spec": {"containers": [container], **spec},
    }


@asynccontextmanager
async def lab_between(
    client: Client,
    namespace: str,
    host_server: ApiServer,
    virtual_server: ApiServer,
    *,
    sets: Sequence[str] = (),
) -> AsyncIterator[Lab]:
    """A lab between two API servers.

    Args:
        client: an administrator of the host.
        namespace: on the host.
        host_server: the host's API server.
        virtual_server: the virtual cluster's.
        sets: values, as for `--set`: which kinds are on.
    """
    settings = await make_control_plane(client, namespace, virtual_server, sets=sets)
    async with Client(virtual_server.access) as virtual:
        made = await virtual.create(NAMESPACES, {"metadata": {"generateName": "space-"}})
        lab = Lab(
            client,
            virtual,
            settings=settings,
            as_syncer=dataclasses.replace(host_server.access_as("syncer"), namespace=namespace),
            space=made["metadata"]["name"],
        )
        yield lab
        await lab.stop()
        await lab.clean()
    # They are of the user that is the syncer of other tests too.
    for obj in rights.render_of_cluster(Names("demo", namespace), load([], sets)):
        await client.delete(Resource.of(obj), obj["metadata"]["name"])
