"""Someone at a keyboard, for programs that want a terminal."""

import os
import pty
import select
import time
from pathlib import Path

from polling import eventually

READ = ("0", "63")  # the number of this system call, on the two architectures


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    return _stat(pid)[:1] not in ([], ["Z"])


class Keyboard:
    """A program that leads a session with a controlling terminal, as a login shell does."""

    def __init__(self, argv: list[str], env: dict[str, str]) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, env)  # noqa: S606
        self.seen = ""

    def expect(self, text: str, seconds: float = 120.0) -> None:
        """Read until this text has come; what came with it counts as read."""
        until = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self._fd], [], [], max(until - time.monotonic(), 0))
            assert ready, f"{text!r} did not come: {self.seen!r}"
            self.seen += os.read(self._fd, 65536).decode()
        self.seen = self.seen.partition(text)[2]

    def type(self, text: str) -> None:
        """Type this."""
        os.write(self._fd, text.encode())

    def running(self, program: str) -> None:
        """Wait until a program has the terminal: a key that signals means that one and not its parent."""
        eventually(lambda: _proc(os.tcgetpgrp(self._fd), "comm").strip() == program)

    def reading(self) -> None:
        """Wait until a program waits for what is typed: a signal before that may be kept for later."""
        eventually(self._is_read)

    def finish(self) -> int:
        """Read what else it shows, until its end; the exit code."""
        try:
            while data := os.read(self._fd, 65536):
                self.seen += data.decode(errors="replace")
        except OSError:  # no process has the other end open any more
            return self.wait()
        return self.wait()

    def wait(self) -> int:
        """The exit code."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status)

    def _is_read(self) -> bool:
        group = str(os.tcgetpgrp(self._fd))
        pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
        members = [pid for pid in pids if _stat(pid)[2:3] == [group]]
        calls = [_proc(pid, "syscall").split() for pid in members]
        return any(call[:2] in [[number, "0x0"] for number in READ] for call in calls)


def _stat(pid: int) -> list[str]:
    """State, parent, process group and so on."""
    return _proc(pid, "stat").rpartition(")")[2].split()


def _proc(pid: int, file: str) -> str:
    """A file about a process; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return ""
