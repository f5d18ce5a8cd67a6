"""Removing an embedded host, and proving that nothing of it is left."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vcli.errors import VcliError
from vcli.host import cgroups, process
from vcli.host.instance import SHARED, Instance


def down(instance: Instance, waiting: Callable[[str], None] | None = None) -> bool:
    """End the nodes and remove all that belongs to the instance; the cache stays. False: there was nothing.

    Args:
        instance: which one.
        waiting: is called when another process works on it just now.

    Raises:
        VcliError: something could not be removed; the message names it.
    """
    if not exists(instance):
        return False
    with process.locked(instance, waiting):
        remove(instance)
    return True


def exists(instance: Instance) -> bool:
    """Whether anything of the instance is there, running or left over."""
    return bool(
        instance.root.exists()
        or instance.run.exists()
        or process.strays(instance.possible_nodes())
        or _cgroups(instance)
    )


def remove(instance: Instance) -> None:
    """What `down` does, for a caller who holds the lock."""
    _end(instance)
    for folder in (instance.root, instance.run):
        shutil.rmtree(folder, ignore_errors=True)
        if folder.parent in SHARED:
            with suppress(OSError):  # other instances are in it
                folder.parent.rmdir()
    if remains := leftovers(instance):
        raise VcliError(
            f"host {instance.name} is down, but this remains: {', '.join(remains)}",
            hint="see what holds it, then run the same command again",
        )


def clear(instance: Instance) -> None:
    """Before booting: remove what a host left that died, or was never finished. The caller holds the lock."""
    _end(instance)
    shutil.rmtree(instance.root, ignore_errors=True)
    # Not the folder itself: it is the lock.
    for path in instance.run.iterdir():
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def leftovers(instance: Instance) -> list[str]:
    """All that a removed instance should not have: processes, mounts, cgroups, folders."""
    found = [f"process {x}" for x in process.strays(instance.possible_nodes())]
    found += [f"cgroup {x}" for x in _cgroups(instance)]
    folders = (str(instance.root), str(instance.run))
    for line in Path("/proc/self/mounts").read_text().splitlines():
        target = line.split()[1]
        if target.startswith(tuple(f"{x}/" for x in folders)) or target in folders:
            found.append(f"mount {target}")
    found += [f"folder {x}" for x in folders if os.path.lexists(x)]
    return found


def _end(instance: Instance) -> None:
    """End all nodes, also those without a state file."""
    nodes = instance.possible_nodes()
    process.end(nodes)
    for node in nodes:
        cgroups.remove(node.cgroup)


def _cgroups(instance: Instance) -> list[str]:
    return [folder for x in instance.possible_nodes() for folder in cgroups.leftovers(x.cgroup)]
