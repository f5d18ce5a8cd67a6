"""Operations on the syncer's image."""

from dataclasses import dataclass
from pathlib import Path

from vcli._version import __version__
from vcli.errors import VcliError
from vcli.host import images, loading, syncer_image
from vcli.host.docker_config import credentials as login_of
from vcli.host.oci import write_archive
from vcli.host.reference import Reference
from vcli.host.registry import Credentials, Registry
from vcli.operations.steps import NoSteps, Steps

DEFAULT_NAME = f"vcli-syncer:{__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An image in an archive."""

    name: str
    archive: Path
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """An image in a registry."""

    name: str
    digest: str


def build(*, name: str = DEFAULT_NAME, archive: Path, steps: Steps | None = None) -> Built:
    """Make the syncer's image from the running interpreter: no Docker, no registry, no network.

    Args:
        name: of the image, as Docker reads it.
        archive: the OCI archive to write.
        steps: is informed of progress.

    Raises:
        UsageError: not a name of an image.
        VcliError: a package is missing, or the archive can't be written.
    """
    reference = Reference.parse(name)
    with (steps or NoSteps()).step(f"Build {reference}") as step:
        step.detail("compiling modules")
        image = syncer_image.image(str(reference), images.find_busybox())
        step.detail("writing the archive")
        try:
            digest = write_archive(image, archive)
        except OSError as error:
            raise VcliError(f"{archive} can not be written: {error.strerror}") from error
    return Built(name=str(reference), archive=archive, digest=digest, size=archive.stat().st_size)


def push(
    archive: Path,
    *,
    name: str | None = None,
    login: Credentials | None = None,
    plain_http: bool = False,
    steps: Steps | None = None,
) -> Pushed:
    """Upload an archive's image to a registry.

    Args:
        archive: of `build`.
        name: where to; the name in the archive when not given.
        login: the user's from ``docker login`` when not given.
        plain_http: speak without TLS.
        steps: is informed of progress.

    Raises:
        NotAllowedError: the registry wants other credentials.
        UnreachableError: it does not answer.
        VcliError: the archive is not usable, or the registry refused it.
    """
    reference = Reference.parse(name or _name_in(archive))
    registry = Registry(reference, login or login_of(reference.registry), plain_http=plain_http)
    with (steps or NoSteps()).step(f"Push {reference}") as step:
        digest = registry.push(archive, reference.tag, step.detail)
    return Pushed(name=str(reference), digest=digest)


def _name_in(archive: Path) -> str:
    names = loading.names_of(archive)
    if not names:
        raise VcliError(f"the image in {archive} has no name", hint="say where to: --name REGISTRY/NAME:TAG")
    return names[0]
