"""Which images a control plane runs."""

import re

from vcli.config.image import Image
from vcli.config.schema import Values
from vcli.controlplane.bundle import Bundle
from vcli.errors import UsageError


def place(image: Image, values: Values) -> Image:
    """The image in the mirror that the values name, if they do."""
    mirror = values.control_plane.advanced.default_image_registry.rstrip("/")
    return Image(registry=mirror, repository=image.repository, tag=image.tag) if mirror else image


def syncer_image(values: Values, bundle: Bundle | None) -> Image:
    """The image of the syncer's container: the one that was named, or Python itself for the bundle.

    Of that, the values may name registry and tag.

    Raises:
        UsageError: the tag names another Python.
    """
    if bundle is None:
        return values.control_plane.stateful_set.image
    chosen = values.control_plane.stateful_set.image
    tag = chosen.tag or f"{bundle.python}-slim"
    if not re.match(rf"sha256:|{re.escape(bundle.python)}(?![0-9])", tag):
        raise UsageError(
            f"controlPlane.statefulSet.image.tag: {tag} is no Python {bundle.python}, which runs the syncer",
            hint="leave the tag out; or name the repository too, of an image that has the syncer",
        )
    return Image(registry=chosen.registry or "docker.io", repository="library/python", tag=tag)
