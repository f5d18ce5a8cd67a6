"""The JSON Schema of the values, for editors."""

import types
from dataclasses import MISSING, Field, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin

from vcli.config.parse import keys_of
from vcli.config.schema import Image, Values

Object = dict[str, Any]

_TYPES = {bool: "boolean", int: "integer", str: "string"}


def json_schema() -> Object:
    """The schema of vcluster.yaml as far as it has an effect here (draft 2020-12)."""
    schema = _section(Values)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "vcli values", **schema}


def _section(kind: type) -> Object:
    properties = {name: _key(field, hint) for name, (field, hint) in keys_of(kind).items()}
    description = (kind.__doc__ or "").partition("\n")[0]
    schema: Object = {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }
    if kind is Image:
        return {"description": description, "anyOf": [{"type": "string"}, schema]}
    return schema


def _key(field: Field[Any], hint: Any) -> Object:
    if is_dataclass(hint):
        return _section(hint)  # type: ignore[arg-type]
    schema = _type(hint)
    if "doc" in field.metadata:
        schema["description"] = field.metadata["doc"]
    if field.default is not MISSING:
        schema["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    elif field.default_factory is not MISSING:
        schema["default"] = field.default_factory()
    for rule in ("pattern", "minimum"):
        if rule in field.metadata:
            schema[rule] = field.metadata[rule]
    return schema


def _type(hint: Any) -> Object:
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
