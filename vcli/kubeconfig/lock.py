"""client-go's lock on a kubeconfig: a file ``<kubeconfig>.lock``, made with O_EXCL.

kubectl, helm and client-go's other users give up at once when that file exists; we wait. Whoever dies with
the lock in hand leaves it behind for ever, so a lock whose owner is known to be dead, or that is older than
any write takes, is removed with a warning.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from shlex import quote
from typing import Final

from vcli import invocation
from vcli.errors import InterruptError, TimedOutError
from vcli.processes import identity, machine

STALE_AFTER: Final = 30.0
"""Seconds after which a lock without a living owner that we know of is taken for a leftover."""
TIMEOUT: Final = 45.0
"""Seconds to wait for a lock; longer than `STALE_AFTER`, so a leftover fails no command."""
_POLL: Final = 0.02
_SAID_AFTER: Final = 1.0

interrupted: ContextVar[threading.Event | None] = ContextVar("interrupted", default=None)
"""Set it before `locked` runs in a thread, which no signal ends: the event ends waiting for a lock."""


@contextlib.contextmanager
def locked(
    files: Iterable[Path],
    *,
    timeout: float = TIMEOUT,
    stale_after: float = STALE_AFTER,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[frozenset[Path]]:
    """Hold the locks of these kubeconfig files.

    They are taken in the order of their names, as client-go does, so two processes never wait for each other.
    A symlink's target is locked as well, for those who know the file by that name.

    Args:
        files: need not exist. One in a folder that we can't write to is not locked, and must not be written.
        timeout: seconds to wait for all of them.
        stale_after: the age of a leftover in seconds.
        warn: is called with what is waited for after a second, and with a leftover that was removed.

    Yields:
        those of ``files`` that are locked.

    Raises:
        TimedOutError: another process holds a lock all the time.
        InterruptError: `interrupted` was set while waiting; nothing is locked.
    """
    deadline = time.monotonic() + invocation.within(timeout)
    wanted = {path: (path, Path(os.path.realpath(path))) for path in files}
    held: dict[Path, int | None] = {}
    try:
        for target in sorted({name for names in wanted.values() for name in names}):
            held[target] = _acquire(target, deadline=deadline, stale_after=stale_after, warn=warn)
        yield frozenset(path for path, names in wanted.items() if all(held[name] for name in names))
    finally:
        for target, inode in reversed(held.items()):
            _release(target, inode)


def lock_file(path: Path) -> Path:
    """The lock of a kubeconfig file."""
    return path.with_name(path.name + ".lock")


def _release(path: Path, inode: int | None) -> None:
    with contextlib.suppress(OSError):
        if inode is not None and lock_file(path).stat().st_ino == inode:  # else we were taken for dead
            lock_file(path).unlink()


def _acquire(path: Path, *, deadline: float, stale_after: float, warn: Callable[[str], None]) -> int | None:
    """Take one lock; its inode, None when there can't be one."""
    lock = lock_file(path)
    ended = interrupted.get()
    say_at = time.monotonic() + _SAID_AFTER
    while True:
        try:
            lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            if not lock.parent.is_dir():
                return None
            if _remove_leftover(lock, stale_after=stale_after):
                warn(f"removed the lock {lock}: the process that created it died, or hangs")
                continue
            if time.monotonic() >= deadline:
                raise TimedOutError(
                    f"kubeconfig {path} is locked by another process",
                    hint=f"if no kubectl, helm or vcli is running: rm {quote(str(lock))}",
                ) from None
            if ended is not None and ended.is_set():
                raise InterruptError(f"interrupted while waiting for the lock {lock}") from None
            if time.monotonic() >= say_at:
                warn(_waiting_for(lock, stale_after))
                say_at = deadline
            time.sleep(_POLL)
        except OSError:
            return (
                None  # /proc/self/fd, a read-only folder: whether that matters shows when it is to be written
            )
        else:
            try:
                with contextlib.suppress(OSError):  # a full disk: like client-go's, it names nobody then
                    os.write(descriptor, _owner().encode())
                return os.fstat(descriptor).st_ino
            finally:
                os.close(descriptor)


def _waiting_for(lock: Path, stale_after: float) -> str:
    try:
        age = f"{max(time.time() - lock.stat().st_mtime, 0):.0f}s old"
    except OSError:
        age = "just removed"
    return (
        f"waiting for another program to finish with {lock.with_suffix('')}: its lock {lock} is {age};"
        f" at {stale_after:g}s it is taken for a leftover and removed."
        " If no kubectl, helm or vcli is at work on that file, you can remove the lock now"
    )


def _owner() -> str:
    """Which process has the lock: machine, number and identity, a line each."""
    pid = os.getpid()
    return f"{machine()}\n{pid}\n{identity(pid) or ''}\n"


def _owner_died(lock: Path) -> bool:
    """Whether the lock names a process of this machine that lives no more."""
    try:
        where, pid, born = lock.read_text("utf-8", "replace").splitlines()
        number = int(pid)
    except (OSError, ValueError):
        return False  # client-go's are empty and not readable
    if where != machine():
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(born) and born != identity(number)


def _remove_leftover(lock: Path, *, stale_after: float) -> bool:
    """Remove the lock if it is a leftover.

    Two processes may judge the same leftover; the second must not remove the fresh lock that the first made
    in its place. So the judging and the removal happen under a lock on the folder, which the kernel drops
    when its holder dies.
    """
    try:
        folder = os.open(lock.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        age = time.time() - lock.stat().st_mtime
        if age <= stale_after and not _owner_died(lock):
            return False
        lock.unlink()
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(folder)
