"""The cgroups that everything in pods is in: made before kubelet starts, removed when the node is gone."""

import os
import time
from pathlib import Path

from vcli.errors import VcliError
from vcli.host.linux import cgroup_mounts

_REMOVE_FOR = 10.0
_WANTED_V2 = ("cpuset", "cpu", "io", "memory", "pids", "hugetlb")


def create(cgroup: str) -> None:
    """Make the cgroup in every hierarchy; kubelet refuses to start without it."""
    for mount, kind in cgroup_mounts().items():
        folder = Path(mount)
        for part in Path(cgroup).parts[1:]:
            if kind == "cgroup2" and not _is_hybrid(mount):
                _delegate(folder)
            folder /= part
            folder.mkdir(exist_ok=True)
            _inherit_cpuset(folder)


def leftovers(cgroup: str) -> list[str]:
    """Folders of the cgroup that exist."""
    return [str(Path(x + cgroup)) for x in cgroup_mounts() if Path(x + cgroup).is_dir()]


def remove(cgroup: str) -> None:
    """Remove the cgroup everywhere, and the folders above it that are empty then.

    A process that was just killed leaves its cgroup a moment later, so this tries for a few seconds.
    """
    deadline = time.monotonic() + _REMOVE_FOR
    for top in leftovers(cgroup):
        while not _remove_tree(Path(top)) and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            Path(top).parent.rmdir()
        except OSError:
            continue  # another instance's cgroup is below it


def _remove_tree(top: Path) -> bool:
    for folder, _, _ in os.walk(top, topdown=False):
        try:
            Path(folder).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def _is_hybrid(mount: str) -> bool:
    """The v2 tree of a machine that uses v1: it has no controllers to delegate."""
    return not Path(mount, "cgroup.controllers").read_text().split()


def _delegate(folder: Path) -> None:
    """Let children of this cgroup (v2) have controllers."""
    control = folder / "cgroup.subtree_control"
    have = control.read_text().split()
    for controller in set((folder / "cgroup.controllers").read_text().split()).intersection(_WANTED_V2):
        if controller not in have:
            try:
                control.write_text(f"+{controller}")
            except OSError as error:
                raise VcliError(
                    f"{folder} can not give its children the {controller} controller: {error.strerror}",
                    hint="inside a container, run it with --cgroupns=host --privileged",
                ) from error


def _inherit_cpuset(folder: Path) -> None:
    """A new cpuset cgroup (v1) has no CPUs and no memory: nothing could run in it."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        path = folder / name
        if path.exists() and not path.read_text().strip():
            path.write_text((folder.parent / name).read_text())
