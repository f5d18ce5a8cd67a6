"""The node's view of the file system: the machine's, but for folders that components would leave things in.

Standard library only.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from vcli.host import linux
from vcli.host.plan import Plan


def set_up(plan: Plan) -> None:
    """Arrange the mounts; to be called in a mount, PID and network namespace of its own."""
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    for path, instead in plan.hide.items():
        _hide(path, instead, keep=plan.keep)
    _resolv_conf(plan.resolv_conf)
    linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    _sysfs()
    # Containers' mounts with Bidirectional propagation need a shared tree; shared within this namespace only.
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_SHARED)


def _hide(path: str, instead: str, *, keep: Sequence[str]) -> None:
    """Lay `instead` over `path`; what is kept below it is held open, then bound where it was."""
    below = [x for x in _outermost(keep) if x.startswith(f"{path}/") and Path(x).is_dir()]
    held = {x: os.open(x, os.O_PATH) for x in below}
    if instead:
        Path(instead).mkdir(parents=True, exist_ok=True)
        Path(instead).chmod(Path(path).stat().st_mode & 0o7777)
        linux.mount(instead, path, flags=linux.MS_BIND)
    else:
        linux.mount("tmpfs", path, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
    for folder, descriptor in held.items():
        Path(folder).mkdir(parents=True, exist_ok=True)
        linux.mount(f"/proc/self/fd/{descriptor}", folder, flags=linux.MS_BIND | linux.MS_REC)
        os.close(descriptor)


def _outermost(paths: Sequence[str]) -> list[str]:
    """Without those that lie below another one of them."""
    return [x for x in sorted(set(paths)) if not any(x.startswith(f"{y}/") for y in paths)]


def _resolv_conf(instead: str) -> None:
    """Programs of the node ask the node's name server, not the machine's: that is out of their reach."""
    link = Path("/etc/resolv.conf")
    if not link.exists() and not link.is_symlink():
        return
    # systemd's lies in /run, which is empty by now.
    path = Path(os.path.realpath(link))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    linux.mount(instead, str(path), flags=linux.MS_BIND)


def _sysfs() -> None:
    """A sysfs with this network namespace's devices, and the cgroup trees on it as the machine has them."""
    root = "/sys/fs/cgroup"
    held = os.open(root, os.O_PATH)
    linux.mount("sysfs", "/sys", "sysfs", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    linux.mount(f"/proc/self/fd/{held}", root, flags=linux.MS_BIND | linux.MS_REC)
    os.close(held)
