"""Kubernetes objects as the result of a command."""

from collections.abc import Mapping, Sequence
from typing import Any

from vcli.result import Result


def manifests(objects: Sequence[Mapping[str, Any]]) -> Result:
    """Objects that can be piped into kubectl in every format.

    YAML documents, a ``kind: List`` with ``-o json``, and ``kind.group/name`` with ``-o name``.
    """
    from vcli.controlplane.manifests import dump  # noqa: PLC0415  --help must be quick

    documents = dump(objects)
    return Result(
        data={"apiVersion": "v1", "kind": "List", "items": list(objects)},
        names=tuple(map(_name, objects)),
        text=documents,
        yaml=documents,
    )


def _name(obj: Mapping[str, Any]) -> str:
    """How kubectl names an object: ``statefulset.apps/demo``, ``secret/demo-certs``."""
    group, slash, _ = obj["apiVersion"].partition("/")
    kind = obj["kind"].lower() + (f".{group}" if slash else "")
    return f"{kind}/{obj['metadata']['name']}"
