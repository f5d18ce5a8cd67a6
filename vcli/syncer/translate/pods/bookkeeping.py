"""Bookkeeping annotations of a host pod: what of the virtual pod was last synced to it."""

import json
from collections.abc import Mapping
from typing import Any

from vcli.kube.types import annotations as annotations_of
from vcli.syncer.translate import keys
from vcli.syncer.translate.objects import Object, digest


def bookkeeping_annotations(
    spec: Object, labels: Mapping[str, str], annotations: Mapping[str, str], *, generation: int | None
) -> dict[str, str]:
    """The bookkeeping annotations of a desired host pod.

    Args:
        spec: its spec.
        labels: its labels.
        annotations: its annotations but for these.
        generation: ``metadata.generation`` of the virtual pod; Kubernetes before 1.33 has none.
    """
    managed = {"labels": sorted(labels), "annotations": sorted(annotations)}
    found = {
        keys.MANAGED_KEYS: json.dumps(managed, separators=(",", ":")),
        keys.APPLIED_SPEC: digest(_mutable(spec)),
        keys.RESOURCES: digest(_resources(spec)),
    }
    return found | {keys.GENERATION: str(generation)} if generation else found


def managed_keys(host: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The label keys and the annotation keys that a live host pod got from us."""
    text = annotations_of(host).get(keys.MANAGED_KEYS)
    try:
        managed = json.loads(text) if text else {}
        return set(managed.get("labels", ())), set(managed.get("annotations", ()))
    except (ValueError, AttributeError, TypeError):  # somebody edited it on the host
        return set(), set()


def _mutable(spec: Object) -> Any:
    gated = spec.get("schedulingGates")
    return [
        [[each["name"], each.get("image")] for group in _GROUPS for each in spec.get(group) or ()],
        spec.get("activeDeadlineSeconds"),
        spec.get("terminationGracePeriodSeconds"),
        spec.get("tolerations"),
        gated,
        spec.get("nodeSelector"),
        (spec.get("affinity") or {}).get("nodeAffinity"),
    ]


def _resources(spec: Object) -> Any:
    groups = [[each["name"], each.get("resources")] for group in _GROUPS for each in spec.get(group) or ()]
    return [groups, spec.get("resources")]


_GROUPS = ("initContainers", "containers")
