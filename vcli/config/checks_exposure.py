"""Values of how the API server is reached that don't go together; a part of `vcli.config.checks`."""

from vcli.config.document import Document
from vcli.config.parse import fail
from vcli.config.schema import Values

_INGRESS = ("controlPlane", "ingress")


def check_exposure(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    ingress = values.control_plane.ingress
    if ingress.enabled and not ingress.host:
        hint = "as in --set controlPlane.ingress.host=demo.example.com, a name that leads to the controller"
        raise fail(document, (*_INGRESS, "host"), "must be given for an Ingress", hint=hint)
    if "rules" in ingress.spec:
        raise fail(
            document,
            (*_INGRESS, "spec", "rules"),
            "the one rule is made from host and pathType",
            hint="set controlPlane.ingress.host",
        )
