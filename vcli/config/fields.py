"""What the classes of values are made of: keys with a default and a description, and sections."""

from dataclasses import field
from typing import Any


def doc(default: Any, doc: str, **rules: Any) -> Any:
    """A key with its default and its description.

    The default of a map or list of sections is empty.

    Args:
        default: what it is where nobody writes it.
        doc: one sentence, for the reference and the JSON Schema.
        rules: ``name`` in YAML; ``pattern`` of a value, with ``form``, which describes it (a quantity, such
            as 5Gi); ``minimum``; ``keys``, the pattern of the keys of a map of sections, with ``form``;
            ``empty``: a mapping that may have no keys, as only that it is there counts.
    """
    metadata = {"doc": doc, **rules}
    if isinstance(default, dict):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


def required(doc: str, **rules: Any) -> Any:
    """A key that must be given, in a section of a map or list; rules as for `doc`."""
    return field(metadata={"doc": doc, **rules})


def section(kind: type, **rules: Any) -> Any:
    """A section below this one; the only rule is ``name``."""
    return field(default_factory=kind, metadata=rules)
