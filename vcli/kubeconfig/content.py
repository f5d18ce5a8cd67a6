"""The bytes of a kubeconfig: of a file, or of a pipe as a shell's ``<(...)`` makes it; never without end."""

import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

_MOST: Final = 16 * 1024 * 1024
_FIRST_BYTE: Final = 5.0  # seconds
_CHUNK: Final = 65536


def content(path: Path) -> bytes:
    """The whole content of a file.

    Raises:
        OSError: it can't be read, a pipe stays empty, or it is no kubeconfig by its size.
    """
    # A pipe that no process has opened for writing would be waited for without end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            chunks = [_first(descriptor)]
            os.set_blocking(descriptor, True)
        else:
            os.set_blocking(descriptor, True)
            chunks = []
        size = sum(map(len, chunks))
        while chunk := os.read(descriptor, _CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > _MOST:
                raise OSError(errno.EFBIG, f"it is larger than {_MOST >> 20} MiB")
        return b"".join(chunks)
    finally:
        os.close(descriptor)


def _first(descriptor: int) -> bytes:
    """What comes first out of a pipe, once a process writes into it."""
    until = time.monotonic() + _FIRST_BYTE
    while (left := until - time.monotonic()) > 0:
        select.select([descriptor], [], [], left)
        try:
            if chunk := os.read(descriptor, _CHUNK):
                return chunk
        except BlockingIOError:
            continue
        time.sleep(0.02)  # no process has opened it for writing
    raise OSError(errno.ETIMEDOUT, "it is a pipe, and nothing was written into it for 5 seconds")
