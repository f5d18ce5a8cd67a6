"""What the virtual cluster has to hold: what its tenant wrote last, whatever the syncer did meanwhile."""

from dataclasses import dataclass, field
from typing import Any

from compare import Key, Snapshot, lacking

Object = dict[str, Any]

_NOT_OURS = {
    "Pod": ("nodeName",),
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort", "ports"),
    "PersistentVolumeClaim": ("volumeName",),
}
"""Fields of a spec that the tenant leaves to the cluster; ports are compared without their node ports."""


@dataclass(slots=True)
class Intent:
    """What the tenant wants.

    Attributes:
        objects: as they were written last; None where it doesn't matter whether the object is there.
        namespaces: all that the tenant ever made.
        ending: those of them that have been deleted, with all that comes into them before they end.
    """

    objects: dict[Key, Object | None] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    ending: set[str] = field(default_factory=set)

    def written(self, obj: Object) -> None:
        """The API server has taken this."""
        if obj["metadata"]["namespace"] not in self.ending:
            self.objects[Key.of(obj)] = obj

    def gone(self, key: Key) -> None:
        """It has been deleted, or will be when it has ended."""
        self.objects.pop(key, None)

    def either(self, key: Key) -> None:
        """Nobody can say any more."""
        self.objects[key] = None

    def namespace_gone(self, namespace: str) -> None:
        """Everything in it has been deleted."""
        self.ending.add(namespace)
        for key in [key for key in self.objects if key.namespace == namespace]:
            del self.objects[key]

    def broken(self, virtual: Snapshot) -> list[str]:
        """What the virtual cluster lacks or has too much."""
        found = []
        for key, wanted in self.objects.items():
            if wanted is None:
                continue
            there = virtual.get(key)
            if there is None:
                found.append(f"virtual {key} is gone, and nobody deleted it")
            elif key.kind == "Pod" and there["metadata"]["uid"] != wanted["metadata"]["uid"]:
                found.append(f"virtual {key} is another pod, and nobody deleted the first")
            else:
                found += [
                    f"virtual {key} is not as written: {each}" for each in lacking(_content(wanted), there)
                ]
        for key in virtual:
            if key.namespace in self.namespaces and key not in self.objects:
                found.append(f"virtual {key} is there, and was deleted or never made")
        return found


def _content(obj: Object) -> Object:
    """What the tenant wrote of it."""
    metadata, kind = obj["metadata"], obj["kind"]
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if "kubernetes.io/" not in k}
    content: Object = {"metadata": {"labels": metadata.get("labels") or {}, "annotations": annotations}}
    if "spec" in obj:
        spec = {key: value for key, value in obj["spec"].items() if key not in _NOT_OURS.get(kind, ())}
        if kind == "Service" and obj["spec"].get("ports"):
            ports = obj["spec"]["ports"]
            spec["ports"] = [{k: v for k, v in port.items() if k != "nodePort"} for port in ports]
        content["spec"] = spec
    for name in ("data", "binaryData", "immutable", "type", "endpoints", "ports", "addressType"):
        if obj.get(name) is not None:
            content[name] = obj[name]
    return content
