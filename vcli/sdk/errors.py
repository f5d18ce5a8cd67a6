"""Errors that only the library raises. All of them are `VcliError`, as everything that it raises is."""

import subprocess
from collections.abc import Sequence
from typing import Any

from vcli.errors import TimedOutError, VcliError


class NotOpenError(VcliError):
    """The virtual cluster was closed."""

    code = "NotOpen"


class CommandError(VcliError, subprocess.CalledProcessError):
    """A program ended with another exit code than 0.

    It is a `subprocess.CalledProcessError` too: ``returncode``, ``cmd``, ``stdout``, ``stderr``.
    """

    code = "CommandFailed"

    def __init__(self, command: Sequence[str], returncode: int, stdout: str, stderr: str) -> None:
        subprocess.CalledProcessError.__init__(self, returncode, list(command), stdout, stderr)
        self.message = f"{command[0]} ended with exit code {returncode}"
        self.hint = None
        self.add_note(str(stderr or "").strip())

    def __str__(self) -> str:
        return self.message


class CommandTimedOutError(TimedOutError, subprocess.TimeoutExpired):
    """A program was still running after its timeout, and was killed.

    It is a `subprocess.TimeoutExpired` too: ``cmd``, ``timeout``, ``stdout``, ``stderr``.
    """

    code = "CommandTimedOut"

    def __init__(self, command: Sequence[str], timeout: float, stdout: Any, stderr: Any) -> None:
        subprocess.TimeoutExpired.__init__(self, list(command), timeout, stdout, stderr)
        self.message = f"{command[0]} had not ended after {timeout:g} seconds"
        self.hint = None

    def __str__(self) -> str:
        return self.message
