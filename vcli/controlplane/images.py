"""Which images a control plane runs."""

from vcli.config.image import Image
from vcli.config.schema import Values
from vcli.controlplane.bundle import Bundle


def place(image: Image, values: Values) -> Image:
    """The image in the mirror that the values name, if they do."""
    mirror = values.control_plane.advanced.default_image_registry.rstrip("/")
    return Image(registry=mirror, repository=image.repository, tag=image.tag) if mirror else image


def syncer_image(values: Values, bundle: Bundle | None) -> Image:
    """The image of the syncer's container: the one that was named, or Python itself for the bundle."""
    if bundle is None:
        return values.control_plane.stateful_set.image
    return Image(registry="docker.io", repository="library/python", tag=f"{bundle.python}-slim")
