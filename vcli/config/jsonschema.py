"""The JSON Schema of the values, for editors."""

import types
from dataclasses import Field
from typing import Any, Literal, Union, get_args, get_origin

from vcli.config.dump import dump
from vcli.config.image import Image
from vcli.config.schema import Values
from vcli.config.shape import default_of, is_required, keys_of, shape_of
from vcli.kube.types import Object

_TYPES = {bool: "boolean", int: "integer", str: "string"}


def json_schema() -> Object:
    """The schema of vcluster.yaml as far as it has an effect here (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vcli values",
        **section_schema(Values),
    }


def section_schema(kind: type) -> Object:
    """The schema of one section, and of all below it."""
    properties = {name: _key(field, hint) for name, (field, hint) in keys_of(kind).items()}
    description = (kind.__doc__ or "").partition("\n")[0]
    schema: Object = {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }
    if required := [name for name, (field, _) in keys_of(kind).items() if is_required(field)]:
        schema["required"] = required
    if kind is Image:
        return {"description": description, "anyOf": [{"type": "string"}, schema]}
    return schema


def _key(field: Field[Any], hint: Any) -> Object:
    shape = shape_of(hint)
    if shape.of == "section" and shape.section is not None:
        return section_schema(shape.section)
    schema = _type(hint)
    if "doc" in field.metadata:
        schema["description"] = field.metadata["doc"]
    if not is_required(field):
        default = default_of(field)
        schema |= {} if default is None else {"default": dump(default)}
    for rule in ("pattern", "minimum"):
        if rule in field.metadata:
            schema[rule] = field.metadata[rule]
    if field.metadata.get("empty"):
        schema["maxProperties"] = 0
    if "keys" in field.metadata:
        schema["propertyNames"] = {"pattern": field.metadata["keys"]}
    return schema


def _type(hint: Any) -> Object:
    shape = shape_of(hint)
    if shape.section is not None:
        return _sections(shape.section, is_map=shape.of == "map")
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_type(option) for option in get_args(hint)]}
    if origin is Literal:
        return {"enum": list(get_args(hint))}
    if origin is tuple:
        return {"type": "array", "items": _type(get_args(hint)[0])}
    if origin is dict:
        values = get_args(hint)[1]
        return {"type": "object", **({} if values is Any else {"additionalProperties": _type(values)})}
    return {"type": _TYPES[hint]}


def _sections(kind: type, *, is_map: bool) -> Object:
    if is_map:
        return {"type": "object", "additionalProperties": section_schema(kind)}
    return {"type": "array", "items": section_schema(kind)}
