"""Detached processes, reliably identified. Imported by each call of kubectl: what is heavy comes late."""

import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_POLL = 0.02
_STARTTIME = 19  # of the fields after the command's name, proc(5)


@cache
def machine() -> str:
    """Names the place within which a pid means something: the host, and the PID namespace on it."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  not a path
    except OSError:
        namespace = ""
    return f"{os.uname().nodename} {namespace}".strip()


def identity(pid: int) -> str | None:
    """What no two processes share, even of the same pid: boot and time of start. None if it has ended."""
    if os.path.exists("/proc/self/stat"):  # noqa: PTH110
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                fields = file.read().rpartition(")")[2].split()
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
                boot = file.read().strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot} {fields[_STARTTIME]}"
    import subprocess  # noqa: PLC0415  only where there is no /proc: macOS

    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def spawn(arguments: Sequence[str], *, log: "Path", descriptors: Sequence[int]) -> int:
    """Start a process that survives us and our terminal.

    Args:
        arguments: for this very interpreter.
        log: takes its stdout and stderr; emptied at each start.
        descriptors: files above 10, that it finds as numbers 3, 4, and so on.

    Returns:
        Its pid.
    """
    import signal  # noqa: PLC0415

    mode = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), mode, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
        *((os.POSIX_SPAWN_DUP2, each, number) for number, each in enumerate(descriptors, 3)),
    ]
    reset = [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGTSTP]
    return os.posix_spawn(
        sys.executable,
        # -P: the working directory must not be searched for modules.
        [sys.executable, "-P", *arguments],
        os.environ,
        file_actions=actions,
        setsid=True,
        setsigmask=[],
        setsigdef=reset,
    )


def end(pid: int, expected: str, *, patience: float = 3.0) -> None:
    """End a process, if it is the expected one: kindly, and after ``patience`` seconds not."""
    import contextlib  # noqa: PLC0415
    import signal  # noqa: PLC0415
    import time  # noqa: PLC0415

    for number in (signal.SIGTERM, signal.SIGKILL):
        if identity(pid) != expected:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + patience
        while identity(pid) == expected and time.monotonic() < until:
            time.sleep(_POLL)
    reap(pid)


def reap(pid: int) -> None:
    """If it was a child of ours, let the kernel forget it."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
