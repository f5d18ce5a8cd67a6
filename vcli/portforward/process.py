"""Detached processes: start and end."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vcli.processes import identity

if TYPE_CHECKING:
    from pathlib import Path

_POLL = 0.02


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


def end(pid: int, expected: str, *, grace: float = 3.0) -> None:
    """End a process, if it is the expected one: by SIGTERM, and after ``grace`` seconds by SIGKILL."""
    import contextlib  # noqa: PLC0415
    import signal  # noqa: PLC0415
    import time  # noqa: PLC0415

    for number in (signal.SIGTERM, signal.SIGKILL):
        if identity(pid) != expected:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + grace
        while identity(pid) == expected and time.monotonic() < until:
            time.sleep(_POLL)
    reap(pid)


def reap(pid: int) -> None:
    """If it was a child of ours, let the kernel forget it."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
