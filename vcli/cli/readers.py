"""Rules for files that options name: what can be seen of them before anything else is done."""

import os
from pathlib import Path

from vcli import inputs
from vcli.errors import NotFoundError, UsageError


def file_to_read(text: str, what: str = "the file") -> Path:
    """The path of a file that exists.

    Raises:
        NotFoundError: there is none.
        UsageError: it is a folder, or no path.
    """
    path = file_to_write(text, what)
    if not path.exists():
        raise NotFoundError(f"{what} {inputs.shown(text)}: there is no such file")
    return path


def file_to_make(text: str, what: str = "the file") -> Path:
    """The path of a file, there or not, in a folder that exists.

    Raises:
        UsageError: it is a folder, or no path, or its folder does not exist.
    """
    path = file_to_write(text, what)
    if not path.parent.is_dir():
        raise UsageError(f"{what} {inputs.shown(text)}: there is no folder {inputs.shown(path.parent)}")
    return path


def kubeconfig(text: str, what: str = "the kubeconfig") -> str:
    """What ``--kubeconfig`` names: a file, or several as ``KUBECONFIG`` would hold them.

    Raises:
        UsageError: it is a folder, or no path.
    """
    inputs.not_empty(text, what)
    if os.pathsep not in text:
        file_to_write(text, what)
    return text


def file_to_write(text: str, what: str = "the file") -> Path:
    """The path of a file, there or not.

    Raises:
        UsageError: it is a folder, or no path.
    """
    path = Path(inputs.not_empty(text, what))
    try:
        folder = path.is_dir()
        path.stat()
    except FileNotFoundError:
        return path
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{what} {inputs.shown(text)}: {reason}") from error
    if folder:
        raise UsageError(f"{what} {inputs.shown(text)} is a folder, not a file")
    return path
