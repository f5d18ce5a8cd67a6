"""Events about host objects, told about their virtual ones."""

from collections.abc import Mapping

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


def to_virtual(
    event: Object, involved: Object, *, scope: Scope, names: Mapping[str, str] | None = None
) -> Object:
    """The virtual Event for a host Event.

    Args:
        event: the host Event.
        involved: the virtual object it is about, with apiVersion and kind.
        scope: the virtual cluster.
        names: further host names that the message may hold, to virtual ones (``messages.pod_names``).
    """
    raise NotImplementedError
