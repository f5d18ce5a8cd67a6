"""Sets the scene for the attempts, in the virtual cluster and in its neighbour, and strikes it afterwards."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role, in_role
from vcli.errors import NotReadyError
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.operations.connection import Options as Connection
from vcli.operations.host_connection import HostConnection
from vcli.operations.opened import Opened
from vcli.operations.steps import Steps
from vcli.operations.target import Target, target
from vcli.operations.verify import network, probe_pod
from vcli.operations.verify.namespaces import made_namespace
from vcli.operations.verify.places import Neighbour, Plane, find_places, find_plane
from vcli.operations.verify.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What to verify.

    Attributes:
        name: of the virtual cluster.
        namespace: of the host; None to look in all.
        kubeconfig: ``--kubeconfig``.
        context: ``--context``.
        neighbour: namespace and name of another virtual cluster on the host, to be aimed at.
        image: with python3, for the probe pod; None takes that of the syncer.
        timeout: seconds to wait until it is ready.
    """

    name: str
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    neighbour: tuple[str, str] | None = None
    image: str | None = None
    timeout: float | None = None

    def connection(self, name: str, namespace: str | None) -> Connection:
        """How to get into a virtual cluster of that host."""
        return Connection(
            name=name,
            namespace=namespace,
            kubeconfig=self.kubeconfig,
            context=self.context,
            timeout=self.timeout,
        )


@contextlib.asynccontextmanager
async def staged(found: Target, aim: Aim, *, schedules: bool, steps: Steps) -> AsyncIterator[Scene]:
    """The scene while the block runs; what was made is removed then, whatever happens.

    Args:
        found: the virtual cluster.
        aim: what to verify.
        schedules: it has a scheduler of its own.
        steps: is informed of progress.

    Raises:
        NotReadyError: no pod of a control plane runs, or the neighbour's listener does not start.
        NotFoundError: there is no such neighbour.
    """
    cluster, host = found.cluster, found.host.client
    names = Names(cluster.name, cluster.namespace)
    places = await find_places(host, cluster)
    if places is None:
        raise _no_pod(cluster.name)
    image = aim.image or image_of(places.plane)
    async with contextlib.AsyncExitStack() as stack:
        opened = await stack.enter_async_context(found.open())
        inside = await stack.enter_async_context(Client(_access(opened)))
        anonymous = await stack.enter_async_context(Client(_without_credentials(_access(opened))))
        other = neighbour = None
        if aim.neighbour:
            other, neighbour = await stack.enter_async_context(_beside(aim, found.host, steps))

        def stranger(name: str) -> Client:
            """With the virtual cluster's certificate, where nobody should know it."""
            elsewhere = _access(other) if name and other else found.host.loaded.access
            return Client(_with_certificate_of(elsewhere, _access(opened)))

        namespace = f"vcli-verify-{uuid.uuid4().hex[:6]}"
        with steps.step("Prepare a namespace and a probe pod"):
            scene = Scene(
                host=host,
                inside=inside,
                names=names,
                namespace=namespace,
                image=image,
                places=places,
                probe=asyncio.get_running_loop().create_future(),
                neighbour=neighbour,
                stranger=stranger,
                anonymous=anonymous,
                schedules=schedules,
            )
            await stack.enter_async_context(made_namespace(inside, namespace, scene.cleanup, steps=steps))
            asked = network.questions(places, neighbour, cluster=names.cluster, namespace=names.namespace)
            probe = asyncio.ensure_future(probe_pod.ask(inside, namespace, image, asked))
            stack.push_async_callback(_ended, probe)
            scene.probe = probe
        yield scene


def image_of(plane: Plane) -> str:
    """The image that the node of a control plane surely has, and that has Python: the syncer's.

    Raises:
        NotReadyError: the control plane has no syncer.
    """
    for each in in_role(Role.SYNCER, plane.containers):
        return str(each["image"])
    raise NotReadyError(
        f"pod {plane.pod!r} of the control plane has no container of the syncer",
        hint="name an image with python3 by --image",
    )


@contextlib.asynccontextmanager
async def _beside(aim: Aim, host: HostConnection, steps: Steps) -> AsyncIterator[tuple[Opened, Neighbour]]:
    """The neighbour, with a pod and a Service that answer."""
    namespace, name = aim.neighbour or ("", "")
    async with (
        target(aim.connection(name, namespace), steps=steps, host=host) as found,
        found.open() as opened,
        Client(_access(opened)) as inside,
    ):
        plane = await find_plane(host.client, found.cluster)
        if plane is None:
            raise _no_pod(name)
        space = f"vcli-verify-{uuid.uuid4().hex[:6]}"
        async with made_namespace(inside, space, [], steps=steps):
            with steps.step(f"Start a pod in the neighbour {name}"):
                image = aim.image or image_of(plane)
                pod_ip, service_ip = await probe_pod.listen(inside, space, image)
            yield (
                opened,
                Neighbour(name=name, namespace=namespace, plane=plane, pod_ip=pod_ip, service_ip=service_ip),
            )


def _no_pod(name: str) -> NotReadyError:
    return NotReadyError(f"no pod of the control plane of virtual cluster {name!r} has an address")


async def _ended(probe: "asyncio.Task[dict[str, Any]]") -> None:
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)


def _access(opened: Opened) -> Access:
    endpoint = opened.endpoint
    return opened.target.credentials.access(endpoint.server, endpoint.tls_server_name)


def _without_credentials(access: Access) -> Access:
    return replace(
        access,
        client_certificate=None,
        client_key=None,
        certificate=None,
        token=None,
        basic=None,
        impersonate={},
    )


def _with_certificate_of(elsewhere: Access, own: Access) -> Access:
    """Another server, and these credentials."""
    bare = _without_credentials(elsewhere)
    return replace(bare, client_certificate=own.client_certificate, client_key=own.client_key)
