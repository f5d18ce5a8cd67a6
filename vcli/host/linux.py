"""The few system calls that Python 3.11 does not offer.

Standard library only: the node's first process imports this.
"""

import ctypes
import os
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MS_SHARED = 1 << 20

_IN_CREATE = 0x00000100
_IN_MOVED_TO = 0x00000080
_IN_ONLYDIR = 0x01000000

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name for new ones."""
    if _libc.unshare(ctypes.c_int(flags)):
        _fail("unshare", hex(flags))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system, or change how one is mounted."""
    arguments = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    if _libc.mount(*arguments):
        _fail("mount", f"{source} on {target}")


def watch_folder(path: str) -> int:
    """A descriptor that can be read when something was made in a folder, or moved into it.

    Without a watch left to give (``fs.inotify.max_user_watches``) it is an OSError.
    """
    descriptor = _libc.inotify_init1(os.O_CLOEXEC)
    if descriptor < 0:
        _fail("inotify_init1", path)
    if _libc.inotify_add_watch(descriptor, path.encode(), _IN_CREATE | _IN_MOVED_TO | _IN_ONLYDIR) < 0:
        _fail("inotify_add_watch", path)
    return int(descriptor)


def _fail(call: str, what: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{call}: {os.strerror(number)}", what)


def cgroup_mounts() -> dict[str, str]:
    """Where the cgroup hierarchies are mounted, each with its type, ``cgroup`` (v1) or ``cgroup2``."""
    mounts: dict[str, str] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind = right.split()[0]
        if kind in {"cgroup", "cgroup2"}:
            mounts[left.split()[4]] = kind
    return mounts
