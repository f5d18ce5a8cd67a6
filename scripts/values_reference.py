"""Write docs/reference/values.md from the schema of values. A test checks that it was done."""

import json
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from vcli.config import Image, Values
from vcli.config.dump import dump
from vcli.config.jsonschema import section_schema
from vcli.config.shape import default_of, is_required, keys_of, shape_of

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "values.md"
HEAD = """# Values

Written by `python scripts/values_reference.py` from the schema; do not edit.

Values have the shape of a vcluster.yaml. `vcli create`, `upgrade` and `template` take them with `-f FILE` or
`--set KEY=VALUE`, a Helm chart as any values. `vcli` also understands
[the other keys of vcluster.yaml and of its older charts](../how-to/migrate-from-vcluster.md); a key of
neither list is an error.

In a key `*` is a name that you choose, whose dots `--set` takes as `\\.`, and `[]` an element of a list, for
`--set` `[0]` and so on. An image is a mapping of `registry`, `repository` and `tag`, or one string:
`registry/repository:tag`.
"""
_STEPS = {"section": "", "map": ".*", "list": "[]"}


def rows(kind: type, prefix: str = "", default: Any = None) -> Iterator[tuple[str, str, str, str]]:
    """Key, type, default and description of all keys below a section.

    Args:
        kind: the section.
        prefix: of its keys.
        default: the section as it is by default, where that differs from the class's own defaults.
    """
    types = section_schema(kind)
    for name, (field, hint) in keys_of(kind).items():
        value = None if is_required(field) else getattr(default, field.name, default_of(field))
        shape = shape_of(hint)
        if shape.of == "section" and shape.section is Image:
            reference = dump(value)["repository"] and value.reference()
            yield (
                f"{prefix}{name}",
                "image",
                reference and f"`{reference}`",
                field.metadata.get("doc", "The image."),
            )
            continue
        if shape.of != "section":
            known = types["properties"][name]
            default_text = "left out" if value is None else f"`{json.dumps(dump(value))}`"
            shown = "must be given" if is_required(field) else default_text
            yield f"{prefix}{name}", _type(known), shown, field.metadata["doc"]
        if shape.section is not None:
            below = value if is_dataclass(value) else None
            yield from rows(shape.section, f"{prefix}{name}{_STEPS[shape.of]}.", below)


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(each)}`" for each in schema["enum"])
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    return {"object": "mapping", "integer": "number"}.get(schema["type"], schema["type"])


def reference() -> str:
    """The whole document: a table for each section at the top."""
    parts = [HEAD]
    for name, (_, hint) in keys_of(Values).items():
        parts.append(f"\n## {name}\n\n| key | type | default | |\n|---|---|---|---|\n")
        parts += [
            f"| `{key}` | {kind} | {default} | {doc} |\n"
            for key, kind, default, doc in rows(hint, f"{name}.")
        ]
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(reference())
