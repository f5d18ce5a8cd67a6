"""A program in a terminal of its own, whose window can be resized."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from typing import Self


class Terminal:
    """Run a program on a pseudo terminal; type into it, wait for what it shows."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str], rows: int = 24, columns: int = 80
    ) -> None:
        self.shown = ""
        # The size stands before the program starts: it may ask at once.
        self._master, slave = pty.openpty()
        self.resize(rows, columns)
        self._pid = os.fork()
        if self._pid == 0:
            _login(self._master, slave)
            os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 - what a terminal is for
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._master)

    def resize(self, rows: int, columns: int) -> None:
        """As a window manager does: the kernel tells the program by SIGWINCH."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str, *, timeout: float = 120) -> str:
        """Read until it shows `text`, after what has been waited for before; give what came before it."""
        until = time.monotonic() + timeout
        while text not in self.shown:
            left = until - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"{text!r} is not shown: {self.shown!r}")
        before, _, self.shown = self.shown.partition(text)
        return before

    def exit_code(self, *, timeout: float = 60) -> int:
        """Wait for its end."""
        until = time.monotonic() + timeout
        while self._read(max(0.0, until - time.monotonic())):
            pass
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # nobody has the other end open any more
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


def _login(master: int, slave: int) -> None:
    os.close(master)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in range(3):
        os.dup2(slave, descriptor)
    os.close(slave)
