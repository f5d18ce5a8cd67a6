"""Operations on the embedded host."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vcli import inputs
from vcli.errors import ConflictError, InterruptError, NotAllowedError, NotFoundError
from vcli.host import addons as known_addons
from vcli.host import down as taking_down
from vcli.host import further, process, readiness, state
from vcli.host import up as booting
from vcli.host.addons.addon import Addon
from vcli.host.egress import Egress, choose
from vcli.host.instance import DEFAULT_NAME, DEFAULT_PORT, Instance
from vcli.host.versions import KUBERNETES, release
from vcli.kubeconfig.change import drop, update
from vcli.kubeconfig.model import View
from vcli.kubeconfig.paths import Sources
from vcli.kubeconfig.paths import sources as sources_of
from vcli.kubeconfig.read import load
from vcli.operations import credential_cache, host_context, host_logs
from vcli.operations.host_programs import prepare, prepare_addons
from vcli.operations.steps import NoSteps, Steps
from vcli.portforward import background

READY_WITHIN = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostUp:
    """A host that is ready.

    Attributes:
        kubeconfig: the host's own, of its administrator.
        kubectl: a kubectl of the same version.
        version: of its Kubernetes.
        created: False when it was up already.
        seconds: what it took.
    """

    name: str
    server: str
    kubeconfig: Path
    kubectl: Path
    version: str
    context: str
    created: bool
    seconds: float


def up(
    *,
    name: str = DEFAULT_NAME,
    port: int | None = None,
    timeout: float = READY_WITHIN,
    steps: Steps | None = None,
    kubeconfig: str | None = None,
    update_current: bool = True,
    egress: str | None = None,
    nodes: int | None = None,
    addons: Sequence[str] = (),
    kubernetes: str | None = None,
    audited: bool = False,
) -> HostUp:
    """Boot a host, or find it running.

    Args:
        name: of the instance.
        port: of 127.0.0.1 for its API server, 0 for any free one; when not given 16443, or what it has.
        timeout: seconds that a booted host may take to get ready; building its programs is not counted.
        steps: is informed of progress.
        kubeconfig: the user's file to add the context to; by `KUBECONFIG` or ~/.kube/config when not given.
        update_current: whether to add it there, and make it current.
        egress: what the host may reach beyond itself: none, public or all; see `host.egress.choose`.
        nodes: how many, from 1 to `inputs.MOST_NODES`; when not given 1, or what it has.
        addons: names of `host.addons.OPTIONAL`; a running host gets those that it lacks, and loses none.
        kubernetes: version, as `host.versions.release` takes it; when not given the newest, or what it has.
        audited: whether its API server writes an audit log; when False also as a running one has it.

    Raises:
        UsageError: the number of nodes, the name, the port, the timeout, an add-on or the version makes no
            sense.
        NotAllowedError: not root, or programs of the machine are missing.
        ConflictError: the port is taken, the host runs with another one, another number of nodes, another
            version or without the audit log, or its context's name is taken.
        TimedOutError: not ready in time.
        VcliError: see `host.binaries`, `host.image_store`, `host.up`.
    """
    inputs.timeout(timeout)
    if port is not None:
        inputs.port(port)
    if nodes is not None:
        inputs.nodes(nodes)
    begun = time.monotonic()
    steps = steps or NoSteps()
    instance = Instance.of(name)
    wanted = known_addons.chosen(addons)
    version = None if kubernetes is None else release(kubernetes)
    have = booting.check(wanted)
    way_out = choose(Egress(egress) if egress else None)
    where = sources_of(kubeconfig)
    if update_current:
        host_context.check({path: file.data for path, file in load(Sources(where.files)).items()}, name)
    with process.locked(instance, steps.warn):
        running = process.node_pid(instance) is not None
        if running:
            _same_port(instance, port)
            _same_nodes(instance, nodes)
            _same_version(instance, version)
            _same_audit(instance, audited=audited)
            _extend(instance, wanted, steps)
            with host_logs.with_hint(instance), steps.step(f"Wait for host {name}") as step:
                readiness.wait(instance, addons=wanted, timeout=timeout, say=step.detail)
            for each in further.nodes_of(instance):
                if each.state is not further.NodeState.RUNNING:
                    back = "start" if each.pid is None else "heal"
                    steps.warn(
                        f"{each.node} is {each.state}: {command(f'node {back} {each.node.name}', name)}"
                    )
        else:
            try:
                _boot(
                    instance,
                    have,
                    port=DEFAULT_PORT if port is None else port,
                    egress=way_out,
                    nodes=nodes or 1,
                    addons=wanted,
                    version=version or KUBERNETES,
                    audited=audited,
                    timeout=timeout,
                    steps=steps,
                )
            except BaseException as error:
                # Also Ctrl-C: half a host helps nobody. The cache keeps what is finished.
                host_logs.keep(instance, error)
                try:
                    taking_down.remove(instance)
                except InterruptError:
                    steps.warn(f"not everything of host {name} was removed: {command('down', name)} does it")
                    raise
                raise
    if update_current:
        document = json.loads(instance.kubeconfig.read_text())
        update(where, lambda files: host_context.add(files, document, default=where.default), warn=steps.warn)
    return HostUp(
        name=name,
        server=state.server(instance),
        kubeconfig=instance.kubeconfig,
        kubectl=state.kubectl(instance),
        version=state.kubernetes(instance),
        context=name,
        created=not running,
        seconds=time.monotonic() - begun,
    )


def down(*, name: str = DEFAULT_NAME, steps: Steps | None = None, kubeconfig: str | None = None) -> bool:
    """Remove a host and all that belongs to it, except for the cache. False: there was none.

    Args:
        name: of the instance.
        steps: is informed of progress.
        kubeconfig: the user's file to take the host's context out of, and those of virtual clusters on it.

    Raises:
        NotAllowedError: not root.
        VcliError: something could not be removed.
    """
    instance = Instance.of(name)
    steps = steps or NoSteps()
    existed = taking_down.exists(instance)
    if existed:
        need_root("down")
        if instance.kubeconfig.exists():  # not yet in one that was killed while it booted
            _end_tunnels(state.server(instance))
        with steps.step(f"Remove host {name}"):
            try:
                taking_down.down(instance, steps.warn)
            except InterruptError as error:
                error.hint = f"host {name} is half removed: {command('down', name)} removes the rest"
                raise
    where = sources_of(kubeconfig)
    if any(x.exists() for x in where.files):
        drop(where, lambda files: _clusters_on(View(files), name), warn=steps.warn)
        update(where, lambda files: host_context.remove(files, name), warn=steps.warn)
    return existed


def status(*, name: str = DEFAULT_NAME) -> state.HostStatus:
    """How a host does, component by component.

    Raises:
        NotAllowedError: not root.
        NotFoundError: it is not up.
    """
    need_root("status")
    return state.status_of(existing(name))


def kubeconfig(*, name: str = DEFAULT_NAME) -> str:
    """The kubeconfig of a host's administrator.

    Raises:
        NotAllowedError: not root.
        NotFoundError: it is not up.
    """
    need_root("kubeconfig")
    return existing(name).kubeconfig.read_text()


def _boot(
    instance: Instance,
    have: booting.Prerequisites,
    *,
    port: int,
    egress: Egress,
    nodes: int,
    addons: Sequence[Addon],
    version: str,
    audited: bool,
    timeout: float,
    steps: Steps,
) -> None:
    taking_down.clear(instance)
    # Bound first: a port that is taken should show now, not after a build.
    with booting.listen(port) as listener:
        binaries, store, archives = prepare(have, addons, version, steps)
        with steps.step(f"Boot host {instance.name}") as step:
            booting.boot(
                instance,
                listener,
                binaries=binaries,
                store=store,
                have=have,
                egress=egress,
                nodes=nodes,
                addons=addons,
                archives=archives,
                audited=audited,
            )
            readiness.wait(instance, addons=addons, timeout=timeout, say=step.detail)


def _extend(instance: Instance, addons: Sequence[Addon], steps: Steps) -> None:
    """Give a running host the add-ons that it lacks."""
    if lacking := booting.lacks(instance, addons):
        binaries, archives = prepare_addons(lacking, steps)
        booting.extend(instance, lacking, binaries=binaries, archives=archives)


def _clusters_on(view: View, name: str) -> list[str]:
    """Contexts of virtual clusters that were on this host: they are gone with it."""
    context = view.get("contexts", name)
    if context is None or not host_context.is_ours(context.body):
        return []
    return [x for x, mark in view.ours().items() if mark.host_context == name]


def _end_tunnels(server: str) -> None:
    """Tunnels look for their host for ever; this one does not come back."""
    for tunnel in background.records():
        if tunnel.spec.server == server:
            background.stop(tunnel)
            credential_cache.forget(*tunnel.spec.cluster)


def _same_port(instance: Instance, port: int | None) -> None:
    has = state.port(instance)
    _refuse_another(instance, port, has, f"its API server at port {has}")


def _same_nodes(instance: Instance, nodes: int | None) -> None:
    has = len(instance.nodes())
    _refuse_another(instance, nodes, has, f"{has} {'node' if has == 1 else 'nodes'}")


def _same_version(instance: Instance, version: str | None) -> None:
    has = state.kubernetes(instance)
    _refuse_another(instance, version, has, f"Kubernetes {has}")


def _same_audit(instance: Instance, *, audited: bool) -> None:
    has = state.audit_log(instance) is not None
    _refuse_another(instance, audited, has, "an audit log" if has else "no audit log")


def _refuse_another(instance: Instance, wanted: object, has: object, what: str) -> None:
    """Raise ConflictError when a running host has another value than wanted; None and port 0 want nothing."""
    if wanted and wanted != has:
        raise ConflictError(
            f"host {instance.name} is up already, with {what}",
            hint=f"{command('down', instance.name)}, or another --name for a second host",
        )


def existing(name: str) -> Instance:
    """The instance of a host that is up.

    Raises:
        NotFoundError: it is not.
    """
    instance = Instance.of(name)
    if process.node_pid(instance) is None:
        raise NotFoundError(f"host {name} is not up", hint=command("up", name))
    return instance


def need_root(command: str) -> None:
    """Raise NotAllowedError when this process is not root.

    Args:
        command: the words after ``vcli host``.
    """
    if os.geteuid() != 0:
        raise NotAllowedError(f"vcli host {command} needs root", hint=f"sudo vcli host {command}")


def command(verb: str, name: str) -> str:
    """A command line to name in a hint.

    Args:
        verb: the words after ``vcli host``.
        name: of the host.
    """
    return f"vcli host {verb}" + ("" if name == DEFAULT_NAME else f" --name {name}")
