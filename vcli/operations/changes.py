"""What an upgrade would change: values, objects, and what follows from it for who uses the cluster. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vcli.config.data_source import DOTTED
from vcli.controlplane.differences import differences
from vcli.controlplane.high_availability import members_of
from vcli.controlplane.names import Names
from vcli.controlplane.stores import place_of
from vcli.kube.types import Object
from vcli.operations.versions import running_version

Action = Literal["created", "changed", "deleted"]

_MOST_FIELDS = 6
_TEMPLATE = "spec.template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One object of the virtual cluster, before and after.

    Attributes:
        wanted: as it would be applied.
        live: as it is on the host, None if it is not there.
        after: as the host says that it would be; None if it is not there.
    """

    wanted: Object
    live: Object | None
    after: Object | None

    @property
    def fields(self) -> tuple[str, ...]:
        """The paths of the fields that change; empty for one that is created."""
        return tuple(differences(self.live, self.after)) if self.live and self.after else ()

    @property
    def action(self) -> Action | None:
        """What happens to it; None if nothing does."""
        if self.live is None:
            return "created"
        return "changed" if self.fields else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """One key of the values; None where it is not set, so that the default holds."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """One object on the host; ``fields`` are paths, for one that is changed."""

    kind: str
    name: str
    action: Action
    fields: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Kind and name as kubectl writes them, ``secret/demo-certs``."""
        return f"{self.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that changes; false when nothing does.

    Attributes:
        values: by their keys.
        objects: in the order in which they are applied.
        consequences: sentences without a full stop.
        restarts: the control plane's pod is replaced.
        loses_data: and the store is in that pod only.
    """

    values: tuple[ValueChange, ...] = ()
    objects: tuple[ObjectChange, ...] = ()
    consequences: tuple[str, ...] = ()
    restarts: bool = False
    loses_data: bool = False

    def __bool__(self) -> bool:
        return bool(self.values or self.objects)

    def data(self) -> Object:
        """As JSON; None in ``from`` and ``to`` is a key that is not set."""
        return {
            "values": [{"key": each.key, "from": each.before, "to": each.after} for each in self.values],
            "objects": [
                {
                    "kind": each.kind,
                    "name": each.name,
                    "action": each.action,
                    "fields": list(each.fields),
                }
                for each in self.objects
            ],
            "consequences": list(self.consequences),
        }

    def lines(self) -> Iterator[str]:
        """As text, for people."""
        if self.values:
            yield "values:"
            yield from (f"  {each.key}: {_said(each.before)} → {_said(each.after)}" for each in self.values)
        if self.objects:
            yield "objects:"
            yield from (f"  {each.action} {each.title}{_listed(each.fields)}" for each in self.objects)
        if self.consequences:
            yield "consequences:"
            yield from (f"  {each}" for each in self.consequences)


def compare(
    names: Names,
    *,
    stored: Mapping[str, Any],
    values: Mapping[str, Any],
    planned: Sequence[Planned],
    surplus: Sequence[Object],
) -> Changes:
    """Put together what changes.

    Args:
        names: of the virtual cluster.
        stored: the values as they are.
        values: as they would be.
        planned: every object.
        surplus: those that would be deleted.
    """
    changed = [each for each in planned if each.action]
    objects = [_object(each.wanted, each.action, each.fields) for each in changed if each.action]
    objects += [_object(each, "deleted") for each in surplus]
    workload = next((each for each in planned if each.wanted["kind"] == "StatefulSet"), None)
    live = workload.live if workload else None
    restarts = bool(workload and live and not is_paused(live) and any(map(_in_template, workload.fields)))
    loses_data = restarts and live is not None and keeps_data_in_pod(live["spec"])
    return Changes(
        values=tuple(_values(_flat(stored), _flat(values))),
        objects=tuple(objects),
        consequences=tuple(_consequences(names, changed, restarts=restarts, loses_data=loses_data)),
        restarts=restarts,
        loses_data=loses_data,
    )


def keeps_data_in_pod(workload: Object) -> bool:
    """Whether all data ends with the pod of a StatefulSet, of which this is the spec."""
    place = place_of(workload.get("template", {}).get("spec", {}))
    return not workload.get("volumeClaimTemplates") and (place is None or place.kind in ("etcd", "sqlite"))


def is_paused(workload: Object) -> bool:
    """Whether a StatefulSet has no pods on purpose."""
    return bool(workload["spec"].get("replicas") == 0)


def _in_template(path: str) -> bool:
    return path == _TEMPLATE or path.startswith(_TEMPLATE + ".")


def _object(obj: Object, action: Action, fields: tuple[str, ...] = ()) -> ObjectChange:
    return ObjectChange(kind=obj["kind"], name=obj["metadata"]["name"], action=action, fields=fields)


def _consequences(
    names: Names, changed: Sequence[Planned], *, restarts: bool, loses_data: bool
) -> Iterator[str]:
    by_name = {(each.wanted["kind"], each.wanted["metadata"]["name"]): each for each in changed}
    service = by_name.get(("Service", names.service))
    if service and service.live and service.after and "spec.type" in service.fields:
        before, after = service.live["spec"]["type"], service.after["spec"]["type"]
        yield f"the Service becomes {after} instead of {before}: addresses from before may no longer work"
    certificates = by_name.get(("Secret", names.certificates))
    if certificates and (certificates.live is None or "data[ca.crt]" in certificates.fields):
        yield "makes a new certificate authority: every kubeconfig and token from before becomes invalid"
    workload = by_name.get(("StatefulSet", names.stateful_set))
    if workload and workload.live:
        before, after = running_version(workload.live), running_version(workload.wanted)
        if before != after:
            yield f"Kubernetes {before or '(unknown)'} becomes {after or '(unknown)'}"
        if is_paused(workload.live):
            yield "it is paused: the control plane changes when it is resumed"
    if restarts and workload and members_of(workload.wanted) > 1:
        yield "restarts the control plane's pods one after another: connections through each of them end"
    elif restarts:
        yield "restarts the control plane: its API is unavailable for some seconds"
    if loses_data:
        yield "recreates the store: all data of the ephemeral cluster is lost"


def _values(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ValueChange]:
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key) and not _says_less(key, before, after):
            shown = (_shown(key, each.get(key)) for each in (before, after))
            yield ValueChange(key=key, before=next(shown), after=next(shown))


def _shown(key: str, value: Any) -> Any:
    """It may be a secret."""
    return "(hidden)" if value and key == DOTTED else value


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The leaves of nested mappings, and of lists of them, by their keys as ``--set`` takes them."""
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        path = prefix + re.sub(r"([\\.,=\[\]{}])", r"\\\1", str(key))
        if isinstance(value, Mapping) and value:
            leaves |= _flat(value, f"{path}.")
        elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            for index, each in enumerate(value):
                own = f"{path}[{index}]"
                leaves |= _flat(each, f"{own}.") if each else {own: each}
        else:
            leaves[path] = value
    return leaves


def _says_less(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a key is empty on one side, and what is in it on the other is listed by itself."""
    inside = f"{key}.", f"{key}["
    sides = (before.get(key), after), (after.get(key), before)
    return any(value in ({}, []) and any(each.startswith(inside) for each in other) for value, other in sides)


def _said(value: Any) -> str:
    return "(default)" if value is None else json.dumps(value, ensure_ascii=False)


def _listed(fields: Sequence[str]) -> str:
    if not fields:
        return ""
    more = f" and {len(fields) - _MOST_FIELDS} more" if len(fields) > _MOST_FIELDS else ""
    return f": {', '.join(fields[:_MOST_FIELDS])}{more}"
