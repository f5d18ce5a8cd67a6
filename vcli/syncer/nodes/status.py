"""The status of a Node of ours, where others may write into it as well."""

import platform
from collections.abc import Mapping
from typing import Any, Final

from vcli.kube.types import Object

# Since which host version a node can be relied on to have a feature that the virtual API server asks Nodes
# for (KEP-5328): it rejects updates of pods that need what their Node does not declare. WebSocket only says
# that an exec may come to us as it is, which spares a translation to SPDY and back; the host's API takes it
# since 1.31.
_FEATURES: Final = {
    "ExtendWebSocketsToKubelet": (1, 31),
    "InPlacePodLevelResourcesVerticalScaling": (1, 36),
    "InPlacePodVerticalScalingInitContainers": (1, 36),
    "RestartAllContainersOnContainerExits": (1, 36),
}


def declared_features(host_version: tuple[int, int] | None) -> list[str]:
    """Give `status.declaredFeatures` for nodes of a host: sorted, as the API wants them; none if unknown."""
    if host_version is None:
        return []
    return sorted(feature for feature, since in _FEATURES.items() if host_version >= since)


def architecture() -> str:
    """The architecture of the node that we run on, as Go names it; the others are taken to be of the same."""
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def kubelet_port(node: Mapping[str, Any]) -> int | None:
    """The port that a Node's kubelet listens on, by the Node's status."""
    endpoints = node.get("status", {}).get("daemonEndpoints") or {}
    port = (endpoints.get("kubeletEndpoint") or {}).get("Port")
    return int(port) if port else None


def refreshed_status(current: Mapping[str, Any], fresh: Mapping[str, Any]) -> Object:
    """Give a merge patch for the status: what is fresh, and of the conditions also those that others set.

    A condition whose status stayed the same keeps the time when it changed last.
    """
    known = {condition["type"]: condition for condition in current.get("conditions") or ()}
    ours = [_since(condition, known.get(condition["type"])) for condition in fresh.get("conditions") or ()]
    types = {condition["type"] for condition in ours}
    others = [condition for kind, condition in known.items() if kind not in types]
    return {**fresh, "conditions": [*ours, *others]}


def _since(condition: Object, before: Object | None) -> Object:
    if before is None or before.get("status") != condition.get("status"):
        return condition
    since = before.get("lastTransitionTime")
    return {**condition, "lastTransitionTime": since} if since else condition
