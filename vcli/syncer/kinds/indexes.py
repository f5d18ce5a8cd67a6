"""How the caches of the virtual cluster are indexed: who refers to what."""

from collections.abc import Iterable

from vcli.syncer.engine.world import Object
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import references

BY_CONFIG = "config"
"""Of pods: the ConfigMaps and Secrets that a living pod refers to."""
BY_CLAIM = "claim"
"""Of pods: the PersistentVolumeClaims that a living pod refers to."""
BY_NAMESPACE = "namespace"
BY_NODE = "node"

_FINISHED = frozenset({"Succeeded", "Failed"})


def config_index(kind: str, name: VirtualName) -> str:
    """The value under which the pods that refer to a ConfigMap or Secret are filed."""
    return f"{kind}/{name.namespace}/{name.name}"


def configs_of(pod: Object) -> list[tuple[str, str]]:
    """Kind and name of each ConfigMap and Secret that a pod needs from now on: none once it has finished."""
    if is_finished(pod):
        return []
    needed = references(pod)
    return [("ConfigMap", name) for name in needed.config_maps] + [
        ("Secret", name) for name in needed.secrets
    ]


def by_config(pod: Object) -> Iterable[str]:
    """Indexer for `BY_CONFIG`."""
    namespace = pod["metadata"]["namespace"]
    return [config_index(kind, VirtualName(namespace, name)) for kind, name in configs_of(pod)]


def by_claim(pod: Object) -> Iterable[str]:
    """Indexer for `BY_CLAIM`; the values are `NAMESPACE/NAME`."""
    if is_finished(pod):
        return []
    return [f"{pod['metadata']['namespace']}/{name}" for name in references(pod).claims]


def by_namespace(obj: Object) -> Iterable[str]:
    """Indexer for `BY_NAMESPACE`."""
    return (obj["metadata"]["namespace"],)


def by_node(pod: Object) -> Iterable[str]:
    """Indexer for `BY_NODE`: the pods that are bound to it."""
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()


def is_finished(pod: Object) -> bool:
    """Whether a pod has run to its end and never runs again."""
    return (pod.get("status") or {}).get("phase") in _FINISHED
