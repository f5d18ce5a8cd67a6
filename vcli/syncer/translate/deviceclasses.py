"""DeviceClasses of the host as tenants see them: what they select, not how the host configures devices."""

from typing import Final

from vcli.syncer.translate.mirrors import mirrored, picked
from vcli.syncer.translate.objects import Object

_COPIED: Final = ("extendedResourceName", "selectors")


def to_virtual(device_class: Object) -> Object:
    """The complete virtual DeviceClass for one of the host's."""
    spec = picked(device_class["spec"], _COPIED)
    return mirrored(device_class, "resource.k8s.io/v1", "DeviceClass", {"spec": spec})
