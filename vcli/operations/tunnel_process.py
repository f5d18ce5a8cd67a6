"""The process of a background tunnel: ``python -m vcli.operations.tunnel_process ORDER``, ORDER being JSON.

It ends on SIGTERM, when its state file is gone, and when its virtual cluster is gone or paused; never because
of the network.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vcli.errors import ConflictError, TimedOutError, VcliError
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound, Unauthorized, Unreachable
from vcli.kube.resources import SERVICES
from vcli.kubeconfig.auth import load_access
from vcli.operations import credential_cache
from vcli.operations.credentials import of_secret
from vcli.operations.usable import refuse_paused
from vcli.portforward import background, spawning
from vcli.portforward.spawning import Order, Report
from vcli.portforward.state import TunnelSpec, read, remove
from vcli.portforward.tunnel import Tunnel

logger = logging.getLogger(__name__)

_STATE_CHECK = 2.0
_CLUSTER_CHECK = 60.0
_CLUSTER_CHECK_ON_FAILURE = 2.0
_AUTHORITY_CHECK = 7.0
_LONGEST_LOG = 1024 * 1024


def main(arguments: Sequence[str] = sys.argv[1:]) -> int:
    """Run until there is a reason to end.

    Args:
        arguments: the `Order`. The descriptors are those of `vcli.portforward.spawning`.
    """
    order = Order.of(arguments[0])
    order = replace(order, spec=_absolute(order.spec))
    # Pipes of a CI runner or a shell that would wait for us to close them.
    os.closerange(spawning.LISTENER + 1, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    try:
        asyncio.run(_run(order, socket.socket(fileno=spawning.LISTENER)))
    except VcliError as error:
        logger.error("%s", error.message)  # noqa: TRY400 - a sentence, not a traceback
        spawning.report(Report(error=error.message, hint=error.hint, code=error.code))
        return error.exit_code
    return 0


def _absolute(spec: TunnelSpec) -> TunnelSpec:
    """Paths that were relative to where we were started, before we leave that folder."""
    if files := os.environ.get("KUBECONFIG"):
        paths = [str(Path(file).absolute()) for file in files.split(os.pathsep) if file]
        os.environ["KUBECONFIG"] = os.pathsep.join(paths)
    if spec.kubeconfig is None or os.pathsep in spec.kubeconfig:
        return spec
    return replace(spec, kubeconfig=str(Path(spec.kubeconfig).expanduser().absolute()))


async def _run(order: Order, listener: socket.socket) -> None:
    spec = order.spec
    client = _client(spec)  # may take long, as a plugin may: until then SIGTERM simply ends us
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    failed = asyncio.Event()
    tunnel = Tunnel(
        client,
        namespace=spec.namespace,
        selector=spec.selector,
        port=spec.port,
        address=spec.address,
        on_failure=failed.set,
    )
    path: Path | None = None
    reasons: list[asyncio.Task[object]] = []
    try:
        if order.authority:
            await _check_authority(tunnel.client, spec, order.authority)
        port = await tunnel.start(listener)
        path = background.announce(order, port=port)
        spawning.report(Report(port=port))
        logger.info("listening on port %d", port)
        reasons += [
            asyncio.create_task(ended.wait()),
            asyncio.create_task(_state_gone(path)),
            asyncio.create_task(_cluster_gone(tunnel, spec, failed)),
        ]
        await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in reasons:
            task.cancel()
        await asyncio.gather(*reasons, return_exceptions=True)
        await tunnel.close()
        await tunnel.client.aclose()
        if path is not None:
            _remove(path)
    logger.info("ended")


def _client(spec: TunnelSpec) -> Client:
    return Client(load_access(kubeconfig=spec.kubeconfig, context=spec.context).access)


async def _check_authority(client: Client, spec: TunnelSpec, expected: str) -> None:
    """See that the virtual cluster is the one that those who wait for this tunnel know.

    Raises:
        NotFoundError: there is none.
        StaleError: it was made again since.
        TimedOutError: the host does not answer in time.
    """
    try:
        async with asyncio.timeout(_AUTHORITY_CHECK):
            found = await of_secret(client, spec.name, spec.namespace)
    except TimeoutError as error:
        raise TimedOutError(
            f"the host {spec.server} has not answered in {_AUTHORITY_CHECK:g} seconds",
            hint=f"see whether kubectl --context {spec.context} get ns works",
        ) from error
    credential_cache.check_authority(found.ca, expected, name=spec.name, namespace=spec.namespace)


async def _state_gone(path: Path) -> None:
    """Return when the state file has been removed or belongs to another process."""
    while _is_ours(path):
        if os.fstat(sys.stderr.fileno()).st_size > _LONGEST_LOG:
            os.ftruncate(sys.stderr.fileno(), 0)
        await asyncio.sleep(_STATE_CHECK)
    logger.info("state file is gone")


async def _cluster_gone(tunnel: Tunnel, spec: TunnelSpec, failed: asyncio.Event) -> None:
    """Return when the host says that the virtual cluster is paused, or does not exist, or was made again."""
    uid = ""
    while True:
        try:
            service = await tunnel.client.get(SERVICES, spec.name, namespace=spec.namespace)
            found = str(service["metadata"].get("uid") or "")
            if uid and found != uid:
                logger.info("virtual cluster %s was made again", spec.name)
                break
            uid = found
            await refuse_paused(tunnel.client, spec.name, spec.namespace)
        except ConflictError as error:  # kubectl then asks `vcli token`, which says so too
            logger.info("%s", error.message)
            break
        except NotFound:
            logger.info("virtual cluster %s is gone", spec.name)
            break
        except (Unauthorized, Unreachable) as error:
            logger.info("reading the kubeconfig again: %s", error.message)
            await _renew_client(tunnel, spec)
        except ApiError as error:
            logger.info("can't tell whether virtual cluster %s exists: %s", spec.name, error.message)
        await asyncio.sleep(_CLUSTER_CHECK_ON_FAILURE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLUSTER_CHECK):
                await failed.wait()
        failed.clear()
    credential_cache.forget(*spec.cluster)


async def _renew_client(tunnel: Tunnel, spec: TunnelSpec) -> None:
    """Take new credentials, after a login or a renewed certificate; but stay with the same host."""
    try:
        client = _client(spec)
    except VcliError as error:
        logger.info("%s", error.message)
        return
    if client.access.server == tunnel.client.access.server:
        client, tunnel.client = tunnel.client, client
    await client.aclose()


def _is_ours(path: Path) -> bool:
    state = read(path)
    return state is not None and state.pid == os.getpid()


def _remove(path: Path) -> None:
    """Leave no trace, unless kubeconfigs are to find the tunnel on the same port again."""
    state = read(path)
    if state is not None and state.pid == os.getpid() and not state.uses:
        remove(path)


if __name__ == "__main__":
    sys.exit(main())
