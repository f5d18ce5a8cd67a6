"""Operations that put images into an embedded host, which has no registry."""

import tempfile
from pathlib import Path

from vcli.host import further, images, loading
from vcli.host.binaries import Binaries
from vcli.host.instance import DEFAULT_NAME, Instance, cache_dir
from vcli.host.oci import write_archive
from vcli.host.products import kubernetes as kubernetes_product
from vcli.host.versions import release
from vcli.operations.host import command, existing, need_root
from vcli.operations.host_programs import get
from vcli.operations.steps import NoSteps, Steps


def load_image(archive: Path, *, name: str = DEFAULT_NAME, steps: Steps | None = None) -> list[str]:
    """Import an OCI or Docker archive into all nodes of a host that run; returns the images' names.

    Raises:
        NotFoundError: the host is not up, or there is no such file.
        VcliError: it is no archive of images.
    """
    need_root("load-image")
    again = command(f"load-image {archive}", name)
    return _load(existing(name), archive, archive.name, again, steps or NoSteps())


def load_kubernetes(version: str, *, name: str = DEFAULT_NAME, steps: Steps | None = None) -> list[str]:
    """Build, pack and import what virtual clusters of another version than the host's run; returns the names.

    Args:
        version: as `host.versions.release` takes it.
        name: of the host.
        steps: shows what happens.

    Raises:
        UsageError: there is no such version.
        NotAllowedError: not root.
        NotFoundError: the host is not up.
        VcliError: see `host.binaries`.
    """
    wanted = release(version)
    need_root("load-image")
    instance = existing(name)
    steps = steps or NoSteps()
    binaries = get([kubernetes_product(wanted)], f"the programs of Kubernetes {wanted}", steps)
    again = command(f"load-image --kubernetes {wanted.removeprefix('v')}", name)
    loaded = []
    # Not kept: it is packed in a second, and takes as much space as the programs.
    with tempfile.TemporaryDirectory(prefix="vcli-images-") as folder:
        for offer in images.of_kubernetes(binaries, images.CONTROL_PLANE):
            archive = Path(folder, f"{offer.name}.tar")
            write_archive(offer.image(), archive)
            loaded += _load(instance, archive, f"{offer.name} {wanted}", again, steps)
            archive.unlink()
    return loaded


def _load(instance: Instance, archive: Path, what: str, again: str, steps: Steps) -> list[str]:
    loaded = []
    for each in further.nodes_of(instance):
        if each.pid is None:
            steps.warn(f"{each.node} is stopped and does not get the images: start it, then {again}")
            continue
        with steps.step(f"Import {what} into {each.node}"):
            loaded = loading.load(each.node, archive, Binaries(cache_dir()))
    return loaded
