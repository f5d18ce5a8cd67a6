"""``backingStore.etcd.deploy``, an etcd in pods of its own: here it runs in the control plane's pod."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.config.known.asking import asks
from vcli.config.known.facts import names_below

_AT: Final = ("controlPlane", "backingStore", "etcd", "deploy")
TO: Final = "controlPlane.backingStore.etcd.embedded"
_SET: Final = "controlPlane.statefulSet"
_TAKEN: Final = {
    "image": f"{TO}.image",
    "resources": f"{TO}.resources",
    "extraArgs": f"{TO}.extraArgs",
    "persistence.volumeClaim": f"{_SET}.persistence.volumeClaim",
    "highAvailability.replicas": f"{_SET}.highAvailability.replicas",
}


def of_deployed_etcd(value: Any) -> Mapping[str, Any]:
    """The values of the etcd in the control plane's pod, and of its volume.

    Raises:
        ValueError: it asks for something that a container of that pod can't have by itself.
    """
    if not isinstance(value, dict):
        raise ValueError("must be a mapping")  # noqa: TRY004  said as a mistake in the values
    if value.get("enabled") is not True:
        return {}
    found: dict[str, Any] = {}
    for name, each in value.items():
        if name == "statefulSet" and isinstance(each, dict):
            found |= _of_workload(each, "")
        elif name != "enabled" and asks((*_AT, name), each):
            raise ValueError(
                f"{name}: etcd runs in the control plane's pod, and has none of its own: leave it out"
            )
    return found


def _of_workload(section: Mapping[str, Any], above: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, each in section.items():
        path = f"{above}{key}"
        if not asks((*_AT, "statefulSet", *path.split(".")), each):
            continue
        if path == "persistence.volumeClaim" and isinstance(each, dict):
            found |= {f"{_TAKEN[path]}.{name}": below for name, below in each.items()}
        elif path in _TAKEN:
            found[_TAKEN[path]] = each
        elif isinstance(each, dict) and names_below((*_AT, "statefulSet", *path.split("."))):
            found |= _of_workload(each, f"{path}.")
        else:
            raise ValueError(
                f"statefulSet.{path}: etcd runs in the control plane's pod: {_SET} has what is for that pod"
            )
    return found
