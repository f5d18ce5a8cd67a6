"""CSIDrivers of the host as tenants see them."""

from typing import Final

from vcli.syncer.translate.mirrors import mirrored, picked
from vcli.syncer.translate.objects import Object

_COPIED: Final = (
    "attachRequired",
    "fsGroupPolicy",
    "podInfoOnMount",
    "requiresRepublish",
    "seLinuxMount",
    "storageCapacity",
    "volumeLifecycleModes",
)
"""Fields that Kubernetes 1.30 knows; the audiences of tokens are between the host and its driver."""


def to_virtual(driver: Object) -> Object:
    """The complete virtual CSIDriver for one of the host's."""
    spec = picked(driver.get("spec") or {}, _COPIED)
    return mirrored(driver, "storage.k8s.io/v1", "CSIDriver", {"spec": spec})


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a virtual CSIDriver is to be another object.

    That is with any change: which fields can't be changed is another question in each version of Kubernetes,
    and nobody depends on the object's identity.
    """
    before = current.get("spec") or {}
    return any(before.get(field) != value for field, value in desired["spec"].items())
