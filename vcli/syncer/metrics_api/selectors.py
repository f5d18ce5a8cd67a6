"""Label and field selectors as a query writes them: ``app=web,tier in (a,b),!old``. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from vcli.kube.types import Object
from vcli.kube.types import labels as labels_of
from vcli.syncer.translate.labels import matches

_COMMAS: Final = re.compile(r",(?![^(]*\))")
_NAME: Final = r"([A-Za-z0-9][A-Za-z0-9./_-]*)"
_EXISTS: Final = re.compile(rf"(!?)\s*{_NAME}\Z")
_EQUALS: Final = re.compile(rf"{_NAME}\s*(!=|==?)\s*([A-Za-z0-9._-]*)\Z")
_AMONG: Final = re.compile(rf"{_NAME}\s+(in|notin)\s*\(([^()]*)\)\Z")
_FIELDS: Final = ("metadata.name", "metadata.namespace")


def label_selector(text: str) -> Object:
    """The LabelSelector that a query means; empty text selects all.

    Raises:
        ValueError: it can't be understood, or compares numbers.
    """
    return {"matchExpressions": [_requirement(part.strip()) for part in _COMMAS.split(text) if part.strip()]}


def field_selector(text: str) -> Object:
    """A selector of ``metadata.name`` and ``metadata.namespace``.

    Raises:
        ValueError: it can't be understood, or asks for another field.
    """
    selector = label_selector(text)
    for each in selector["matchExpressions"]:
        if each["key"] not in _FIELDS:
            raise ValueError(f'field label not supported: "{each["key"]}"')
    return selector


def selected(obj: Mapping[str, Any], *, labels: Object, fields: Object) -> bool:
    """Whether an object passes a label selector and a field selector."""
    metadata = obj["metadata"]
    values = {"metadata.name": metadata["name"], "metadata.namespace": metadata.get("namespace", "")}
    return matches(labels, labels_of(obj)) and matches(fields, values)


def _requirement(text: str) -> Object:
    if found := _EXISTS.match(text):
        return {"key": found[2], "operator": "DoesNotExist" if found[1] else "Exists"}
    if found := _EQUALS.match(text):
        return {"key": found[1], "operator": "NotIn" if found[2] == "!=" else "In", "values": [found[3]]}
    if found := _AMONG.match(text):
        operator = "In" if found[2] == "in" else "NotIn"
        return {"key": found[1], "operator": operator, "values": [v.strip() for v in found[3].split(",")]}
    raise ValueError(f"unable to parse requirement: {text}")
