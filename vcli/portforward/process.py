"""Detached processes, told apart for certain."""

import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_PROC = Path("/proc/self/stat")
_POLL = 0.02
_STARTTIME = 19  # of the fields after the command's name, proc(5)
_RESET = [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGTSTP]


@functools.cache
def machine() -> str:
    """Names the place within which a pid means something: the host, and the PID namespace on it."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{socket.gethostname()} {namespace}".strip()


def identity(pid: int) -> str | None:
    """What no two processes share, even of the same pid: boot and time of start. None if it has ended."""
    if _PROC.exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else f"{boot} {fields[_STARTTIME]}"
    answer = subprocess.run(  # no /proc: macOS
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def spawn(arguments: Sequence[str], *, log: Path, report: int) -> int:
    """Start a process that survives us and our terminal.

    Args:
        arguments: for this very interpreter.
        log: takes its stdout and stderr; anew at each start.
        report: a file descriptor above 3, that it finds as number 3.

    Returns:
        Its pid.
    """
    mode = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), mode, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
        (os.POSIX_SPAWN_DUP2, report, 3),
    ]
    return os.posix_spawn(
        sys.executable,
        # -P: the working directory must not be searched for modules.
        [sys.executable, "-P", *arguments],
        os.environ,
        file_actions=actions,
        setsid=True,
        setsigmask=[],
        setsigdef=_RESET,
    )


def end(pid: int, expected: str, *, patience: float = 3.0) -> None:
    """End a process, if it is the expected one: kindly, and after ``patience`` seconds not."""
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
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
