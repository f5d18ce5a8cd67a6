"""How the processes of one test run share a cluster: who is first, who is last."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Shared:
    """Counts the processes that use something.

    Args:
        path: a file that all of them can name; it is made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def enter(self) -> Iterator[bool]:
        """True for the first. The others wait until its block has ended; if it fails, the next is first."""
        with self._locked() as count:
            yield count == 0
            self._write(count + 1)

    @contextmanager
    def leave(self) -> Iterator[bool]:
        """True for the last."""
        with self._locked() as count:
            self._write(count - 1)
            yield count == 1

    @contextmanager
    def _locked(self) -> Iterator[int]:
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield int(self._path.read_text()) if self._path.exists() else 0

    def _write(self, count: int) -> None:
        self._path.write_text(str(count))
