"""How the caches of the virtual cluster are indexed: who refers to what."""

from collections.abc import Iterable

from vcli.syncer.engine.context import Object
from vcli.syncer.sync.references import ConfigName
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import References, references

BY_REFERENCE = "reference"
"""Of pods: the ConfigMaps, Secrets, PersistentVolumeClaims and ResourceClaims that a living pod refers to."""
BY_NAMESPACE = "namespace"
BY_NODE = "node"
BY_VOLUME = "volume"
"""Of PersistentVolumeClaims: the volume that each is bound to, or asks for."""

_FINISHED = frozenset({"Succeeded", "Failed"})


_needed: dict[tuple[str, str], References] = {}
_MOST_NEEDED = 512


def needed_by(pod: Object) -> References:
    """What a virtual pod refers to: asked several times for each version of it, so the last ones are kept."""
    metadata = pod["metadata"]
    version = metadata["uid"], metadata["resourceVersion"]
    found = _needed.get(version)
    if found is None:
        if len(_needed) >= _MOST_NEEDED:
            _needed.clear()
        found = _needed[version] = references(pod)
    return found


def reference_index(kind: str, name: VirtualName) -> str:
    """The value under which the pods that refer to an object are filed in `BY_REFERENCE`."""
    return f"{kind}/{name.namespace}/{name.name}"


def config_names_of(pod: Object) -> list[ConfigName]:
    """The same as `configs_of`, with the namespace."""
    namespace = pod["metadata"]["namespace"]
    return [ConfigName(kind, VirtualName(namespace, name)) for kind, name in configs_of(pod)]


def configs_of(pod: Object) -> list[tuple[str, str]]:
    """Kind and name of each ConfigMap and Secret that a pod needs from now on: none once it has finished."""
    if is_finished(pod):
        return []
    needed = needed_by(pod)
    return [("ConfigMap", name) for name in needed.config_maps] + [
        ("Secret", name) for name in needed.secrets
    ]


def configs_changed(old: Object | None, new: Object | None) -> bool:
    """Whether `configs_of` may have changed with a pod: mostly it is seen that it has not without asking."""
    if old is None or new is None:
        return True
    return is_finished(old) != is_finished(new) or bool(old["spec"] != new["spec"])


def by_reference(pod: Object) -> Iterable[str]:
    """Indexer for `BY_REFERENCE`."""
    if is_finished(pod):
        return []
    namespace, needed = pod["metadata"]["namespace"], needed_by(pod)
    return [
        *(reference_index("ConfigMap", VirtualName(namespace, name)) for name in needed.config_maps),
        *(reference_index("Secret", VirtualName(namespace, name)) for name in needed.secrets),
        *(reference_index("PersistentVolumeClaim", VirtualName(namespace, name)) for name in needed.claims),
        *(reference_index("ResourceClaim", VirtualName(namespace, name)) for name in needed.resource_claims),
    ]


def by_namespace(obj: Object) -> Iterable[str]:
    """Indexer for `BY_NAMESPACE`."""
    return (obj["metadata"]["namespace"],)


def by_node(pod: Object) -> Iterable[str]:
    """Indexer for `BY_NODE`: the pods that are bound to it."""
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()


def by_volume(claim: Object) -> Iterable[str]:
    """Indexer for `BY_VOLUME`."""
    volume = claim["spec"].get("volumeName")
    return (volume,) if volume else ()


def is_finished(pod: Object) -> bool:
    """Whether a pod has run to its end and never runs again."""
    return (pod.get("status") or {}).get("phase") in _FINISHED


def is_daemon(pod: Object) -> bool:
    """Whether it is a DaemonSet's: such a pod is there because its node is, not the other way round."""
    owners = pod["metadata"].get("ownerReferences") or ()
    return any(owner.get("controller") and owner.get("kind") == "DaemonSet" for owner in owners)
