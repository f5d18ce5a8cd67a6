"""The image of kine, by which virtual clusters keep their objects in a database; it runs in their pods."""

from vcli.host.addons.addon import Addon, Programs
from vcli.host.images import Offer, of_program
from vcli.host.products import Product
from vcli.host.versions import KINE

_MODULE = "github.com/k3s-io/kine"
_IMAGE = f"docker.io/rancher/kine:{KINE}"
_NAME = "kine"


def _images(program: Programs) -> list[Offer]:
    return [of_program(_NAME, _IMAGE, "/bin/kine", program[_NAME], certificates=True)]


KINE_IMAGE = Addon(
    name=_NAME,
    summary="virtual clusters keep their objects in SQLite, MySQL or PostgreSQL (kine)",
    products=[
        Product(
            name=_NAME,
            version=KINE,
            packages={_NAME: _MODULE},
            stamps={f"{_MODULE}/pkg/version.Version": KINE},
            overlaid={_NAME: _MODULE},
        )
    ],
    images=_images,
)
