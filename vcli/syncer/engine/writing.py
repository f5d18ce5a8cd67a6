"""Writing to either cluster: caches know it, nothing is sent twice, nobody else's object is deleted."""

import hashlib
import json
from typing import Any

from vcli.kube.errors import AlreadyExists, Conflict, NotFound
from vcli.kube.resources import Resource
from vcli.syncer.engine.world import Caches, Object, uid_of
from vcli.syncer.translate import keys

FIELD_MANAGER = "vcli-syncer"


def fingerprint(desired: Object) -> str:
    """A hash of everything that we want an object to be."""
    canonical = json.dumps(desired, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def stamped(desired: Object) -> Object:
    """`desired` with its own fingerprint in an annotation, by which `is_applied` knows it again."""
    metadata = desired["metadata"]
    annotations = {**(metadata.get("annotations") or {}), keys.APPLIED: fingerprint(desired)}
    return {**desired, "metadata": {**metadata, "annotations": annotations}}


def is_applied(current: Object | None, desired: Object) -> bool:
    """Whether `desired` is what was last applied to `current`.

    What host controllers and admission made of it since is theirs: comparing the objects would start a
    ping-pong.
    """
    if current is None:
        return False
    annotations = current["metadata"].get("annotations") or {}
    return bool(annotations.get(keys.APPLIED) == fingerprint(desired))


async def apply(caches: Caches, resource: Resource, desired: Object, *, current: Object | None) -> Object:
    """Make an object what is desired; costs nothing when it was the last time.

    Raises:
        ApiError: as the server answers.
    """
    if current is not None and is_applied(current, desired):
        return current
    namespace = desired["metadata"].get("namespace")
    answer = await caches.client.apply(
        resource, stamped(desired), namespace=namespace, field_manager=FIELD_MANAGER
    )
    caches[resource].store(answer)
    return answer


async def put(caches: Caches, resource: Resource, desired: Object, *, current: Object | None) -> None:
    """Write an object that nobody but us ever touches, by create or replace: half the work of an apply.

    Raises:
        ApiError: as the server answers; ``NotFound`` where `current` was out of date.
    """
    namespace = desired["metadata"]["namespace"]
    if current is None:
        try:
            answer = await caches.client.create(resource, desired, namespace=namespace)
        except AlreadyExists:  # somebody took off the label by which the cache knows it
            answer = await caches.client.replace(resource, desired, namespace=namespace)
    else:
        answer = await caches.client.replace(resource, desired, namespace=namespace)
    caches[resource].store(answer)


async def delete(caches: Caches, resource: Resource, obj: Object, *, grace: int | None = None) -> None:
    """Delete this very object, not another of its name. That it is gone already is fine.

    Args:
        caches: of the cluster.
        resource: its resource.
        obj: the object.
        grace: seconds, None for the object's own.

    Raises:
        ApiError: as the server answers.
    """
    metadata: dict[str, Any] = obj["metadata"]
    try:
        await caches.client.delete(
            resource, metadata["name"], namespace=metadata.get("namespace"), uid=uid_of(obj), grace=grace
        )
    except NotFound:
        return
    except Conflict:  # another object has the name by now; the watch will say so
        return
