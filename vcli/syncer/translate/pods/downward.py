"""The downward API: what a pod reads about itself is what the virtual API says of it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.translate import keys
from vcli.syncer.translate.labels import selector_key
from vcli.syncer.translate.objects import Object

_SUBSCRIPT: Final = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]", re.DOTALL)

_IN_VOLUMES: Final = {
    "metadata.name": keys.NAME,
    "metadata.namespace": keys.NAMESPACE,
    "metadata.uid": keys.UID,
    "metadata.labels": keys.LABELS,
    "metadata.annotations": keys.ANNOTATIONS,
}
"""Field path to the annotation of the host pod that holds it."""

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


def variable_source(field_ref: Mapping[str, Any], pod: Object) -> Object:
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
    return {"valueFrom": {"fieldRef": {**field_ref, "fieldPath": _host_path(path)}}}


def volume_item(item: Mapping[str, Any]) -> Object:
    """An item of a downwardAPI volume, or projected source."""
    field_ref = item.get("fieldRef")
    if not field_ref:
        return dict(item)
    annotation = _IN_VOLUMES.get(field_ref["fieldPath"])
    path = f"metadata.annotations['{annotation}']" if annotation else _host_path(field_ref["fieldPath"])
    return {**item, "fieldRef": {**field_ref, "fieldPath": path}}


def shown_annotations(pod: Object) -> dict[str, str]:
    """The annotations that the host pod needs for its volumes that show all labels, or all annotations."""
    paths = {
        (item.get("fieldRef") or {}).get("fieldPath")
        for volume in pod["spec"].get("volumes") or ()
        for source in [volume, *((volume.get("projected") or {}).get("sources") or ())]
        for item in (source.get("downwardAPI") or {}).get("items") or ()
    }
    metadata = pod["metadata"]
    return {
        annotation: format_map(metadata.get(field) or {})
        for field, annotation in (("labels", keys.LABELS), ("annotations", keys.ANNOTATIONS))
        if f"metadata.{field}" in paths
    }


def format_map(mapping: Mapping[str, str]) -> str:
    """Labels or annotations as kubelet writes them into a file (``fieldpath.FormatMap``)."""
    return "\n".join(f"{key}={_quoted(mapping[key])}" for key in sorted(mapping))


def _host_path(path: str) -> str:
    if not (match := _SUBSCRIPT.fullmatch(path)):
        return path
    field, key = match.groups()
    return f"metadata.{field}['{selector_key(key) if field == 'labels' else keys.host_key(key)}']"


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
