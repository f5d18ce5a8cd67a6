"""The downward API: what a pod reads about itself is what the virtual API says of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vcli.syncer.translate import keys
from vcli.syncer.translate.allowed import host_annotation_key
from vcli.syncer.translate.labels import selector_key
from vcli.syncer.translate.objects import Object, changed, without
from vcli.syncer.translate.scope import Scope

_SUBSCRIPT: Final = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]", re.DOTALL)

_IN_VOLUMES: Final = {
    "metadata.name": keys.NAME,
    "metadata.namespace": keys.NAMESPACE,
    "metadata.uid": keys.UID,
    "metadata.labels": keys.LABELS,
    "metadata.annotations": keys.ANNOTATIONS,
}
"""Field path to the annotation of the host pod that holds it."""

_ALL: Final = {"metadata.labels": "labels", "metadata.annotations": "annotations"}
"""Field path to the field of the metadata, which is also the key in a ConfigMap that holds it."""

_KEYS: Final = {f"metadata.annotations['{_IN_VOLUMES[path]}']": key for path, key in _ALL.items()}
"""The same by the field path that `volume_item` gives."""

_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")

_ESCAPES: Final = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}


def variable_source(field_ref: Mapping[str, Any], pod: Object, scope: Scope) -> Object:
    """The ``value`` or ``valueFrom`` of an environment variable that has a ``fieldRef``.

    What never changes becomes a literal. Labels and annotations stay references, so a restarted container
    sees the new value; what the node decides (``status.podIP``, ``spec.nodeName``, …) is the same here and
    there.
    """
    metadata, path = pod["metadata"], field_ref["fieldPath"]
    match path:
        case "metadata.name" | "metadata.namespace" | "metadata.uid":
            return {"value": metadata.get(path.removeprefix("metadata."), "")}
        case "spec.serviceAccountName":
            return {"value": pod["spec"].get("serviceAccountName", "")}
    return {"valueFrom": {"fieldRef": {**field_ref, "fieldPath": _host_path(path, scope)}}}


def volume_item(item: Mapping[str, Any], scope: Scope) -> Object:
    """An item of a downwardAPI volume, or projected source."""
    field_ref = item.get("fieldRef")
    if not field_ref:
        return dict(item)
    annotation = _IN_VOLUMES.get(field_ref["fieldPath"])
    path = (
        f"metadata.annotations['{annotation}']" if annotation else _host_path(field_ref["fieldPath"], scope)
    )
    return {**item, "fieldRef": {**field_ref, "fieldPath": path}}


def from_map(volume: Mapping[str, Any], config_map: str) -> Object:
    """A volume of a host pod that shows all labels, or all annotations, from a host ConfigMap.

    Args:
        volume: of the host pod, with the items of `volume_item`.
        config_map: has the texts of `shown_texts`.
    """
    if source := volume.get("downwardAPI"):
        sources = _split(source, config_map)
        if sources == [{"downwardAPI": source}]:
            return dict(volume)
        mode = {key: source[key] for key in ("defaultMode",) if key in source}
        return {**without(volume, "downwardAPI"), "projected": {**mode, "sources": sources}}
    return changed(
        volume,
        "projected",
        lambda projected: changed(
            projected,
            "sources",
            lambda sources: [
                part
                for each in sources
                for part in (_split(each["downwardAPI"], config_map) if each.get("downwardAPI") else [each])
            ],
        ),
    )


def shown_texts(pod: Object) -> dict[str, str]:
    """``labels`` and ``annotations`` as files show them, those of the two that a volume of the pod shows."""
    paths = {(item.get("fieldRef") or {}).get("fieldPath") for item in _items(pod)}
    fields = {field for path, field in _ALL.items() if path in paths}
    return {field: format_map(pod["metadata"].get(field) or {}) for field in sorted(fields)}


def shown_annotations(pod: Object) -> dict[str, str]:
    """The annotations that the host pod needs for its volumes that show all labels, or all annotations."""
    return {_IN_VOLUMES[f"metadata.{field}"]: text for field, text in shown_texts(pod).items()}


def referenced_annotations(pod: Object) -> set[str]:
    """The virtual annotations that a pod reads one by one, by their keys."""
    containers = (each for group in _CONTAINERS for each in pod["spec"].get(group) or ())
    sources = (variable.get("valueFrom") or {} for each in containers for variable in each.get("env") or ())
    paths = ((each.get("fieldRef") or {}).get("fieldPath") or "" for each in (*_items(pod), *sources))
    found = (_SUBSCRIPT.fullmatch(path) for path in paths)
    return {match[2] for match in found if match and match[1] == "annotations"}


def format_map(mapping: Mapping[str, str]) -> str:
    """Labels or annotations as kubelet writes them into a file (``fieldpath.FormatMap``)."""
    return "\n".join(f"{key}={_quoted(mapping[key])}" for key in sorted(mapping))


def _items(pod: Object) -> Iterator[Mapping[str, Any]]:
    """The items of all downwardAPI volumes and projected sources."""
    for volume in pod["spec"].get("volumes") or ():
        for source in [volume, *((volume.get("projected") or {}).get("sources") or ())]:
            yield from (source.get("downwardAPI") or {}).get("items") or ()


def _split(source: Object, config_map: str) -> list[Object]:
    """A downwardAPI source without what is in the ConfigMap, and one that shows that."""
    here: list[Object] = []
    there: list[Object] = []
    for item in source.get("items") or ():
        key = _KEYS.get((item.get("fieldRef") or {}).get("fieldPath") or "")
        if key is None:
            here.append(item)
        else:
            there.append({"key": key, **{name: item[name] for name in ("path", "mode") if name in item}})
    if not there:
        return [{"downwardAPI": source}]
    shown: Object = {"configMap": {"name": config_map, "items": there}}
    return [{"downwardAPI": {"items": here}}, shown] if here else [shown]


def _host_path(path: str, scope: Scope) -> str:
    if not (match := _SUBSCRIPT.fullmatch(path)):
        return path
    field, key = match.groups()
    own = selector_key(key, scope) if field == "labels" else host_annotation_key(key, scope.allowed)
    return f"metadata.{field}['{own}']"


def _quoted(text: str) -> str:
    """As Go's ``strconv.Quote``."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    point = ord(character)
    if point < 0x20 or point == 0x7F:  # noqa: PLR2004
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"  # noqa: PLR2004
