"""Whether somebody on the host will answer the Ingress of a control plane."""

from typing import Final

from vcli.config.schema import Values
from vcli.invocation import kubectl
from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.resources import INGRESSCLASSES
from vcli.kube.types import annotations
from vcli.operations.remedies import Problem

_DEFAULT: Final = "ingressclass.kubernetes.io/is-default-class"
_OF_BEFORE: Final = "kubernetes.io/ingress.class"


async def check_ingress(client: Client, values: Values) -> list[Problem]:
    """Why the Ingress of the values would be answered by nobody; nothing where classes can't be seen."""
    chosen = values.control_plane.ingress
    if not chosen.enabled or _OF_BEFORE in chosen.annotations:
        return []
    try:
        classes = (await client.list(INGRESSCLASSES))["items"]
    except ApiError:
        return []
    found = {each["metadata"]["name"] for each in classes}
    wanted = chosen.spec.get("ingressClassName")
    shown = f"{kubectl('get', 'ingressclass')} lists the host's classes"
    if not found:
        text = "an Ingress is asked for, and the host has no IngressClass: no controller would answer it"
        return [
            Problem(text, "install an ingress controller that passes TLS through; or use another --expose")
        ]
    if wanted and wanted not in found:
        return [Problem(f"there is no IngressClass {wanted!r}", shown)]
    if not wanted and not any(annotations(each).get(_DEFAULT) == "true" for each in classes):
        text = "an Ingress is asked for without a class, and the host has no default IngressClass"
        return [Problem(text, f"set controlPlane.ingress.spec.ingressClassName; {shown}")]
    return []
