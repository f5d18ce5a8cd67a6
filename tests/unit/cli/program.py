"""The program as a user starts it, but forked from this process: many runs cost one import.

A run has its own descriptors, environment, folder and process group, and all that it breaks ends with it.
"""

import contextlib
import importlib
import io
import os
import pkgutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOSED, FULL, UNREAD = "closed", "full", "unread"
"""What may be wrong with a standard stream: it is closed, its disk is full, its reader has ended."""

_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Done:
    """How it ended."""

    code: int
    out: str
    err: str


def load_everything() -> None:
    """Import what commands import when they run, and the library, once for all runs."""
    import vcli  # noqa: PLC0415

    for package in (
        "cli",
        "commands",
        "console",
        "sdk",
        "operations",
        "config",
        "controlplane",
        "kubeconfig",
        "host",
        "sdk",
    ):
        for module in pkgutil.walk_packages([str(Path(vcli.__file__).parent / package)], f"vcli.{package}."):
            importlib.import_module(module.name)


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: Path,
    stdin: str | bytes = b"",
    stdout: str = "",
    stderr: str = "",
    encoding: str = "utf-8",
    prepare: Callable[[], None] = lambda: None,
) -> Done:
    """Run ``vcli ARGV``.

    Args:
        argv: after the program's name.
        env: the environment; nothing else is in it.
        folder: the working directory.
        stdin: what is read, or `CLOSED`.
        stdout: `CLOSED`, `FULL`, `UNREAD`, or else it is captured.
        stderr: likewise.
        encoding: of the three.
        prepare: called in the new process, to replace what a test must not do.
    """
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        if isinstance(stdin, bytes):
            files[0].write(stdin)
            files[0].seek(0)
        kinds = [stdin if stdin == CLOSED else "", stdout, stderr]

        def work() -> int:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(env)
            for descriptor, (kind, file) in enumerate(zip(kinds, files, strict=True)):
                _open(descriptor, str(kind), file.fileno())
            for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
                setattr(sys, name, _stream(descriptor, str(kinds[descriptor]), encoding))
            prepare()
            sys.argv = ["vcli", *argv]
            from vcli.__main__ import main  # noqa: PLC0415

            return _flush(main())

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads about
            pid = os.fork()
        if pid == 0:
            _end_with(work)
        _, status = os.waitpid(pid, 0)
        out, err = (file.seek(0) or file.read().decode("utf-8", "surrogateescape") for file in files[1:])
        return Done(code=os.waitstatus_to_exitcode(status), out=out, err=err)


def _end_with(work: Callable[[], int]) -> None:
    """Do the work and end this process, as the interpreter would."""
    code = 1
    try:
        for signum in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, signal.SIG_DFL)
        signal.alarm(_SECONDS)
        code = work()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001
        with contextlib.suppress(OSError):
            os.write(2, traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(code)


def _open(descriptor: int, kind: str, file: int) -> None:
    if kind == CLOSED:
        os.close(descriptor)
    elif kind == FULL:
        os.dup2(os.open("/dev/full", os.O_RDWR), descriptor)
    elif kind == UNREAD:
        read, write = os.pipe()
        os.close(read)
        os.dup2(write, descriptor)
    else:
        os.dup2(file, descriptor)


def _stream(descriptor: int, kind: str, encoding: str) -> io.TextIOWrapper | None:
    if kind == CLOSED:
        return None  # as the interpreter has it
    errors = "backslashreplace" if descriptor == 2 else "strict"
    return open(descriptor, "w" if descriptor else "r", encoding=encoding, errors=errors, closefd=False)


def _flush(code: int) -> int:
    """As the interpreter does at its end: what can't be written then makes its exit code 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            return 120
    return code


def below(words: tuple[str, ...], built: Any) -> dict[tuple[str, ...], Any]:
    """A command by all its names, or, if it is a group, the commands of it."""
    groups = getattr(built, "commands", None)
    if not groups:
        return {words: built}
    return {k: v for name, each in groups.items() for k, v in below((*words, name), each).items()}
