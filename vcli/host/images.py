"""The images that the host offers without any registry, under their public names."""

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vcli.host import python_image
from vcli.host.binaries import Binaries
from vcli.host.oci import Image, write_archive
from vcli.host.versions import BUSYBOX_IMAGES, COREDNS_IMAGE, ETCD_IMAGE, PAUSE_IMAGE

CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
"""What a virtual cluster runs of Kubernetes."""
_LOCAL = "/usr/local/bin"
# Part of every archive's key: change it when what is packed changes though no program did.
_RECIPE = "2"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An image that the host has.

    Attributes:
        key: changes with what goes in.
        image: makes the description; called only when needed.
    """

    name: str
    key: str
    image: Callable[[], Image]


def offers(binaries: Binaries, busybox: Path) -> list[Offer]:
    """All images of the host."""

    def single(name: str, reference: str, path: str, **more: bool) -> Offer:
        return of_program(name, reference, path, binaries[Path(path).name], **more)

    return [
        single("pause", PAUSE_IMAGE, "/pause"),
        single("coredns", COREDNS_IMAGE, "/coredns", certificates=True),
        *of_kubernetes(binaries, (*CONTROL_PLANE, "kube-proxy")),
        single("etcd", ETCD_IMAGE, f"{_LOCAL}/etcd", entrypoint=False),
        Offer(
            name="busybox",
            key=key_of(*BUSYBOX_IMAGES, busybox),
            image=lambda: busybox_image(busybox, BUSYBOX_IMAGES),
        ),
        Offer(
            name="python",
            key=key_of(python_image.reference(), python_image.fingerprint(), busybox),
            image=lambda: python_image.image(busybox),
        ),
    ]


def of_kubernetes(binaries: Binaries, programs: Sequence[str]) -> list[Offer]:
    """Images of programs of Kubernetes, with its version as their tag."""
    version = binaries.version["kubernetes"]
    return [of_program(x, f"registry.k8s.io/{x}:{version}", f"{_LOCAL}/{x}", binaries[x]) for x in programs]


def of_program(
    name: str, reference: str, path: str, source: Path, *, entrypoint: bool = True, certificates: bool = False
) -> Offer:
    """An image of one program.

    Args:
        name: of the offer.
        reference: full name of the image.
        path: of the program in it.
        source: the program, on this machine.
        entrypoint: whether the image starts it.
        certificates: whether it has those of public CAs, where the machine has them.
    """
    public = {str(CERTIFICATES): CERTIFICATES} if certificates and CERTIFICATES.is_file() else {}
    image = Image(names=[reference], files={path: source, **public}, entrypoint=[path] if entrypoint else [])
    return Offer(name=name, key=key_of(reference, path, source), image=lambda: image)


def archive(offer: Offer, cache: Path, say: Callable[[str], None]) -> Path:
    """The image as an archive in the cache, packed if it is not there yet."""
    path = cache / "host" / f"image-{offer.key}" / f"{offer.name}.tar"
    if not path.is_file():
        say(f"packing {offer.name}")
        write_archive(offer.image(), path)
    os.utime(path.parent)  # in use: see `binaries.prune`
    return path


def busybox_image(busybox: Path, names: tuple[str, ...]) -> Image:
    """Busybox with a link for each applet, as the upstream image has them."""
    return Image(
        names=names,
        files={"/bin/busybox": busybox, **python_image.accounts()},
        links=python_image.applets(busybox),
        command=["sh"],
    )


def find_busybox() -> Path | None:
    """A statically linked busybox of this machine."""
    found = shutil.which("busybox")
    return Path(found) if found else None


def key_of(*parts: object) -> str:
    """Of names, and of files by path, size and time: reading 600 MB at each start is too slow."""
    sha = hashlib.sha256(_RECIPE.encode())
    for part in parts:
        sha.update(f"\0{part}".encode())
        if isinstance(part, Path):
            about = part.stat()
            sha.update(f" {about.st_size} {about.st_mtime_ns}".encode())
    return sha.hexdigest()[:12]
