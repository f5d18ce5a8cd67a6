"""Asking the host what applying objects would change, without changing anything."""

from collections.abc import Iterator, Sequence

from vcli.controlplane.apply import find_metadata, together
from vcli.controlplane.names import FIELD_MANAGER, Names
from vcli.errors import ConflictError
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, Invalid, NotFound, Object
from vcli.kube.resources import Resource
from vcli.operations.changes import Planned, is_paused


async def plan_objects(client: Client, names: Names, objects: Sequence[Object]) -> list[Planned]:
    """Compare objects with what is there, by applying them as a dry run.

    So what the host fills in by itself is no difference, and what it refuses is known beforehand.

    Raises:
        ConflictError: the volumes of the store would have to be others.
        ApiError: the host refuses an object, or reading it.
    """
    return await together(_plan(client, names, obj) for obj in objects)


async def _plan(client: Client, names: Names, obj: Object) -> Planned:
    resource, metadata = Resource.of(obj), obj["metadata"]
    if obj.get("immutable"):  # its name is made from its content, and it is large
        found = await find_metadata(client, resource, obj)
        return Planned(wanted=obj, live=found, after=found)
    try:
        live = await client.get(resource, metadata["name"], namespace=metadata.get("namespace"))
    except NotFound:
        return Planned(wanted=obj, live=None, after=None)
    if obj["kind"] == "StatefulSet" and is_paused(live):
        obj = {**obj, "spec": {**obj["spec"], "replicas": 0}}
    try:
        after = await client.apply(resource, obj, field_manager=FIELD_MANAGER, dry_run=True)
    except (Invalid, Forbidden) as error:
        if obj["kind"] == "StatefulSet" and "updates to statefulset spec" in error.message:
            raise _other_volumes(names, live, obj) from error
        raise
    return Planned(wanted=obj, live=live, after=after)


def _other_volumes(names: Names, live: Object, wanted: Object) -> ConflictError:
    changed = ", ".join(volume_changes(live, wanted)) or "size, class and number of its volumes"
    claim = f"data-{names.pod}"
    return ConflictError(
        f"virtual cluster {names.cluster!r} in namespace {names.namespace!r}: its store's volume can't be"
        f" changed: {changed}",
        hint="leave controlPlane.statefulSet.persistence as it was at its creation; where the StorageClass"
        f" allows it, kubectl edit pvc {claim} -n {names.namespace} makes the volume larger; for another"
        " store create a second virtual cluster and apply your manifests there",
    )


def volume_changes(live: Object, wanted: Object) -> Iterator[str]:
    """In which way the claims of two StatefulSets differ, in words."""
    (before, after) = (_claim(each) for each in (live, wanted))
    for title, old, new in zip(("size", "StorageClass", "access modes"), before, after, strict=True):
        if old != new:
            yield f"{title} {old or '(default)'} → {new or '(default)'}"


def _claim(workload: Object) -> tuple[str, str, str]:
    claims = workload["spec"].get("volumeClaimTemplates") or [{"spec": {}}]
    spec = claims[0]["spec"]
    size = spec.get("resources", {}).get("requests", {}).get("storage", "")
    return str(size), str(spec.get("storageClassName", "")), ", ".join(spec.get("accessModes", ()))
