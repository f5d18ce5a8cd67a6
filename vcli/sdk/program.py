"""Running a program against a virtual cluster, as `subprocess.run` does, but so that it can be ended."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from vcli.sdk.errors import CommandError, CommandTimedOutError


class Program:
    """One run of a program; its output is captured as text unless the options say otherwise.

    Args:
        command: the program and its arguments.
        environ: its environment.
        options: of `subprocess.run`, without ``check``.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], options: Mapping[str, Any]
    ) -> None:
        settings: dict[str, Any] = {"text": True, "env": environ, **options}
        self._command = command
        self._input = settings.pop("input", None)
        self._timeout = settings.pop("timeout", None)
        if settings.pop("capture_output", not settings.keys() & {"stdout", "stderr"}):
            settings |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        if self._input is not None:
            settings["stdin"] = subprocess.PIPE
        self._settings = settings
        self._process: subprocess.Popen[Any] | None = None
        self._killed = False

    def run(self, *, check: bool) -> "subprocess.CompletedProcess[str]":
        """Run it to its end.

        Raises:
            CommandError: ``check`` is set, and its exit code is not 0.
            CommandTimedOutError: it took longer than ``timeout``; it was killed.
            CommandNotFoundError: there is no such program.
            NotRunnableError: it can't be run.
        """
        try:
            process = subprocess.Popen(self._command, **self._settings)
        except OSError as error:
            if error.filename != os.fspath(self._command[0]):  # the folder to run it in
                raise
            from vcli.operations.child import not_runnable  # noqa: PLC0415

            raise not_runnable(self._command[0], error) from error
        with process:
            self._process = process
            if self._killed:
                process.kill()
            try:
                stdout, stderr = process.communicate(self._input, timeout=self._timeout)
            except subprocess.TimeoutExpired as error:
                process.kill()
                stdout, stderr = process.communicate()
                raise CommandTimedOutError(self._command, error.timeout, stdout, stderr) from error
            except BaseException:
                process.kill()
                raise
        if check and process.returncode:
            raise CommandError(self._command, process.returncode, stdout, stderr)
        return subprocess.CompletedProcess(self._command, process.returncode, stdout, stderr)

    def kill(self) -> None:
        """End it, from another thread; if it does not run yet, as soon as it does."""
        self._killed = True
        if self._process is not None:
            self._process.kill()
