"""What the classes of values are made of: keys with a default and a description, and sections."""

from dataclasses import field
from typing import Any


def doc(default: Any, doc: str, **rules: Any) -> Any:
    """A key with its default and its description; rules are ``name``, ``pattern`` and ``minimum``."""
    metadata = {"doc": doc, **rules}
    if isinstance(default, dict):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


def section(kind: type, **rules: Any) -> Any:
    """A section below this one; the only rule is ``name``."""
    return field(default_factory=kind, metadata=rules)
