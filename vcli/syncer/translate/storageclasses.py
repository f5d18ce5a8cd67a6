"""StorageClasses: those of the host as tenants see them, and those of tenants for the host.

Claims name a host's class as on the host. What names Secrets or namespaces of the host is left out of the
parameters, in both directions: a provisioner would read any Secret of the host that a tenant names.
"""

from collections.abc import Iterable
from typing import Final

from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.mirrors import differ, mirrored, picked
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

_DEFAULT: Final = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_IMMUTABLE: Final = ("provisioner", "reclaimPolicy", "volumeBindingMode")
_COPIED: Final = (*_IMMUTABLE, "allowVolumeExpansion", "allowedTopologies", "mountOptions")
_OF_THE_HOST: Final = ("secret", "namespace")


def to_virtual(storage_class: Object) -> Object:
    """The complete virtual StorageClass for one of the host's."""
    return mirrored(storage_class, "storage.k8s.io/v1", "StorageClass", fields(storage_class), noted=_DEFAULT)


def to_host(storage_class: Object, *, scope: Scope) -> Object:
    """The complete host StorageClass for a tenant's own; never the host's default."""
    metadata = host_metadata(storage_class, kind="StorageClass", scope=scope)
    kept = {key: value for key, value in metadata["annotations"].items() if key not in _DEFAULT}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {**metadata, "annotations": kept},
        **fields(storage_class),
    }


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a StorageClass can't become the desired one, as the API takes no such change."""
    return differ(current, desired, (*_IMMUTABLE, "parameters"))


def left_out(storage_class: Object) -> list[str]:
    """The parameters that the other cluster does not get."""
    return [key for key in storage_class.get("parameters") or () if _is_of_the_host(key)]


def fields(storage_class: Object) -> Object:
    """What the other cluster gets of a StorageClass, but for its metadata."""
    parameters = storage_class.get("parameters") or {}
    kept = {key: value for key, value in parameters.items() if not _is_of_the_host(key)}
    return {**picked(storage_class, _COPIED), **({"parameters": kept} if kept else {})}


def _is_of_the_host(parameter: str) -> bool:
    return any(word in parameter.casefold() for word in _OF_THE_HOST)


def sentence(parameters: Iterable[str]) -> str:
    """What is said of parameters that were left out."""
    return (
        f"parameters {', '.join(parameters)}: left out on the host, as they name Secrets or namespaces there"
    )
