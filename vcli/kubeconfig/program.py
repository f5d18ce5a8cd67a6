"""Running the program that gives credentials: bounded in time, announced when slow, ended as a whole."""

import asyncio
import contextlib
import math
import os
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from vcli import invocation
from vcli.errors import TimedOutError

LONGEST = 60.0
"""Seconds for a program that can't ask a person. One that has a terminal may wait for a person."""
ANNOUNCED_AFTER = 2.0
_GRACE = 1.0


async def run(
    command: Sequence[str], *, environ: Mapping[str, str], interactive: bool, title: str
) -> tuple[int, bytes]:
    """Run it to its end; its stderr is ours, it is how it talks to people.

    Args:
        command: the program and its arguments.
        environ: all of its environment.
        interactive: it may read from our stdin.
        title: names it in messages.

    Returns:
        Exit code and what it wrote to stdout.

    Raises:
        OSError: it can't be run.
        TimedOutError: it did not end in time: it and its children were ended.
    """
    asked = math.inf if interactive else LONGEST
    limit = invocation.within(asked)
    with _private_file() as output:
        # Not in a process group of its own: it could not ask for a password on /dev/tty then.
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=None if interactive else asyncio.subprocess.DEVNULL,
            stdout=output,
            env=environ,
        )
        try:
            async with asyncio.timeout(None if math.isinf(limit) else limit):
                await _announced(process, title)
        except BaseException as error:
            await _end(process)
            if isinstance(error, TimeoutError):
                raise TimedOutError(
                    f"{title}, did not end {invocation.spoken(limit, asked)}, so it was stopped",
                    hint=f"run it by hand to see what it waits for: {_shown(command)}",
                ) from error
            raise
        output.seek(0)
        return process.returncode or 0, output.read()


async def _announced(process: asyncio.subprocess.Process, title: str) -> None:
    """Wait for its end, and say so when that takes long."""
    ended = asyncio.ensure_future(process.wait())
    try:
        done, _ = await asyncio.wait({ended}, timeout=ANNOUNCED_AFTER)
        if not done:
            invocation.notify(f"waiting for {title}")
            await ended
    finally:
        ended.cancel()


def _shown(command: Sequence[str]) -> str:
    import shlex  # noqa: PLC0415 - rarely needed

    return shlex.join(command)


@contextlib.contextmanager
def _private_file() -> Iterator[IO[bytes]]:
    """For what it prints: not a pipe, which would be held open by a process that it leaves behind."""
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create("credentials", os.MFD_CLOEXEC), "w+b") as file:
            yield file
    else:
        with tempfile.TemporaryFile() as file:
            yield file


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it and its descendants: kindly, and after a second not."""
    if process.returncode is not None:
        return
    with contextlib.ExitStack() as stack:
        members = [stack.enter_context(_Member(pid)) for pid in _family(process.pid)]
        for member in members:
            member.send(signal.SIGTERM)
        try:
            await _ended(process)
        finally:
            for member in members:
                member.send(signal.SIGKILL)
            await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for its end, for a second at most: a read from a dead disk keeps even one that was killed."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            await process.wait()


class _Member:
    """A process that is meant, and not another one that got its number."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(AttributeError, OSError):
            self._descriptor = os.pidfd_open(self._pid)
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def send(self, signum: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            if self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, signum)
            elif sys.platform != "linux":
                os.kill(self._pid, signum)


def _family(pid: int) -> list[int]:
    """A process and its descendants, as far as the system lists them in /proc."""
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int(stat.read_text("ascii", "replace").rpartition(")")[2].split()[1])
            children[parent].append(int(stat.parent.name))
    family = [pid]
    for member in family:  # grows meanwhile
        family += children[member]
    return family
