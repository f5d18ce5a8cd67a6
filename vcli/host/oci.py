"""OCI image archives with one layer, not compressed.

See https://github.com/opencontainers/image-spec/blob/main/image-layout.md.
Deterministic: the same files give the same bytes, so an image that did not change keeps its digest.
"""

import hashlib
import io
import json
import os
import platform
import stat
import tarfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_CHUNK = 1 << 20
_FOLDERS = {
    "tmp": 0o1777,
    "etc": 0o755,
    "var": 0o755,
    "proc": 0o755,
    "sys": 0o755,
    "dev": 0o755,
    "run": 0o755,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What goes into an image.

    Attributes:
        names: full references that the archive carries, as ``registry.k8s.io/pause:3.10.1``.
        files: path in the image (absolute) to the file on this machine, or its content.
        links: path in the image to what the symbolic link says.
        setuid: those of the files that run as their owner, root.
    """

    names: Sequence[str]
    files: Mapping[str, Path | bytes] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    setuid: Collection[str] = ()
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    workdir: str = ""


def architecture() -> str:
    """This machine's architecture as Go and OCI name it."""
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def write_archive(image: Image, out: Path) -> str:
    """Write the image as an archive that ``ctr images import`` takes; returns the manifest's digest.

    The archive appears under its name only when complete.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    layer = out.with_name(f".{out.name}.{os.getpid()}.layer")
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with layer.open("wb") as file:
            digest, size = _write_layer(image, file)
        config = _dump(_config(image, digest))
        manifest = _dump(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "digest": _digest(config), "size": len(config)},
                "layers": [{"mediaType": LAYER, "digest": digest, "size": size}],
            }
        )
        with (
            partial.open("wb") as file,
            tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            _add(tar, "oci-layout", _dump({"imageLayoutVersion": "1.0.0"}))
            _add(tar, "index.json", _dump(_index(image, manifest)))
            _add(tar, _blob(_digest(config)), config)
            _add(tar, _blob(_digest(manifest)), manifest)
            with layer.open("rb") as content:
                tar.addfile(_entry(_blob(digest), size=size), content)
        partial.replace(out)
    finally:
        layer.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
    return _digest(manifest)


def tree(root: Path, at: str, *, skip: Iterable[str] = ()) -> tuple[dict[str, Path | bytes], dict[str, str]]:
    """All files and links below a folder as they would lie below `at` in an image.

    Args:
        root: the folder.
        at: absolute path in the image.
        skip: paths relative to `root`, folders or files, and names (without a slash) to leave out anywhere.
    """
    skipped = frozenset(skip)
    files: dict[str, Path | bytes] = {}
    links: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        relative = here.relative_to(root)
        folders[:] = [x for x in folders if x not in skipped and str(relative / x) not in skipped]
        for name in (*names, *(x for x in folders if (here / x).is_symlink())):
            path = here / name
            if name in skipped or str(relative / name) in skipped:
                continue
            inside = f"{at}/{relative / name}"
            if path.is_symlink():
                links[inside] = str(path.readlink())
            elif path.is_file():
                files[inside] = path
    return files, links


class _Hashing:
    """A write-only file that also takes the digest of what goes through."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sha = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._sha.update(data)
        self.size += len(data)
        return self._file.write(data)

    @property
    def digest(self) -> str:
        return "sha256:" + self._sha.hexdigest()


def _write_layer(image: Image, file: IO[bytes]) -> tuple[str, int]:
    hashing = _Hashing(file)
    with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_CHUNK) as tar:  # type: ignore[call-overload]
        entries = {path.lstrip("/"): path for path in (*image.files, *image.links)}
        folders = {str(parent) for path in entries for parent in Path(path).parents} - {"."}
        linked = {path.lstrip("/") for path in image.links}
        for name in sorted((folders | _FOLDERS.keys()) - linked):
            tar.addfile(_entry(name, mode=_FOLDERS.get(name, 0o755), kind=tarfile.DIRTYPE))
        for name, path in sorted(entries.items()):
            if (target := image.links.get(path)) is not None:
                tar.addfile(_entry(name, mode=0o777, kind=tarfile.SYMTYPE, link=target))
                continue
            source = image.files[path]
            if isinstance(source, bytes):
                tar.addfile(_entry(name, size=len(source)), io.BytesIO(source))
                continue
            with source.open("rb") as content:
                about = os.fstat(content.fileno())
                mode = 0o755 if about.st_mode & stat.S_IXUSR else 0o644
                mode |= stat.S_ISUID if path in image.setuid else 0
                tar.addfile(_entry(name, size=about.st_size, mode=mode), content)
    return hashing.digest, hashing.size


def _entry(
    name: str, *, size: int = 0, mode: int = 0o644, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.type, entry.linkname = size, mode, kind, link
    return entry


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, size=len(content)), io.BytesIO(content))


def _config(image: Image, layer: str) -> dict[str, Any]:
    run: dict[str, Any] = {"Env": [f"{k}={v}" for k, v in {"PATH": PATH, **image.env}.items()]}
    if image.entrypoint:
        run["Entrypoint"] = list(image.entrypoint)
    if image.command:
        run["Cmd"] = list(image.command)
    if image.user:
        run["User"] = image.user
    if image.workdir:
        run["WorkingDir"] = image.workdir
    return {
        "architecture": architecture(),
        "os": "linux",
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [layer]},
    }


def _index(image: Image, manifest: bytes) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [
            {
                "mediaType": MANIFEST,
                "digest": _digest(manifest),
                "size": len(manifest),
                "platform": {"architecture": architecture(), "os": "linux"},
                "annotations": {
                    "io.containerd.image.name": name,
                    "org.opencontainers.image.ref.name": name.rpartition(":")[2],
                },
            }
            for name in image.names
        ],
    }


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
