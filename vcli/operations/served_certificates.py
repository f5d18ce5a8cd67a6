"""Which certificates a running control plane shows, asked through the host's API alone."""

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import Callable, Iterator
from typing import Final

from vcli import invocation
from vcli.bootstrap.ensure import NUDGE
from vcli.bootstrap.pki import Files
from vcli.contract import ports
from vcli.controlplane.roles import Role, containers_of, roles_of
from vcli.errors import TimedOutError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Conflict, Forbidden, NotFound, Unreachable
from vcli.kube.resources import PODS
from vcli.kube.types import Object, is_terminating
from vcli.operations.resolve import VirtualCluster
from vcli.portforward.link import open_link

_PAUSE: Final = 1.0
_HANDSHAKE: Final = 10.0


async def wait_served(
    client: Client,
    cluster: VirtualCluster,
    files: Files,
    *,
    timeout: float,  # noqa: ASYNC109  it becomes an error that says what is awaited
    warn: Callable[[str], None],
    detail: Callable[[str], None],
) -> bool:
    """Wait until every pod of a control plane shows the certificates of these files.

    The kubelet is reminded each second, as it looks for changed Secrets about once a minute.

    Args:
        client: of the host.
        cluster: the virtual cluster.
        files: its PKI.
        timeout: seconds.
        warn: called when we may not look.
        detail: called with what is awaited.

    Returns:
        False when we may not look.

    Raises:
        TimedOutError: it took too long.
    """
    awaited = "its pod"
    try:
        async with asyncio.timeout(invocation.within(timeout)):
            while True:
                found = await client.list(PODS, namespace=cluster.namespace, label_selector=cluster.selector)
                pods = [pod for pod in found["items"] if not is_terminating(pod)]
                late = [text for pod in pods for text in await _late(client, pod, files)]
                if pods and not late:
                    return True
                awaited = ", ".join(dict.fromkeys(late)) or awaited
                detail(awaited)
                await asyncio.gather(*(_remind(client, pod) for pod in pods))
                await asyncio.sleep(_PAUSE)
    except Forbidden as error:
        warn(f"the new certificates are shown within two minutes, which can't be seen: {error.message}")
        return False
    except TimeoutError as error:
        raise TimedOutError(
            f"the new certificates of virtual cluster {cluster.name!r} are in their Secrets, and after"
            f" {timeout:g} seconds not shown by {awaited}",
            hint=f"{vcli('describe', cluster.name, namespace=cluster.namespace)} shows what its pod does",
        ) from error


async def _late(client: Client, pod: Object, files: Files) -> list[str]:
    """Which servers of a pod don't show their certificate of these files yet."""
    name = pod["metadata"]["name"]
    late = []
    for title, port, server_name, leaf in _servers(pod):
        shown = await shown_by(client, pod, port, server_name=server_name)
        # A syncer that has no node at that port serves none there: it reads the files when it has one.
        missing = shown is None and port != ports.API
        if not missing and shown != ssl.PEM_cert_to_DER_cert(files[f"{leaf}.crt"].decode()):
            late.append(f"{title} of pod {name}")
    return late


def _servers(pod: Object) -> Iterator[tuple[str, int, str, str]]:
    roles = {role for container in containers_of(pod["spec"]) for role in roles_of(container["name"])}
    if Role.API_SERVER in roles:
        release, namespace = pod["metadata"]["labels"].get("release", ""), pod["metadata"]["namespace"]
        yield "the API server", ports.API, "localhost", "apiserver"
        yield "the API server", ports.API, f"{release}.{namespace}", "apiserver-host"
    if Role.SYNCER in roles:
        yield "the syncer", ports.KUBELET, "localhost", "kubelet"


async def shown_by(client: Client, pod: Object, port: int, *, server_name: str) -> bytes | None:
    """The certificate that a port of a pod shows, as DER; None when nothing answers there.

    It is not verified: who asks compares it with one that is known.

    Raises:
        Forbidden: we may not connect to the pod.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
    metadata = pod["metadata"]
    try:
        async with asyncio.timeout(_HANDSHAKE):
            link = await open_link(client, namespace=metadata["namespace"], pod=metadata["name"], port=port)
            try:
                while not _shakes_hands(session):
                    await link.send(outgoing.read())
                    received = await link.recv()
                    if not received:
                        return None
                    incoming.write(received)
                return session.getpeercert(binary_form=True)
            finally:
                await link.close()
    except Forbidden:
        raise
    except (ApiError, Unreachable, TimeoutError, ssl.SSLError):
        return None


def _shakes_hands(session: ssl.SSLObject) -> bool:
    """Go on with a handshake; whether it is through."""
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


async def _remind(client: Client, pod: Object) -> None:
    """Have the kubelet refresh the volumes of a pod: it does when annotations change."""
    body: Object = {"metadata": {"annotations": {NUDGE: dt.datetime.now(dt.UTC).isoformat()}}}
    with contextlib.suppress(Forbidden, NotFound, Conflict):  # it would look by itself, a little later
        await client.patch(PODS, pod["metadata"]["name"], body, namespace=pod["metadata"]["namespace"])
