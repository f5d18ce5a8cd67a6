"""Disconnecting: our contexts out of the kubeconfig, back to what was current before, tunnels ended."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vcli import inputs
from vcli.errors import NotFoundError, UsageError, VcliError
from vcli.invocation import vcli, vcli_on_kubeconfig
from vcli.kube.types import Object
from vcli.kubeconfig.change import Warn, drop
from vcli.kubeconfig.model import Mark, View
from vcli.kubeconfig.paths import Sources, sources
from vcli.kubeconfig.read import load
from vcli.kubeconfig.remove import remove
from vcli.operations import credential_cache
from vcli.operations.cancelling import to_its_end
from vcli.operations.tunnel_uses import in_use
from vcli.portforward import background
from vcli.portforward.state import TunnelState, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A tunnel that was ended.

    Attributes:
        state: of it.
        uses: contexts of other kubeconfigs that lead through it still: kubectl starts it again for them.
    """

    state: TunnelState
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """What disconnecting came to.

    Attributes:
        contexts: that were removed.
        tunnels: that were ended.
        kept: tunnels that stay, since contexts lead through them.
        current: the context that is current now, empty when none is.
        switched: whether that is another one than before.
    """

    contexts: tuple[str, ...]
    tunnels: tuple[Ended, ...]
    kept: tuple[Ended, ...]
    current: str
    switched: bool


async def disconnect(
    name: str | None = None,
    *,
    namespace: str | None = None,
    everything: bool = False,
    kubeconfig: str | None = None,
    warn: Warn = lambda _: None,
) -> Disconnected:
    """Remove contexts of ours, make current what was current before, and end tunnels that nobody uses now.

    A tunnel is used while a kubeconfig that was given it says so, in any terminal.

    Args:
        name: of a virtual cluster, or of a context of ours; None for the current context.
        namespace: of the virtual cluster on the host, where ``name`` alone is ambiguous.
        everything: all contexts, and all tunnels, also those in use; with ``namespace`` those of it.
        kubeconfig: ``--kubeconfig``.
        warn: called when the context from before is gone, and of leftover locks.

    Raises:
        VcliError: the current context is not ours.
        NotFoundError: nothing is connected by that name.
        UsageError: several virtual clusters have that name.
        KubeconfigError: the kubeconfig can't be read or written.
    """
    if name is not None:
        inputs.not_empty(name, "the name")
    if namespace is not None:
        inputs.namespace(namespace)
    where = sources(kubeconfig)
    tunnels = await asyncio.to_thread(background.records)
    before = View({path: file.data for path, file in load(where).items()})
    servers = _servers(before)
    removed: dict[str, Mark] = {}

    def choose(files: Mapping[Path, Object]) -> list[str]:
        """Decide on what is in the files while they are locked."""
        view = View(files)
        removed.update(_choose(view, name, namespace, everything=everything, tunnels=tunnels))
        return list(removed)

    # A kubeconfig that has nothing to remove need not be writable.
    removal = remove(before.files, [])
    if choose(before.files):
        removed.clear()
        removal = await to_its_end(drop, where, choose, warn=warn)
    if removal.lost:
        warn(
            f"the context {removal.lost!r}, which was current before, does not exist any more: none is"
            " current now (kubectl config use-context NAME makes one current)"
        )
    marks = {(mark.name, mark.namespace, mark.host_context) for mark in removed.values()}
    gone = {servers[context] for context in removed if context in servers}
    ended, kept = [], []
    for tunnel in tunnels:
        spec = tunnel.spec
        ours = tunnel.server in gone or (spec.name, spec.namespace, spec.context) in marks
        there = namespace in {None, spec.namespace}
        if ours or ((everything or spec.name == name) and there):
            alive = tunnel.alive
            outcome = await asyncio.to_thread(_end, tunnel, where, everything=everything)
            if outcome is None:
                kept.append(Ended(state=tunnel, uses=tuple(in_use(tunnel, also=where.files))))
            elif alive:
                ended.append(outcome)
    _forget(removed.values(), View(removal.files).ours().values())
    return Disconnected(
        contexts=removal.removed,
        tunnels=tuple(ended),
        kept=tuple(kept),
        current=removal.current,
        switched=removal.current != before.current,
    )


def _end(tunnel: TunnelState, where: Sources, *, everything: bool) -> Ended | None:
    """End a tunnel unless it is used; None if it is.

    A connect that runs meanwhile holds the tunnel until its context is in the file.
    """
    others: list[Use] = []

    def uses(state: TunnelState) -> list[Use]:
        others[:] = in_use(state, also=where.files)
        return others

    def needed(state: TunnelState) -> bool:
        return not everything and bool(uses(state))

    if background.stop(tunnel, unless=needed, uses=uses):
        return Ended(state=tunnel, uses=tuple(others))
    return None


def _forget(removed: Iterable[Mark], left: Iterable[Mark]) -> None:
    """Keep no credentials that nothing asks for."""
    asked = {_asked(mark) for mark in left}
    for mark in removed:
        if _asked(mark) not in asked:
            credential_cache.drop(*_asked(mark))


def _asked(mark: Mark) -> tuple[str, str, str, str]:
    return mark.name, mark.namespace, mark.host_context, mark.host_kubeconfig


def _choose(
    view: View, name: str | None, namespace: str | None, *, everything: bool, tunnels: list[TunnelState]
) -> dict[str, Mark]:
    ours = view.ours()
    if everything:
        return {context: mark for context, mark in ours.items() if namespace in {None, mark.namespace}}
    if name is None:
        return _current(view, ours)
    if name in ours:
        return {name: ours[name]}
    found = {
        context: mark
        for context, mark in ours.items()
        if mark.name == name and namespace in {None, mark.namespace}
    }
    if len({(mark.namespace, mark.host_context) for mark in found.values()}) > 1:
        raise UsageError(
            f"several virtual clusters named {name!r} are connected: {', '.join(sorted(found))}",
            hint=f"name one of these contexts, as in: {vcli_on_kubeconfig('disconnect', min(found))}",
        )
    if not found and not any(
        tunnel.spec.name == name and namespace in {None, tunnel.spec.namespace} for tunnel in tunnels
    ):
        where = f" in namespace {namespace!r}" if namespace else ""
        names = ", ".join(sorted({mark.name for mark in ours.values()}))
        hint = f"connected are: {names}" if names else "no virtual cluster is connected"
        raise NotFoundError(f"virtual cluster {name!r}{where} is not connected", hint=hint)
    return found


def _current(view: View, ours: Mapping[str, Mark]) -> dict[str, Mark]:
    if view.current in ours:
        return {view.current: ours[view.current]}
    if ours:
        names = ", ".join(sorted({mark.name for mark in ours.values()}))
        hint = f"name it: {vcli_on_kubeconfig('disconnect', 'NAME')}, or --all; connected are: {names}"
    else:
        hint = f"there is nothing to disconnect; {vcli('list')} shows the virtual clusters to connect to"
    if not view.current:
        raise VcliError("no context is current, so vcli can't know what to disconnect from", hint=hint)
    raise VcliError(
        f"the current context {view.current!r} is not that of a connected virtual cluster", hint=hint
    )


def _servers(view: View) -> dict[str, str]:
    """Context of ours → URL of the virtual API."""
    found = {}
    for context in view.ours():
        located = view.get("contexts", context)
        cluster = view.get("clusters", str(located.body.get("cluster"))) if located else None
        if cluster is not None:
            found[context] = str(cluster.body.get("server") or "")
    return found
