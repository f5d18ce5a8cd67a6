"""Which process is meant by a number: numbers are used again. Each kubectl imports it: it imports little."""

import os
from functools import cache

_PROC = os.path.exists("/proc/self/stat")  # noqa: PTH110  pathlib takes longer to import than `vcli token` may
# Of the fields after the command's name, proc(5).
_STATE, _THREADS, _START = 0, 17, 19


@cache
def machine() -> str:
    """Names the place within which a pid means something: the host, and the PID namespace on it."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  not a path
    except OSError:
        namespace = ""
    return f"{os.uname().nodename} {namespace}".strip()


def started(pid: int) -> int | None:
    """When a process began, in clock ticks since boot; None if it does not run. Linux only.

    One whose first thread alone has ended still runs: a PID namespace is empty only when the last thread of
    its first process has ended.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    if not fields:
        return None
    ended = fields[_STATE] == "X" or (fields[_STATE] == "Z" and int(fields[_THREADS]) <= 1)
    return None if ended else int(fields[_START])


def identity(pid: int) -> str | None:
    """What no two processes share, even of the same pid: boot and time of start. None if it has ended."""
    if not _PROC:
        return _identity_by_ps(pid)
    start = started(pid)
    if start is None:
        return None
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
            return f"{file.read().strip()} {start}"
    except OSError:
        return None


def _identity_by_ps(pid: int) -> str | None:
    import subprocess  # noqa: PLC0415  only where there is no /proc: macOS

    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, start = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else start.strip()
