"""The manifests of the values: from YAML documents to objects for the virtual cluster. Pure."""

import re
from typing import Any, Final

from vcli import yaml
from vcli.kube.types import Object

_BETWEEN: Final = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)


def objects(text: str) -> list[Object]:
    """The objects, those of a List one by one.

    Args:
        text: YAML documents; ones in which nothing is are left out.

    Raises:
        ValueError: which document is no object, and why.
    """
    found: list[Object] = []
    for number, document in enumerate(_BETWEEN.split(text), 1):
        try:
            data = yaml.parse(document)
        except yaml.Error as error:
            raise ValueError(f"document {number} is not YAML:{yaml.explain(error)}") from error
        except RecursionError as error:
            raise ValueError(f"document {number} is nested too deeply") from error
        if data is not None:
            found += _objects(data, f"document {number}")
    return found


def _objects(data: Any, where: str) -> list[Object]:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is no object, but {type(data).__name__}")  # noqa: TRY004  of the values
    for key in ("apiVersion", "kind"):
        if not data.get(key) or not isinstance(data[key], str):
            raise ValueError(f"{where} has no {key}")
    if data["kind"] == "List" and data["apiVersion"] == "v1":
        items = data.get("items") or []
        return [each for at, item in enumerate(items) for each in _objects(item, f"{where}, item {at + 1}")]
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name") or not isinstance(metadata["name"], str):
        raise ValueError(f"{where}, of kind {data['kind']}, has no metadata.name")
    return [data]
