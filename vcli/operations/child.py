"""Running a command against a virtual cluster, with a tunnel and a kubeconfig that live as long as it does.

The command shares our terminal and our process group, so job control works as if we weren't there. What the
terminal sends (Ctrl-C) reaches it directly and is not ours to act on; what is sent to us alone we pass on.
"""

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from vcli import invocation
from vcli.errors import VcliError
from vcli.operations.connection import Options
from vcli.operations.steps import Steps
from vcli.operations.target import target

NOT_RUNNABLE: Final = 126
NOT_FOUND: Final = 127
_SIGNALLED: Final = 128
_GRACE: Final = 10.0  # seconds
_PASSED_ON: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_FROM_TERMINAL: Final = (signal.SIGINT, signal.SIGQUIT)


class NotRunnableError(VcliError):
    """The command can't be run."""

    code = "NotRunnable"
    exit_code = NOT_RUNNABLE


class CommandNotFoundError(VcliError):
    """There is no such command."""

    code = "CommandNotFound"
    exit_code = NOT_FOUND


async def run_child(options: Options, command: Sequence[str], *, steps: Steps) -> int:
    """Run a command whose ``KUBECONFIG`` is a virtual cluster's. The user's own kubeconfig is not touched.

    Args:
        options: what to connect to, and how.
        command: the program and its arguments.
        steps: is informed when there is something to wait for.

    Returns:
        The command's exit code, 128+n if signal n ended it.

    Raises:
        CommandNotFoundError: there is no such program.
        NotRunnableError: it is no program.
        VcliError: see `vcli.operations.target.target`.
    """
    check(command)
    async with target(options, steps=steps) as found, found.open() as opened:
        with opened.environment() as environment:
            invocation.lift_deadline()
            return await run(command, {**os.environ, **environment.variables})


def check(command: Sequence[str]) -> None:
    """Tell before anything else is done that the command can't be run."""
    if shutil.which(command[0]) is None:
        raise not_runnable(command[0])


async def run(command: Sequence[str], environ: dict[str, str]) -> int:
    """Run a command to its end, passing on the signals that we get.

    Returns:
        Its exit code, 128+n if signal n ended it.
    """
    loop = asyncio.get_running_loop()
    pending: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def pass_on(signum: int) -> None:
        if signum in _FROM_TERMINAL and _in_foreground():
            return  # the terminal has sent it to the child as well
        if child is None:
            pending.append(signum)
        else:
            child.send_signal(signum)

    with _handlers(loop, pass_on):
        try:
            # Handlers of ours end with its exec; what we were started to ignore stays ignored (nohup).
            child = subprocess.Popen(list(command), env=environ)  # noqa: ASYNC220  asyncio's needs a watcher
        except OSError as error:
            raise not_runnable(command[0], error) from error
        for signum in pending:
            child.send_signal(signum)
        code = await _wait(child)
    return _SIGNALLED - code if code < 0 else code


@contextlib.contextmanager
def _handlers(loop: asyncio.AbstractEventLoop, handle: Callable[[int], None]) -> Iterator[None]:
    """Handle signals, except those that we were started to ignore; then as before."""
    before = {}
    for signum in (*_PASSED_ON, *_FROM_TERMINAL):
        current = signal.getsignal(signum)
        if current is not signal.SIG_IGN:
            before[signum] = current
            loop.add_signal_handler(signum, handle, signum)
    try:
        yield
    finally:
        for signum, handler in before.items():
            loop.remove_signal_handler(signum)
            signal.signal(signum, handler)


def _in_foreground() -> bool:
    """Whether the terminal's signals come to our process group, the child among it, or to the child's own."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


async def _wait(child: "subprocess.Popen[bytes]") -> int:
    """Wait for the child's end; being cancelled ends it, as nobody would be left to serve its tunnel."""
    try:
        descriptor = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # no Linux
        return await asyncio.to_thread(child.wait)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
        return child.wait()
    except asyncio.CancelledError:
        child.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await ended.wait()
        child.kill()
        child.wait()
        raise
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _find(program: str) -> str | None:
    """Where a program's name leads to, runnable or not."""
    if os.sep in program:
        return program if Path(program).exists() else None
    places = [Path(folder, program) for folder in os.get_exec_path()]
    return next((str(place) for place in places if place.is_file()), None)


def not_runnable(program: str, error: OSError | None = None) -> CommandNotFoundError | NotRunnableError:
    """Why a program can't be run.

    Args:
        program: its name or path.
        error: of the attempt, if there was one.
    """
    found = _find(program)
    if found is None:
        return CommandNotFoundError(f"there is no command {program!r}")
    reason = os.strerror(errno.EISDIR) if Path(found).is_dir() else os.strerror(errno.EACCES)
    if error is not None:
        reason = error.strerror or str(error)
        if error.errno == errno.ENOENT:
            reason = "its interpreter does not exist"
    return NotRunnableError(f"can't run {found!r}: {reason}")
