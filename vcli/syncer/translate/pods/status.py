"""Pod status: host to virtual, and readiness gates the other way."""

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


def virtual_status(host: Object, virtual: Object, *, scope: Scope) -> Object:
    """The status that the virtual pod shall have, complete (for a replace of the status subresource)."""
    raise NotImplementedError


def host_conditions(virtual: Object) -> list[Object]:
    """The readiness-gate conditions of a virtual pod, which its own controllers set and the host must know."""
    raise NotImplementedError


def host_status_patch(host: Object, virtual: Object) -> Object | None:
    """The strategic merge patch for the host pod's ``status`` subresource that brings ``host_conditions``, or None."""
    raise NotImplementedError
