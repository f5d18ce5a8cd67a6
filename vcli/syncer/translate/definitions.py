"""CustomResourceDefinitions of the host, as the virtual cluster gets them."""

from typing import Final

from vcli.syncer.translate.mirrors import mirrored, picked
from vcli.syncer.translate.objects import Object

_APPROVED: Final = "api-approved.kubernetes.io"
"""Annotation that an API server asks for in groups of Kubernetes' own."""


def is_served(host: Object) -> bool:
    """Whether a definition has a version that can be used."""
    return any(each["served"] for each in host["spec"]["versions"])


def to_virtual(host: Object) -> Object:
    """The complete virtual definition for one of the host's that `is_served`: the versions that are served.

    Where a webhook converts between them, which the virtual cluster can't ask, it has the one that is stored.
    """
    spec = host["spec"]
    served = [each for each in spec["versions"] if each["served"]]
    stored = next((each for each in served if each["storage"]), served[0])
    if (spec.get("conversion") or {}).get("strategy") == "Webhook":
        served = [stored]
    versions = [{**each, "storage": each is stored} for each in served]
    fields = {**picked(spec, ("group", "names", "scope")), "versions": versions}
    api_version, kind = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
    return mirrored(host, api_version, kind, {"spec": fields}, noted=(_APPROVED,))
