"""Standard input, output and error as they may be: closed, full, without a reader, or of another encoding."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO, cast

from vcli.errors import VcliError

# Opened the wrong way round, /dev/null fails as a closed descriptor does: reading and writing give EBADF.
_STANDARD: Final = (("stdin", "r", os.O_WRONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_RDONLY))


class OutputError(VcliError):
    """Standard output can't be written."""

    code = "Output"


def open_closed() -> None:
    """Take the place of standard streams that this process was started without.

    Otherwise the next file or connection would get their descriptors, and what is printed, or what a child
    prints, would end up in there.
    """
    for descriptor, (name, mode, flags) in enumerate(_STANDARD):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, flags)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)
        os.set_inheritable(descriptor, True)
        setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def output_error(error: Exception) -> OutputError:
    """What to say of a failure to write to standard output."""
    reason = getattr(error, "strerror", None) or str(error)
    full = getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    hint = "make room there, or write to another place" if full else "redirect it to a file or a program"
    return OutputError(f"can't write to standard output: {reason}", hint=hint)


def encodable(text: str, stream: TextIO) -> str:
    """The text with escapes for what the stream's encoding lacks: no message may end as a traceback."""
    if text.isascii():
        return text
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def is_unicode(stream: TextIO) -> bool:
    """Whether the stream takes every character."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("_", "-").startswith("utf")


def let_go() -> OSError | None:
    """Write out what is buffered, and give up what can't be written; the interpreter would exit with 120.

    Returns:
        Why standard output could not be written; None when it was.
    """
    failure = None
    for stream in (sys.stderr, sys.stdout):
        try:
            stream.flush()
        except ValueError:  # closed
            continue
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if stream is sys.stdout:
                failure = error
    return failure


class _Stream:
    """A text stream that writes what its encoding lacks as escapes, and is that stream in all else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Tolerant(_Stream):
    """A stream for what is said to people: that it can't be written is no reason to stop working."""

    def write(self, text: str) -> int:
        """Write it, as far as possible."""
        try:
            return self._stream.write(encodable(text, self._stream))
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        """Write what is buffered, as far as possible."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            return


class Strict(_Stream):
    """A stream for data."""

    def write(self, text: str) -> int:
        """Write it.

        Raises:
            BrokenPipeError: its reader has ended.
            OutputError: it can't be written.
        """
        with _failures():
            return self._stream.write(encodable(text, self._stream))

    def flush(self) -> None:
        """Write what is buffered.

        Raises:
            BrokenPipeError: its reader has ended.
            OutputError: it can't be written.
        """
        with _failures():
            self._stream.flush()


@contextmanager
def strict_stdout() -> Iterator[None]:
    """Let each write to standard output that fails raise an error that says so, in libraries too."""
    before = sys.stdout
    sys.stdout = cast("TextIO", Strict(before))
    try:
        yield
    finally:
        sys.stdout = before


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise output_error(error) from error
