"""The programs of the host in the cache: what is missing is fetched from the first source that has it."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from vcli.errors import VcliError
from vcli.host.products import PRODUCTS, Product

Say = Callable[[str], None]
KEEP_FOR = 14 * 24 * 3600.0


class SourceUnavailableError(Exception):
    """This source does not have it, now or at all; another one may."""


class Source(Protocol):
    """Where programs come from."""

    def fetch(self, product: Product, missing: Sequence[str], into: Path, say: Say) -> None:
        """Put the programs named into the folder, each complete before it has its name.

        Args:
            product: what they belong to.
            missing: names of programs.
            into: an existing folder on the file system of the cache.
            say: takes a line of progress, again and again.

        Raises:
            SourceUnavailableError: another source should be asked.
            VcliError: no other source could help.
        """


class Binaries(Mapping[str, Path]):
    """Where each program is, or will be."""

    def __init__(self, cache: Path, products: Iterable[Product] = PRODUCTS) -> None:
        known = list(products)
        self._folder = {program: product.bin_dir(cache) for product in known for program in product.packages}
        self.version = {product.name: product.version for product in known}
        """Of each product, by name."""

    def __getitem__(self, program: str) -> Path:
        return self._folder[program] / program

    def __iter__(self) -> Iterator[str]:
        return iter(self._folder)

    def __len__(self) -> int:
        return len(self._folder)

    def missing(self) -> list[str]:
        """Which are not there yet."""
        return [x for x in self._folder if not self[x].is_file()]

    def folders(self) -> list[str]:
        """For PATH."""
        return list(dict.fromkeys(str(x) for x in self._folder.values()))


def ensure(
    cache: Path, sources: Sequence[Source], say: Say, *, products: Sequence[Product] = PRODUCTS
) -> Binaries:
    """Have all programs in the cache; returns at once when they are.

    One process at a time; what an interrupted one has finished is kept.

    Raises:
        VcliError: a source failed, or none has what is missing.
    """
    binaries = Binaries(cache, products)
    if not binaries.missing():
        return binaries
    with locked(cache / "host", say):
        total = len(binaries)
        for product in products:
            into = product.bin_dir(cache)
            missing = [x for x in product.packages if not (into / x).is_file()]
            if missing:
                into.mkdir(parents=True, exist_ok=True)

                def counted(text: str) -> None:
                    say(f"[{total - len(binaries.missing()) + 1}/{total}] {text}")

                _from_first(product, missing, into, sources, counted)
    return binaries


def _from_first(
    product: Product, missing: Sequence[str], into: Path, sources: Sequence[Source], say: Say
) -> None:
    refused = []
    for source in sources:
        try:
            return source.fetch(product, missing, into, say)
        except SourceUnavailableError as error:
            refused.append(str(error))
    raise VcliError(
        f"{', '.join(missing)} can't be obtained: {'; '.join(refused) or 'no source'}",
        hint="VCLI_HOST_SOURCE=go builds them from their sources",
    )


def mark_used(folders: Iterable[Path]) -> None:
    """Note that these folders of the cache are in use; see `prune`."""
    for folder in folders:
        os.utime(folder)


def prune(cache: Path, *, now: float | None = None) -> None:
    """Remove what no host has used for two weeks: programs and images of other versions of vcli.

    Not at once: two versions that are used in turn would build for minutes each time.
    """
    oldest = (now or time.time()) - KEEP_FOR
    for folder in (cache / "host").glob("*-*"):
        if folder.is_dir() and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def tenths(done: int, total: int) -> int:
    """How far in per cent, in steps of ten: progress may go to a log, a line for each change."""
    return done * 10 // total * 10


@contextmanager
def locked(folder: Path, say: Say) -> Iterator[None]:
    """Only one process at a time works in this folder of the cache."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another vcli that fills the cache")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def publish(partial: Path, final: Path) -> None:
    """Give a finished program its name, in one step and only once it is on disk."""
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    partial.chmod(0o755)
    partial.replace(final)
