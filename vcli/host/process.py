"""Finding and ending the processes of an instance."""

import fcntl
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vcli.host.instance import Instance
from vcli.processes import started

_GONE_WITHIN = 20.0


def node_pid(instance: Instance) -> int | None:
    """The node's first process, if it runs. An id that another process has got since is not taken for it."""
    try:
        noted = json.loads(instance.identity.read_text())
    except (FileNotFoundError, ValueError):
        return None
    pid = int(noted["pid"])
    return pid if started(pid) == noted["started"] else None


def strays(nodes: Sequence[Instance]) -> list[int]:
    """Processes that were started to become one of these nodes, on record or not."""
    ours, plans = b"\0vcli.host.node\0", tuple(f"\0{x.plan}\0".encode() for x in nodes)
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
                if ours in command and command.endswith(plans):
                    found.append(int(folder.name))
            except OSError:
                continue  # it ended meanwhile
    return found


def end(nodes: Sequence[Instance]) -> bool:
    """Kill the nodes' first processes and so, as the kernel has it, all of the nodes'. False: nothing ran.

    Returns when they are gone: the kernel reaps a PID namespace's members before its first process.
    """
    pids = set(strays(nodes))
    pids |= {pid for x in nodes if (pid := node_pid(x))}
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + _GONE_WITHIN
    while any(started(x) is not None for x in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(pids)


def pids_on_machine(first: int) -> dict[int, int]:
    """The processes of a PID namespace: the id that each has inside, and the machine's for it.

    Args:
        first: the namespace's first process, by the machine's id.
    """
    namespace = Path(f"/proc/{first}/ns/pid").readlink()
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if (folder / "ns" / "pid").readlink() == namespace:
                    ids = re.search(r"^NSpid:(.*)$", (folder / "status").read_text(), re.MULTILINE)
                    found[int(ids[1].split()[-1]) if ids else 0] = int(folder.name)
            except OSError:
                continue  # it ended meanwhile
    return found


@contextmanager
def locked(instance: Instance, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """One `up` or `down` of an instance at a time. The lock is the run folder, so no file is left behind.

    Args:
        instance: which one.
        waiting: is called when somebody else has the lock.
    """
    while True:
        instance.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(instance.run, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waiting:
                    waiting(f"waiting for another vcli that works on host {instance.name}")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                same = instance.run.stat().st_ino == os.fstat(descriptor).st_ino
            except FileNotFoundError:
                same = False
            if same:
                yield
                return
        finally:
            os.close(descriptor)
