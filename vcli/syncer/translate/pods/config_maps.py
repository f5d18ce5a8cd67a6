"""ConfigMaps of a pod's own on the host, for what the host pod has no room for.

A kubelet gives each container the variables of all Services, and a volume the text of all labels and
annotations, and stores neither. Here the host pod holds them, and the host's API server limits what a pod may
hold: 1.5 MiB in all, for each container again, and 256 KiB of annotations. What takes much room is in
ConfigMaps instead, which the containers read by ``envFrom`` and the volumes by a projected source. They are
written before the host pod and deleted with it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from vcli.kube.types import annotations
from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import (
    POD_DOWNWARD,
    POD_ENVIRONMENT,
    host_metadata,
    host_name_for,
    virtual_name_of,
)
from vcli.syncer.translate.names import HostName, VirtualName
from vcli.syncer.translate.objects import Object, without
from vcli.syncer.translate.pods.context import PodContext
from vcli.syncer.translate.pods.downward import shown_texts
from vcli.syncer.translate.pods.links import api_variables, service_variables
from vcli.syncer.translate.scope import Scope

KINDS: Final = (POD_DOWNWARD, *POD_ENVIRONMENT)
"""All that a pod may have, by ``vcli.dev/kind``."""
_INLINE: Final = 64 * 1024
"""Bytes of variables, or of texts, that a host pod holds itself; a field manager's note doubles them."""
_PART: Final = 900_000
"""Bytes of one ConfigMap, by `_weight`; the API takes 1 MiB of values, etcd 1.5 MiB in all."""


def needed_config_maps(pod: Object, context: PodContext) -> list[str]:
    """Which of `KINDS` the host pod of a virtual pod is to be created with."""
    variables = service_variables(pod, context)
    found = [] if sum(map(len, shown_texts(pod).values())) <= _INLINE else [POD_DOWNWARD]
    containers = sum(len(pod["spec"].get(group) or ()) for group in ("initContainers", "containers"))
    if containers * sum(len(name) + len(value) for name, value in variables.items()) > _INLINE:
        found += POD_ENVIRONMENT[: len(_parts(variables))]
    return found


def inline_variables(
    variables: Mapping[str, str], kinds: Collection[str], context: PodContext
) -> Mapping[str, str]:
    """The variables that containers hold themselves: all, or those of the API server alone."""
    if not any(kind in POD_ENVIRONMENT for kind in kinds):
        return variables
    return {name: variables[name] for name in api_variables(context)}


def environment_maps(pod: Object, kinds: Iterable[str], scope: Scope) -> list[HostName]:
    """The ConfigMaps that its containers take variables of Services from."""
    return [_name(pod, kind, scope) for kind in kinds if kind in POD_ENVIRONMENT]


def downward_map(pod: Object, kinds: Collection[str], scope: Scope) -> HostName | None:
    """The ConfigMap that its volumes show labels and annotations from, if there is one."""
    return _name(pod, POD_DOWNWARD, scope) if POD_DOWNWARD in kinds else None


def config_map(pod: Object, kind: str, context: PodContext) -> Object:
    """The host ConfigMap of one of `KINDS`, as things are now."""
    if kind == POD_DOWNWARD:
        data = shown_texts(pod)
    else:
        parts, number = _parts(service_variables(pod, context)), POD_ENVIRONMENT.index(kind)
        data = parts[number] if number < len(parts) else {}
    bare = {**pod, "metadata": without(pod["metadata"], "annotations", "labels")}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": host_metadata(bare, kind=kind, scope=context.scope),
        "data": data,
    }


def with_config_map_kinds(host_pod: Object, kinds: Sequence[str]) -> Object:
    """A host pod that is about to be created, with a note of the ConfigMaps that it has."""
    if not kinds:
        return host_pod
    metadata = host_pod["metadata"]
    noted = {**metadata["annotations"], keys.CONFIG_MAPS: ",".join(kinds)}
    return {**host_pod, "metadata": {**metadata, "annotations": noted}}


def config_map_kinds(host_pod: Object) -> list[str]:
    """Which of `KINDS` a host pod was created with."""
    noted = annotations(host_pod).get(keys.CONFIG_MAPS)
    return [kind for kind in noted.split(",") if kind in KINDS] if noted else []


def pod_of_config_map(config_map: Object, scope: Scope) -> VirtualName | None:
    """The virtual pod that a host ConfigMap was made for, if it is one of these."""
    if annotations(config_map).get(keys.KIND) not in KINDS:
        return None
    return virtual_name_of(config_map, scope=scope)


def config_map_names(pod: VirtualName, scope: Scope) -> list[HostName]:
    """All names that a pod's ConfigMaps may have."""
    return [host_name_for(pod, kind=kind, scope=scope) for kind in KINDS]


def _name(pod: Object, kind: str, scope: Scope) -> HostName:
    metadata = pod["metadata"]
    return host_name_for(VirtualName(metadata["namespace"], metadata["name"]), kind=kind, scope=scope)


def _parts(variables: Mapping[str, str]) -> list[dict[str, str]]:
    """The variables in parts that fit into a ConfigMap each, as far as a process could be given them."""
    parts: list[dict[str, str]] = [{}]
    room = _PART
    for name, value in variables.items():
        if (weight := _weight(name, value)) > room:
            parts.append({})
            room = _PART
        parts[-1][name] = value
        room -= weight
    return parts[: len(POD_ENVIRONMENT)]


def _weight(name: str, value: str) -> int:
    return 2 * len(name) + len(value) + 40  # its name once more in managedFields, and the JSON around it
