"""What is known on this machine about a virtual cluster that is deleted: contexts, tunnels, credentials."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from vcli.controlplane.names import Names
from vcli.errors import VcliError
from vcli.kube.types import Object
from vcli.kubeconfig.auth import Loaded
from vcli.kubeconfig.change import drop
from vcli.kubeconfig.model import View
from vcli.kubeconfig.paths import Sources
from vcli.kubeconfig.read import load
from vcli.kubeconfig.tunnelled import contexts_through
from vcli.operations import credential_cache
from vcli.operations.cancelling import raise_if_cancelled, to_its_end
from vcli.operations.steps import Steps
from vcli.operations.tunnel_uses import in_use
from vcli.portforward import background
from vcli.portforward.state import TunnelState


async def forget_connections(loaded: Loaded, names: Names, steps: Steps) -> list[str]:
    """Remove the contexts that lead there, end the tunnels, and forget the credentials.

    Also the contexts of other kubeconfigs, as far as a tunnel knows them.

    Args:
        loaded: how the host was reached.
        names: of the virtual cluster.
        steps: warned of what could not be removed.

    Returns:
        The contexts that were removed.

    Raises:
        KubeconfigError: the user's kubeconfig can't be read or written.
    """
    removed: list[str] = []

    def choose(files: Mapping[Path, Object]) -> list[str]:
        found = [
            context
            for context, mark in View(files).ours().items()
            if (mark.name, mark.namespace, mark.host_context)
            == (names.cluster, names.namespace, loaded.context_name)
        ]
        removed.extend(found)
        return found

    # A kubeconfig that has nothing to remove need not be writable.
    if choose({path: file.data for path, file in load(loaded.sources).items()}):
        removed.clear()
        await to_its_end(drop, loaded.sources, choose, warn=steps.warn)
        raise_if_cancelled()
    cluster = (loaded.access.server, names.namespace, names.cluster)
    for tunnel in await asyncio.to_thread(background.records):
        if tunnel.spec.cluster == cluster:
            try:
                await asyncio.to_thread(background.stop, tunnel)
            except VcliError as error:  # it ends by itself when it finds the virtual cluster gone
                steps.warn(error.message)
            others = {Path(use.kubeconfig) for use in in_use(tunnel)}
            for path in sorted(others):
                await _forget_in(path, tunnel, removed, steps)
    credential_cache.forget(*cluster)
    return list(dict.fromkeys(removed))


async def _forget_in(path: Path, tunnel: TunnelState, removed: list[str], steps: Steps) -> None:
    """Remove the contexts of another kubeconfig that lead through a tunnel."""

    def choose(files: Mapping[Path, Object]) -> list[str]:
        spec = tunnel.spec
        found = [
            context
            for context, mark in View(files).ours().items()
            if (mark.name, mark.namespace) == (spec.name, spec.namespace)
            and context
            in contexts_through(files[path], name=spec.name, namespace=spec.namespace, server=tunnel.server)
        ]
        removed.extend(found)
        return found

    try:
        await to_its_end(drop, Sources((path,)), choose, warn=steps.warn)
    except VcliError as error:
        steps.warn(f"what leads there is left in {path}: {error.message}")
