"""RuntimeClasses of the host as tenants see them.

The virtual cluster's admission writes overhead and scheduling into pods as the host's does. The host's own
decides: pods go there without the overhead, and get it again.
"""

from typing import Final

from vcli.syncer.translate.mirrors import differ, mirrored, picked
from vcli.syncer.translate.objects import Object

_COPIED: Final = ("handler", "overhead", "scheduling")


def to_virtual(runtime_class: Object) -> Object:
    """The complete virtual RuntimeClass for one of the host's."""
    return mirrored(runtime_class, "node.k8s.io/v1", "RuntimeClass", picked(runtime_class, _COPIED))


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a virtual RuntimeClass can't become the desired one, as the API takes no such change."""
    return differ(current, desired, ("handler",))
