"""StorageClasses of the host, as tenants see them.

Claims name them as on the host. What names Secrets or namespaces of the host is left out of the parameters.
"""

from typing import Final

from vcli.kube.types import annotations
from vcli.syncer.translate import keys
from vcli.syncer.translate.objects import Object

_DEFAULT: Final = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_IMMUTABLE: Final = ("provisioner", "reclaimPolicy", "volumeBindingMode")
_COPIED: Final = (*_IMMUTABLE, "allowVolumeExpansion", "allowedTopologies", "mountOptions")
_OF_THE_HOST: Final = ("secret", "namespace")


def to_virtual(storage_class: Object) -> Object:
    """The complete virtual StorageClass for one of the host's."""
    theirs = annotations(storage_class)
    parameters = {
        key: value
        for key, value in (storage_class.get("parameters") or {}).items()
        if not any(word in key.casefold() for word in _OF_THE_HOST)
    }
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": storage_class["metadata"]["name"],
            "labels": {keys.MIRROR: "true"},
            "annotations": {key: theirs[key] for key in _DEFAULT if key in theirs},
        },
        **{field: storage_class[field] for field in _COPIED if storage_class.get(field) is not None},
        **({"parameters": parameters} if parameters else {}),
    }


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a virtual StorageClass can't become the desired one, as the API takes no such change."""
    return any(
        (current.get(field) or None) != (desired.get(field) or None) for field in (*_IMMUTABLE, "parameters")
    )
