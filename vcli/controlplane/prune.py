"""What earlier versions or values made, and nothing needs any more."""

from collections.abc import Collection, Sequence
from contextlib import suppress

from vcli.catalog import SYNCED
from vcli.catalog.kind import SyncedKind
from vcli.config.schema import Values
from vcli.config.synced import kinds_on
from vcli.contract.labels import CLUSTER, synced_by
from vcli.controlplane.apply import list_metadata, together
from vcli.controlplane.names import Names
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, Forbidden, NotFound
from vcli.kube.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, CONFIGMAPS, SECRETS, Resource
from vcli.kube.types import Object, labels, uid


async def find_surplus(
    client: Client, names: Names, values: Values, wanted: Sequence[Object]
) -> list[Object]:
    """The objects of a virtual cluster that are there, and would not be made any more.

    Bundles of other versions; the values, where they are kept in an object of another kind now; the
    ClusterRole with its binding; synced objects of kinds that are off, which the syncer has no right to by
    then. What may not be read, we did not make.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: what the user chose.
        wanted: all objects as rendered.

    Returns:
        Their metadata.
    """
    selector = f"{CLUSTER}={names.cluster}"
    single = (
        (CONFIGMAPS, names.values),
        (SECRETS, names.values),
        (CLUSTERROLEBINDINGS, names.cluster_role),
        (CLUSTERROLES, names.cluster_role),
    )
    on = frozenset(kinds_on(values))
    config_maps, *others = await together(
        [
            list_metadata(client, CONFIGMAPS, namespace=names.namespace, label_selector=selector),
            *(_find(client, names, resource, name) for resource, name in single),
            *(_synced(client, names, kind.resource) for kind in SYNCED if _is_off(kind, on)),
        ]
    )
    bundles = [each for each in config_maps if each["metadata"]["name"].startswith("vc-bundle-")]
    found = [*(_typed(CONFIGMAPS, each) for each in bundles), *(each for some in others for each in some)]
    kept = {(obj["kind"], obj["metadata"]["name"]) for obj in wanted}
    return [obj for obj in found if (obj["kind"], obj["metadata"]["name"]) not in kept]


async def prune(client: Client, surplus: Sequence[Object]) -> None:
    """Delete what `find_surplus` found.

    Call it when the pod of the new version is ready: until then the old one may be wanted.
    """

    async def delete(obj: Object) -> None:
        metadata = obj["metadata"]
        with suppress(NotFound, Forbidden, Conflict):  # who may not delete a ClusterRole did not give it
            await client.delete(
                Resource.of(obj), metadata["name"], namespace=metadata.get("namespace"), uid=uid(obj)
            )

    await together(delete(obj) for obj in surplus)


async def _find(client: Client, names: Names, resource: Resource, name: str) -> list[Object]:
    """An object, if it is there and belongs to the virtual cluster."""
    try:
        found = await client.get(resource, name, namespace=names.namespace)
    except (NotFound, Forbidden):
        return []
    return [_typed(resource, found)] if labels(found).get(CLUSTER) == names.cluster else []


def _is_off(kind: SyncedKind, on: Collection[SyncedKind]) -> bool:
    """Whether a kind may have left objects on the host, from when it was on."""
    return kind.direction == "toHost" and kind not in on


async def _synced(client: Client, names: Names, resource: Resource) -> list[Object]:
    """The metadata of the synced objects of a kind."""
    selector = synced_by(names.cluster, names.namespace, namespaced=resource.namespaced)
    try:
        found = await list_metadata(client, resource, namespace=names.namespace, label_selector=selector)
    except (NotFound, Forbidden):
        return []
    return [_typed(resource, each) for each in found]


def _typed(resource: Resource, obj: Object) -> Object:
    return {**obj, "apiVersion": resource.api_version, "kind": resource.kind}
