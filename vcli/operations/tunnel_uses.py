"""Which kubeconfigs use a tunnel: those that were given it, as long as they say so."""

from collections.abc import Iterable
from pathlib import Path

from vcli.errors import VcliError
from vcli.kubeconfig.change import update
from vcli.kubeconfig.paths import Sources, sources
from vcli.kubeconfig.read import KubeconfigError, read
from vcli.kubeconfig.tunnelled import contexts_through, relocate
from vcli.portforward import background
from vcli.portforward.state import TunnelSpec, TunnelState, Use, local_server, remove

_LOCK_TIMEOUT = 3.0  # seconds: kubectl may be waiting for us


def in_use(state: TunnelState, *, also: Iterable[Path] = ()) -> list[Use]:
    """The contexts that lead through a tunnel.

    A file that is gone, or that mentions it no more, doesn't count. One that can't be read does: what is in
    it is not known.

    Args:
        state: of the tunnel.
        also: more files to look in.
    """
    found = []
    for path in dict.fromkeys([*(Path(use.kubeconfig) for use in state.uses), *also]):
        try:
            config = read(path).data
        except FileNotFoundError:
            continue
        except KubeconfigError:
            found += [use for use in state.uses if use.kubeconfig == str(path)]
            continue
        spec = state.spec
        contexts = contexts_through(config, name=spec.name, namespace=spec.namespace, server=state.server)
        found += [Use(str(path), context) for context in contexts]
    return found


def survey() -> list[tuple[TunnelState, list[Use]]]:
    """All tunnels with the contexts that lead through them; those that have ended while they are used."""
    found = []
    for state in background.records():
        uses = in_use(state)
        if uses or state.alive:
            found.append((state, uses))
        else:
            background.clear(state.path, unless=lambda current: bool(in_use(current)))
    return found


def notice(state: TunnelState) -> None:
    """If no kubeconfig is known to use a tunnel, see whether the current one does; while that is held."""
    if state.uses:
        return
    for use in in_use(state, also=sources().files):
        background.record_use(state, use)


def move(wanted: TunnelSpec, state: TunnelState) -> list[str]:
    """Lead the kubeconfigs that are known to use a tunnel through another one; while that is held.

    Args:
        wanted: the tunnel that can't be had, on ``local_port``.
        state: of the other one.

    Returns:
        The files that were changed.
    """
    old = [
        each
        for each in _ended(state)
        if (each.spec.address, each.port) == (wanted.address, wanted.local_port)
    ]
    known = {Path(use.kubeconfig) for each in old for use in each.uses} | set(sources().files)
    changed = [path for path in sorted(known) if _relocated(path, wanted.address, wanted.local_port, state)]
    for each in old:
        _clear(each)
    return [str(path) for path in changed]


def follow(state: TunnelState) -> list[str]:
    """As `move`, from all tunnels to the virtual cluster that have ended, on other ports of that address."""
    changed = []
    for each in _ended(state):
        if each.spec.address == state.spec.address:
            known = {Path(use.kubeconfig) for use in each.uses}
            changed += [
                path for path in sorted(known) if _relocated(path, each.spec.address, each.port, state)
            ]
            _clear(each)
    return [str(path) for path in dict.fromkeys(changed)]


def _ended(state: TunnelState) -> list[TunnelState]:
    return [
        each
        for each in background.records()
        if each.spec.cluster == state.spec.cluster and each.port != state.port and not each.alive
    ]


def _clear(state: TunnelState) -> None:
    if not in_use(state):
        remove(state.path)


def _relocated(path: Path, address: str, port: int, state: TunnelState) -> bool:
    """Whether the file led through the tunnel on that port, and now leads through the other one."""
    of = {"name": state.spec.name, "namespace": state.spec.namespace}
    server = local_server(address, port)
    tunnels = (listener(address, port), listener(state.spec.address, state.port))
    try:
        if not contexts_through(read(path).data, server=server, **of):
            return False
        update(
            Sources((path,)),
            lambda files: relocate(files, servers=(server, state.server), tunnels=tunnels, **of),
            warn=lambda _: None,
            timeout=_LOCK_TIMEOUT,
        )
        contexts = contexts_through(read(path).data, server=state.server, **of)
    except (FileNotFoundError, VcliError):
        return False
    for context in contexts:
        background.record_use(state, Use(str(path), context))
    return True


def listener(address: str, port: int) -> str:
    """A listener as ``vcli token --tunnel`` takes it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
