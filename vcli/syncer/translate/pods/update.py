"""What the API lets change in a pod that exists (``ValidatePodUpdate``, ``ValidatePodResize``)."""

from collections.abc import Mapping
from typing import Any

from vcli.kube.types import ObjectMeta, OwnerReference, annotations, labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.objects import Object, by_name, without
from vcli.syncer.translate.pods.bookkeeping import managed_keys


def mutable_patch(
    host: Object, desired: Object, *, resized: bool = True, images: bool = False
) -> Object | None:
    """The strategic merge patch that makes a live host pod ``desired``, or None when nothing is to do.

    Labels and annotations that others put on the host pod stay. What the host's admission made of an image
    (or the like) stays too: the spec is only compared when the virtual one has changed since it was last
    sent.

    Args:
        host: the live host pod.
        desired: what ``to_host`` makes of the virtual pod now.
        resized: False while ``resize_patch`` is still due or was rejected: then the patch doesn't claim
            that the host pod has reached the virtual pod's generation.
        images: True where another client has changed an image on the host: then the spec is compared as well.
    """
    metadata = _metadata_patch(host, desired, resized=resized)
    spec = _spec_patch(host, desired, anyway=images)
    return {**({"metadata": metadata} if metadata else {}), **({"spec": spec} if spec else {})} or None


def resize_patch(host: Object, desired: Object) -> Object | None:
    """The strategic merge patch for the host pod's ``resize`` subresource, or None when nothing is to do.

    To be sent before ``mutable_patch``. It only ever sets: the API doesn't let a resize remove anything,
    and what the host's LimitRange added stays.
    """
    if _annotation(host, keys.RESOURCES) == _annotation(desired, keys.RESOURCES):
        return None
    spec: Object = {}
    for group in ("initContainers", "containers"):
        live = by_name(host["spec"].get(group))
        resized = [
            {"name": name, "resources": change}
            for name, container in by_name(desired["spec"].get(group)).items()
            if name in live and (change := _resources(live[name], container))
        ]
        if resized:
            spec[group] = resized
    if change := _resources(host["spec"], desired["spec"]):
        spec["resources"] = change
    return {"spec": spec} if spec else None


def _resources(live: Mapping[str, Any], desired: Mapping[str, Any]) -> Object:
    changes = {}
    for field in ("requests", "limits"):
        now = (live.get("resources") or {}).get(field) or {}
        then = (desired.get("resources") or {}).get(field) or {}
        if change := {name: amount for name, amount in then.items() if now.get(name) != amount}:
            changes[field] = change
    return changes


def _metadata_patch(host: Object, desired: Object, *, resized: bool) -> Object:
    waiting = () if resized else (keys.RESOURCES, keys.GENERATION)
    old_labels, old_annotations = managed_keys(host)
    patch = {
        "labels": _map_patch(labels(host), desired["metadata"]["labels"], old_labels),
        "annotations": _map_patch(
            annotations(host),
            without(desired["metadata"]["annotations"], *waiting),
            old_annotations,
        ),
        "ownerReferences": _owner_patch(host, desired),
    }
    return {field: change for field, change in patch.items() if change}


def _map_patch(live: Mapping[str, str], desired: Mapping[str, str], ours: set[str]) -> Object:
    removed: Object = {key: None for key in live if key in ours and key not in desired}
    return removed | {key: value for key, value in desired.items() if live.get(key) != value}


def _owner_patch(host: Object, desired: Object) -> list[OwnerReference]:
    # A pod can be adopted or released by a controller; ownerReferences merge by uid.
    there: ObjectMeta = host["metadata"]
    wanted: ObjectMeta = desired["metadata"]
    live = {owner["uid"]: bool(owner.get("controller")) for owner in there.get("ownerReferences") or ()}
    return [
        {**owner, "controller": bool(owner.get("controller"))}
        for owner in wanted["ownerReferences"]
        if live.get(owner["uid"], False) != bool(owner.get("controller"))
    ]


def _spec_patch(host: Object, desired: Object, *, anyway: bool) -> Object:
    if not anyway and _annotation(host, keys.APPLIED_SPEC) == _annotation(desired, keys.APPLIED_SPEC):
        return {}
    live, then = host["spec"], desired["spec"]
    patch: Object = {}
    for group in ("initContainers", "containers"):
        now = by_name(live.get(group))
        images = [
            {"name": name, "image": container["image"]}
            for name, container in by_name(then.get(group)).items()
            if name in now and container.get("image") and now[name].get("image") != container["image"]
        ]
        if images:
            patch[group] = images
    deadline, current = then.get("activeDeadlineSeconds"), live.get("activeDeadlineSeconds")
    if deadline is not None and (current is None or deadline < current):
        patch["activeDeadlineSeconds"] = deadline
    if (
        then.get("terminationGracePeriodSeconds") == 1
        and (live.get("terminationGracePeriodSeconds") or 0) < 0
    ):
        patch["terminationGracePeriodSeconds"] = 1
    tolerations = _tolerations(live.get("tolerations") or [], then.get("tolerations") or [])
    if tolerations != (live.get("tolerations") or []):
        patch["tolerations"] = tolerations
    return patch | _gated_patch(live, then)


def _gated_patch(live: Object, then: Object) -> Object:
    """Gates only go away, and what a gated pod may still say about nodes is narrowed before they do."""
    gates = by_name(live.get("schedulingGates"))
    if not gates:
        return {}
    patch: Object = {}
    gone = gates.keys() - by_name(then.get("schedulingGates")).keys()
    if gone:
        patch["schedulingGates"] = [{"$patch": "delete", "name": name} for name in sorted(gone)]
    selector = {
        key: value
        for key, value in (then.get("nodeSelector") or {}).items()
        if (live.get("nodeSelector") or {}).get(key) != value
    }
    if selector:
        patch["nodeSelector"] = selector
    affinity = (then.get("affinity") or {}).get("nodeAffinity")
    if affinity and affinity != (live.get("affinity") or {}).get("nodeAffinity"):
        patch["affinity"] = {"nodeAffinity": {"$patch": "replace", **affinity}}
    return patch


def _tolerations(live: list[Any], desired: list[Any]) -> list[Any]:
    """What is there, in its place (with the desired seconds), then what is new; the API lets none go."""
    wanted = {_toleration_key(each): each for each in desired}
    kept = [wanted.pop(_toleration_key(each), each) for each in live]
    return kept + list(wanted.values())


def _toleration_key(toleration: Mapping[str, Any]) -> tuple[str, str, str, str]:
    operator = toleration.get("operator") or "Equal"
    return (
        toleration.get("key") or "",
        operator,
        toleration.get("value") or "",
        toleration.get("effect") or "",
    )


def _annotation(pod: Object, key: str) -> str | None:
    return annotations(pod).get(key)
