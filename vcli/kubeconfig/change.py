"""The one way that kubeconfig files change: lock, read, compute, write what differs, unlock."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from vcli.kube.types import Object
from vcli.kubeconfig.edit import render
from vcli.kubeconfig.lock import TIMEOUT, locked
from vcli.kubeconfig.merge import merge
from vcli.kubeconfig.model import Entry, View
from vcli.kubeconfig.paths import Sources
from vcli.kubeconfig.read import File, KubeconfigError, load
from vcli.kubeconfig.remove import Removal, remove
from vcli.kubeconfig.write import write

T = TypeVar("T")
Warn = Callable[[str], None]


def add(sources: Sources, entry: Entry, *, make_current: bool, warn: Warn) -> Path:
    """Add a virtual cluster to the user's kubeconfig.

    Args:
        sources: the files.
        entry: what to add.
        make_current: whether its context becomes the current one.
        warn: called with words about leftover locks and of rights that were taken away.

    Returns:
        The file that has its cluster.

    Raises:
        ConflictError: an entry of that name is not ours; nothing was written.
        KubeconfigError: a file can't be read or written.
        TimedOutError: another process holds the lock.
    """
    with locked(sources.files, warn=warn) as writable:
        files = _load(sources)
        after = merge(_data(files), entry, default=sources.default, make_current=make_current)
        _write(files, after, writable, warn=warn)
    located = View(after).get("clusters", entry.name)
    return located.file if located else sources.default


def check(sources: Sources) -> None:
    """See that the user's kubeconfig can be changed, before there is something to put in it.

    Raises:
        KubeconfigError: a file can't be read or written.
        TimedOutError: another process holds the lock.
    """
    with locked(sources.files) as writable:
        _load(sources)
        if sources.default not in writable:
            raise _unwritable(sources.default)


def drop(sources: Sources, choose: Callable[[Mapping[Path, Object]], list[str]], *, warn: Warn) -> Removal:
    """Remove virtual clusters from the user's kubeconfig.

    Args:
        sources: the files.
        choose: given the content, names the contexts to remove.
        warn: called with words about leftover locks.

    Raises:
        KubeconfigError: a file can't be read or written.
        TimedOutError: another process holds the lock.
    """
    with locked(sources.files, warn=warn) as writable:
        files = _load(sources)
        data = _data(files)
        removal = remove(data, choose(data))
        _write(files, removal.files, writable, private=False, warn=warn)
    return removal


def update(
    sources: Sources,
    compute: Callable[[Mapping[Path, Object]], Mapping[Path, Object]],
    *,
    warn: Warn,
    timeout: float = TIMEOUT,
) -> None:
    """Change the user's kubeconfig in a way of the caller's own.

    Args:
        sources: the files.
        compute: given path → content, returns path → content; pure.
        warn: called with words about leftover locks and of rights that were taken away.
        timeout: seconds to wait for the lock.

    Raises:
        KubeconfigError: a file can't be read or written.
        TimedOutError: another process holds the lock.
    """
    with locked(sources.files, timeout=timeout, warn=warn) as writable:
        files = _load(sources)
        _write(files, compute(_data(files)), writable, warn=warn)


def _load(sources: Sources) -> dict[Path, File]:
    # --kubeconfig may name a file that is yet to be made.
    return load(Sources(sources.files))


def _data(files: Mapping[Path, File]) -> dict[Path, Object]:
    return {path: file.data for path, file in files.items()}


def _write(
    files: Mapping[Path, File],
    after: Mapping[Path, Object],
    writable: frozenset[Path],
    *,
    private: bool = True,
    warn: Warn,
) -> None:
    for path, data in after.items():
        file = files.get(path, File(path, "", {}))
        if data == file.data:
            continue
        if path not in writable:
            raise _unwritable(path)
        if write(path, render(file.text, file.data, data), private=private):
            warn(f"{path} now holds a key, so it was made readable for you only (mode 0600)")


def _unwritable(path: Path) -> KubeconfigError:
    return KubeconfigError(
        f"can't write kubeconfig {path}: no file can be made in {path.parent}",
        hint="is the folder writable? Otherwise set KUBECONFIG to a file in another folder, or write"
        " ./kubeconfig.yaml with --no-update-current",
    )
