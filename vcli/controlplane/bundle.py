"""The syncer as one zip: the very `vcli` that runs here, and what it imports, as bytecode.

It travels in a ConfigMap, so it has to stay below a mebibyte; it is run by the Python of the same minor
version, whose bytecode it holds, from ``PYTHONPATH=vcli.zip``.
"""

import hashlib
import importlib.util
import io
import marshal
import os
import struct
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_dir

from vcli.errors import VcliError

LARGEST = 900 * 1024
_FORMAT = b"1"  # enters the hash; raised when the same sources would be packed differently

# What the syncer may import besides the standard library (import-linter keeps it so), whole.
_OWN = ("__init__.py", "errors.py", "invocation.py", "kube", "syncer")
_DEPENDENCIES = ("h11", "wsproto")
_MOST_KEPT = 5
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first instant that a zip knows
_UNCHECKED_HASH = 0b01
# The last version without back references: those follow reference counts, and differ from run to run.
_MARSHAL = 2


@dataclass(frozen=True, slots=True)
class Bundle:
    """A packed syncer.

    Attributes:
        digest: ten hex digits that change with the content.
        data: the zip.
        python: the minor version that can run it, ``3.11``.
    """

    digest: str
    data: bytes
    python: str


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    """Path in the zip, ``h11/_events.py``."""
    data: bytes


def load(*, cache: Path | None = None) -> Bundle:
    """The bundle of the running code, from the cache if it was packed before.

    Args:
        cache: folder of packed bundles; the user's own by default. One that can't be written is no error.

    Raises:
        VcliError: a package's sources are not there, or the zip became too large.
    """
    sources = sorted(_sources(), key=lambda source: source.name)
    digest = _digest(sources)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = cache or Path(user_cache_dir("vcli")) / "bundles"
    path = folder / f"{digest}.zip"
    try:
        return Bundle(digest, path.read_bytes(), python)
    except OSError:
        data = pack(sources)
    _keep(path, data)
    return Bundle(digest, data, python)


def pack(sources: list[_Source]) -> bytes:
    """Compile and zip; equal sources give equal bytes.

    Raises:
        VcliError: the zip is larger than a ConfigMap can take.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for source in sources:
            info = zipfile.ZipInfo(source.name + "c", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, _compile(source))
    data = buffer.getvalue()
    if len(data) > LARGEST:
        raise VcliError(f"the syncer's bundle has {len(data)} bytes, a ConfigMap takes {LARGEST}")
    return data


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


def _compile(source: _Source) -> bytes:
    """A .pyc that is taken without looking for its source (PEP 552, unchecked hash)."""
    # optimize=2 drops docstrings, of which a third of the bytes would be; nothing of ours reads them.
    code = compile(source.data, source.name, "exec", dont_inherit=True, optimize=2)
    header = importlib.util.MAGIC_NUMBER + struct.pack("<L", _UNCHECKED_HASH)
    return header + importlib.util.source_hash(source.data) + marshal.dumps(code, _MARSHAL)


def _keep(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, path)  # noqa: PTH105  atomic: another create may be reading
        packed = sorted(path.parent.glob("*.zip"), key=lambda other: other.stat().st_mtime)
        for old in packed[:-_MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return
