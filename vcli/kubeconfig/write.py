"""Putting a kubeconfig on disk: all of it or nothing, for its owner's eyes only."""

import contextlib
import errno
import os
import re
import stat
import tempfile
from pathlib import Path
from typing import Final

from vcli.kubeconfig.read import KubeconfigError

PRIVATE: Final = 0o600
_NO_NEW_FILE: Final = {errno.EACCES, errno.EPERM, errno.EBUSY, errno.EROFS, errno.EXDEV}


def write(path: Path, text: str, *, private: bool = True) -> bool:
    """Replace the file's content atomically; make the file (0600), and its folder (0700), if there is none.

    The caller holds the lock (`vcli.kubeconfig.lock`), so a partial file beside it belongs to a writer that
    was killed, and is removed. A symlink stays and its target is replaced. The owner stays, also under sudo.
    The mode of a file stays, unless ``private`` and others may read it: what is written then holds a key.

    Args:
        path: the file.
        text: its new content.
        private: take other people's rights on the file away.

    Returns:
        whether rights were taken away.

    Raises:
        KubeconfigError: it can't be written; the old content is still there.
    """
    target = Path(os.path.realpath(path))
    try:
        _make_folder(target.parent)
        before = _stat(target)
        mode = stat.S_IMODE(before.st_mode) if before else PRIVATE
        tightened = private and mode & 0o077 != 0
        if tightened:
            mode &= ~0o077
        if before and not stat.S_ISREG(before.st_mode):
            raise KubeconfigError(f"can't write kubeconfig {path}: it is not a regular file")
        _remove_leftovers(target)
        try:
            _replace(target, text, mode=mode, before=before)
        except OSError as error:
            if error.errno not in _NO_NEW_FILE or before is None:
                raise
            # A file mounted into a container, or in a folder of somebody else's.
            _overwrite(target, text, mode=mode)
    except OSError as error:
        kept = "" if _stat(target) is None else "; it is as it was"
        raise KubeconfigError(
            f"can't write kubeconfig {path}: {error.strerror}{kept}",
            hint="choose another file with --kube-config, or leave it alone with --print",
        ) from error
    return tightened


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _keep_owner(folder, folder.parent.stat())


def _keep_owner(path: Path | int, like: os.stat_result) -> None:
    """Under sudo, what we make in a user's home is the user's."""
    if os.geteuid() == 0 and (like.st_uid, like.st_gid) != (0, 0):
        with contextlib.suppress(OSError):
            os.chown(path, like.st_uid, like.st_gid)


def _remove_leftovers(target: Path) -> None:
    """Partial files of writers that were killed; they may hold keys."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[a-z0-9_]{{8}}\.tmp")  # as mkstemp names them
    with contextlib.suppress(OSError):
        for path in target.parent.iterdir():
            if pattern.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _replace(target: Path, text: str, *, mode: int, before: os.stat_result | None) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            _keep_owner(descriptor, before or target.parent.stat())
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # the rename, too, has to outlive a power cut; not all filesystems can
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _overwrite(target: Path, text: str, *, mode: int) -> None:
    """Write in place, after making sure that the disk has the room."""
    data = text.encode()
    descriptor = os.open(target, os.O_RDWR)
    try:
        size = os.fstat(descriptor).st_size
        if len(data) > size and hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(descriptor, size, len(data) - size)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, mode)
        os.pwrite(descriptor, data, 0)
        os.ftruncate(descriptor, len(data))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
