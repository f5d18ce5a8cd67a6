"""The syncer as one block: the very `vcli` that runs here, and what it imports, as bytecode.

It travels in ConfigMaps, compressed as a whole; it is run by the Python of the same minor version, whose
bytecode it holds, by `vcli.bootstrap.boot`, which travels beside it.

Two limits: `kubectl apply` puts a copy of each object into an annotation, and 256 KiB are the most for those;
Helm keeps a chart's files and the rendered objects in one Secret of a mebibyte.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_dir

from vcli.controlplane import bytecode
from vcli.errors import VcliError

LARGEST = 340 * 1024
PART = 160 * 1024
"""Bytes in one ConfigMap: as base64 in JSON they stay below 256 KiB."""
_FORMAT = b"6"  # enters the hash; raised when the same sources would be packed differently

# What the syncer may import besides the standard library (import-linter keeps it so), whole.
_OWN = (
    "__init__.py",
    "_version.py",
    "errors.py",
    "invocation.py",
    "catalog",
    "contract",
    "kube",
    "bootstrap",
    "syncer",
)
_DEPENDENCIES = ("h11", "wsproto")
_MOST_KEPT = 5


@dataclass(frozen=True, slots=True)
class Bundle:
    """A packed syncer.

    Attributes:
        digest: ten hex digits that change with the content.
        data: its code, compressed by xz.
        python: the minor version that can run it, ``3.11``.
    """

    digest: str
    data: bytes
    python: str

    @property
    def parts(self) -> list[bytes]:
        """The data in pieces that fit into a ConfigMap each."""
        return [self.data[start : start + PART] for start in range(0, len(self.data), PART)]


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    """Its path, ``h11/_events.py``."""
    data: bytes


def load(*, cache: Path | None = None) -> Bundle:
    """The bundle of the running code, from the cache if it was packed before.

    Args:
        cache: folder of packed bundles; the user's own by default. One that can't be written is no error.

    Raises:
        VcliError: a package's sources are not there, it became too large, or this Python can't compress it.
    """
    sources = sorted(_sources(), key=lambda source: source.name)
    digest = _digest(sources)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = cache or Path(user_cache_dir("vcli")) / "bundles"
    path = folder / f"{digest}.code.xz"
    try:
        return Bundle(digest, path.read_bytes(), python)
    except OSError:
        data = pack(sources)
    _keep(path, data)
    return Bundle(digest, data, python)


def pack(sources: list[_Source]) -> bytes:
    """Compile and compress; equal sources give equal bytes.

    Raises:
        VcliError: it is larger than what can be applied, or this Python can't compress it.
    """
    try:
        import lzma  # noqa: PLC0415  some builds of Python lack it
    except ImportError as error:
        raise VcliError(
            "this Python has no module lzma, by which the syncer's code is compressed",
            hint="use another build of Python, or an image that has the syncer: --syncer-image",
        ) from error
    modules = {source.name: bytecode.compiled(source.data, source.name) for source in sources}
    data = lzma.compress(bytecode.dump(modules), preset=9)
    if len(data) > LARGEST:
        raise VcliError(f"the syncer's bundle has {len(data)} bytes, {LARGEST} are the most")
    return data


def boot_script() -> str:
    """The source of `vcli.bootstrap.boot`."""
    return (Path(__file__).parent.parent / "bootstrap" / "boot.py").read_text(encoding="utf-8")


def _sources() -> Iterator[_Source]:
    package = Path(__file__).parent.parent
    for part in _OWN:
        yield from _below(package / part, package.parent)
    for name in _DEPENDENCIES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise VcliError(f"the package {name} is not installed", hint="reinstall vcli")
        folder = Path(spec.origin).parent
        yield from _below(folder, folder.parent)


def _below(path: Path, root: Path) -> Iterator[_Source]:
    files = [path] if path.is_file() else path.rglob("*.py")
    found = False
    for file in files:
        if "tests" not in file.relative_to(root).parts:
            found = True
            yield _Source(file.relative_to(root).as_posix(), file.read_bytes())
    if not found:
        raise VcliError(f"no Python sources in {path}", hint="reinstall vcli from its wheel")


def _digest(sources: list[_Source]) -> str:
    digest = hashlib.sha256(_FORMAT + importlib.util.MAGIC_NUMBER)
    for source in sources:
        digest.update(f"{source.name}\0{len(source.data)}\0".encode())
        digest.update(source.data)
    return digest.hexdigest()[:10]


def _keep(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, path)  # noqa: PTH105  atomic: another create may be reading
        packed = sorted(path.parent.glob("*.xz"), key=lambda other: other.stat().st_mtime)
        for old in packed[:-_MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return
