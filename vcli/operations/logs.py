"""The logs of a control plane."""

import asyncio
import codecs
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable

from vcli import inputs, invocation
from vcli.controlplane.roles import containers_of, roles_of
from vcli.errors import NotFoundError, UsageError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.resources import PODS
from vcli.kubeconfig.auth import load_access
from vcli.operations.resolve import VirtualCluster, check_place, resolve

_BAD_REQUEST = 400


async def copy_logs(
    name: str,
    write: Callable[[str], Awaitable[None] | None],
    *,
    component: str | None = None,
    tail: int | None = None,
    previous: bool = False,
    follow: bool = False,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
) -> None:
    """Hand on the lines that the components of a control plane wrote.

    Args:
        name: of the virtual cluster.
        write: takes a line without its end, and is awaited if it is asynchronous. Lines of several
            components have ``[component]`` in front.
        component: only the container of that name, or those in that role.
        tail: only so many of the last lines of each.
        previous: what the containers wrote before their last restart.
        follow: go on as more is written, until the containers end.
        kubeconfig: ``--kubeconfig``.
        context: ``--context``, of the host.
        namespace: where it is; None looks everywhere.

    Raises:
        NotFoundError: there is no such virtual cluster, or it has no pod.
        UsageError: it has no such component; or a name or a number makes no sense.
        ApiError: the host does not show the log.
    """
    check_place(name, namespace)
    if tail is not None:
        inputs.lines(tail)
    async with Client(load_access(kubeconfig=kubeconfig, context=context).access) as client:
        cluster = await resolve(client, name, namespace=namespace)
        targets = await _targets(client, cluster, component)
        several = len({pod for pod, _ in targets}) > 1

        async def copy(pod: str, container: str) -> None:
            head = "" if len(targets) == 1 else f"[{pod} {container}] " if several else f"[{container}] "
            params = {
                "container": container,
                "tailLines": tail,
                "previous": previous or None,
                "follow": follow or None,
            }
            path = PODS.path(namespace=cluster.namespace, name=pod, subresource="log")
            try:
                async with client.stream("GET", path, params=params) as answer:
                    async for line in _lines(answer):
                        if (written := write(head + line)) is not None:
                            await written
            except ApiError as error:
                # One that has not started, or was never restarted, has no log: no reason to hide the others'.
                if component or error.status != _BAD_REQUEST:
                    raise

        if follow:
            invocation.lift_deadline()
            await asyncio.gather(*(copy(*target) for target in targets))
        else:
            for target in targets:
                await copy(*target)


async def components(client: Client, name: str, *, namespace: str | None = None) -> list[str]:
    """What a control plane is made of: the names that ``component`` may have.

    Args:
        client: of the host.
        name: of the virtual cluster.
        namespace: where it is; None looks everywhere.

    Raises:
        NotFoundError: there is no such virtual cluster, or it has no pod.
    """
    cluster = await resolve(client, name, namespace=namespace)
    return list(dict.fromkeys(container for _, container in await _targets(client, cluster, None)))


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    async for chunk in chunks:
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in whole:
            yield line.removesuffix("\r")
    if rest := rest + decoder.decode(b"", final=True):
        yield rest


async def _targets(client: Client, cluster: VirtualCluster, component: str | None) -> list[tuple[str, str]]:
    found = await client.list(PODS, namespace=cluster.namespace, label_selector=cluster.selector)
    if not found["items"]:
        raise NotFoundError(
            f"virtual cluster {cluster.name!r} has no pod: it is {cluster.status.lower()}",
            hint=vcli("describe", cluster.name, namespace=cluster.namespace),
        )
    targets = [
        (pod["metadata"]["name"], container["name"])
        for pod in found["items"]
        for container in containers_of(pod["spec"])
    ]
    if component is None:
        return targets
    wanted = [(pod, name) for pod, name in targets if component == name or component in roles_of(name)]
    if not wanted:
        names = dict.fromkeys(name for _, name in targets)
        raise UsageError(
            f"virtual cluster {cluster.name!r} has no component {component!r}",
            hint=f"there are: {', '.join(names)}",
        )
    return wanted
