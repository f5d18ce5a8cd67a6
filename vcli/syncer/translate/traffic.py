"""``trafficDistribution`` of Services on hosts that would reject a Service for one of its newer values."""

from typing import Final

from vcli.syncer.translate.objects import Object, without

_FIELD: Final = "trafficDistribution"
SINCE: Final = (1, 34)
"""The version of Kubernetes that knows the newer values."""
_OLDER: Final = {"PreferSameZone": "PreferClose", "PreferSameNode": None}
"""The newer values, each with an older one that means the same."""


def for_host(service: Object, *, newer: bool) -> Object:
    """A host Service with a value that the host takes, or without.

    Args:
        service: for the host.
        newer: whether the host is known to be of version `SINCE` or later.
    """
    wanted = service["spec"].get(_FIELD)
    if newer or wanted not in _OLDER:
        return service
    spec, older = without(service["spec"], _FIELD), _OLDER[wanted]
    return {**service, "spec": {**spec, _FIELD: older} if older else spec}


def without_effect(service: Object, *, newer: bool) -> list[str]:
    """A sentence where a virtual Service's value has none."""
    wanted = service["spec"].get(_FIELD)
    if newer or wanted not in _OLDER or _OLDER[wanted]:
        return []
    return [f"spec.{_FIELD}: the host's version of Kubernetes does not know {wanted}"]
