"""A kubeconfig for one program, which nobody else can read and nothing leaves behind."""

import contextlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from vcli import yaml
from vcli.kube.types import Object
from vcli.processes import identity, machine


@contextlib.contextmanager
def private_kubeconfig(document: Object) -> Iterator[Path]:
    """A kubeconfig (0600) in a folder of its own (0700) that is gone afterwards.

    One that is left of a process that was killed is removed by the next.
    """
    prefix = f"vcli-{zlib.crc32(machine().encode()):08x}-"
    _remove_leftovers(Path(tempfile.gettempdir()), prefix)
    folder = tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-")
    try:
        path = Path(folder, "kubeconfig")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(yaml.dump(document))
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers(parent: Path, prefix: str) -> None:
    for folder in parent.glob(f"{prefix}*"):
        with contextlib.suppress(OSError, ValueError):
            owner = int(folder.name.removeprefix(prefix).partition("-")[0])
            if folder.stat().st_uid == os.geteuid() and identity(owner) is None:
                shutil.rmtree(folder, ignore_errors=True)
