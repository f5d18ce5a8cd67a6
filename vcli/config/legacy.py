"""Keys of 2023's values, and deprecated ones, taken to where they stand now, each with a warning."""

from typing import Any

from vcli.config.document import Document, dotted

Names = tuple[str, ...]

MOVED: dict[Names, Names] = {
    ("vcluster", "image"): ("controlPlane", "distro", "k8s", "apiServer", "image"),
    ("api", "image"): ("controlPlane", "distro", "k8s", "apiServer", "image"),
    ("api", "extraArgs"): ("controlPlane", "distro", "k8s", "apiServer", "extraArgs"),
    ("controller", "image"): ("controlPlane", "distro", "k8s", "controllerManager", "image"),
    ("controller", "extraArgs"): ("controlPlane", "distro", "k8s", "controllerManager", "extraArgs"),
    ("etcd", "image"): ("controlPlane", "backingStore", "etcd", "embedded", "image"),
    ("etcd", "extraArgs"): ("controlPlane", "backingStore", "etcd", "embedded", "extraArgs"),
    ("etcd", "resources"): ("controlPlane", "backingStore", "etcd", "embedded", "resources"),
    ("etcd", "replicas"): ("controlPlane", "statefulSet", "highAvailability", "replicas"),
    ("syncer", "image"): ("controlPlane", "statefulSet", "image"),
    ("syncer", "resources"): ("controlPlane", "statefulSet", "resources"),
    ("syncer", "replicas"): ("controlPlane", "statefulSet", "highAvailability", "replicas"),
    ("storage", "persistence"): (
        "controlPlane",
        "statefulSet",
        "persistence",
        "volumeClaim",
        "enabled",
    ),
    ("storage", "size"): ("controlPlane", "statefulSet", "persistence", "volumeClaim", "size"),
    ("storage", "className"): ("controlPlane", "statefulSet", "persistence", "volumeClaim", "storageClass"),
    ("coredns", "enabled"): ("controlPlane", "coredns", "enabled"),
    ("coredns", "image"): ("controlPlane", "coredns", "deployment", "image"),
    ("coredns", "replicas"): ("controlPlane", "coredns", "deployment", "replicas"),
    ("mapServices", "fromVirtual"): ("networking", "replicateServices", "toHost"),
    ("mapServices", "fromHost"): ("networking", "replicateServices", "fromHost"),
    ("fallbackHostDns",): ("networking", "advanced", "fallbackHostCluster"),
    ("sync", "ingresses"): ("sync", "toHost", "ingresses"),
    ("sync", "networkpolicies"): ("sync", "toHost", "networkPolicies"),
    ("sync", "persistentvolumes"): ("sync", "toHost", "persistentVolumes"),
    ("sync", "poddisruptionbudgets"): ("sync", "toHost", "podDisruptionBudgets"),
    ("sync", "volumesnapshots"): ("sync", "toHost", "volumeSnapshots"),
    ("defaultImageRegistry",): ("controlPlane", "advanced", "defaultImageRegistry"),
    ("controlPlane", "advanced", "virtualScheduler", "enabled"): (
        "controlPlane",
        "distro",
        "k8s",
        "scheduler",
        "enabled",
    ),
}


def modernise(document: Document) -> tuple[str, ...]:
    """Move the old keys of a document, in place; a new key that is there as well wins.

    Returns:
        A warning for each key that was moved.
    """
    warnings = []
    for old, new in MOVED.items():
        parent = _find(document.data, old[:-1])
        if parent is None or old[-1] not in parent:
            continue
        value, place = parent.pop(old[-1]), document.place(old)
        target = _made(document.data, new[:-1])
        if target is not None and new[-1] not in target:
            target[new[-1]] = value
            document.places[new] = place
        warnings.append(f"{place}: {dotted(old)} is now {dotted(new)}")
        _drop_empty(document.data, old[:-1])
    return tuple(warnings)


def _find(data: dict[str, Any], keys: Names) -> dict[str, Any] | None:
    found: Any = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _made(data: dict[str, Any], keys: Names) -> dict[str, Any] | None:
    """The mapping at a path, made where it is missing; None if something else stands in the way."""
    found: Any = data
    for key in keys:
        if not isinstance(found, dict):
            return None
        found = found.setdefault(key, {})
    return found if isinstance(found, dict) else None


def _drop_empty(data: dict[str, Any], keys: Names) -> None:
    if keys and _find(data, keys) == {}:
        parent = _find(data, keys[:-1])
        if parent is not None:
            del parent[keys[-1]]
