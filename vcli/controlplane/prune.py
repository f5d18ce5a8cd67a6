"""What earlier versions or values made, and nothing needs any more."""

from collections.abc import Collection, Sequence
from contextlib import suppress

from vcli.catalog import SYNCED
from vcli.catalog.kind import SyncedKind
from vcli.config.schema import Values
from vcli.config.synced import custom_kinds, kinds_on
from vcli.contract.labels import CLUSTER, HOST_NAMESPACE, synced_by
from vcli.controlplane import policies
from vcli.controlplane.apply import list_metadata, together
from vcli.controlplane.names import Names
from vcli.controlplane.rights import rights_of
from vcli.kube.client import Client
from vcli.kube.discovery import served
from vcli.kube.errors import ApiError, Conflict, Forbidden, NotFound
from vcli.kube.resources import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    CONFIGMAPS,
    INGRESSES,
    ROLEBINDINGS,
    ROLES,
    SECRETS,
    Resource,
)
from vcli.kube.types import Object, labels, uid


async def find_surplus(
    client: Client, names: Names, values: Values, wanted: Sequence[Object]
) -> list[Object]:
    """The objects of a virtual cluster that are there, and would not be made any more.

    Bundles of other versions; the values, where they are kept in an object of another kind now; the
    Ingress; the ClusterRole with its binding; objects of policies; synced objects of kinds that are off,
    which the syncer has no right to by then. What may not be read, we did not make.

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
        (SECRETS, names.data_source),
        (INGRESSES, names.service),
        (CLUSTERROLEBINDINGS, names.cluster_role),
        (CLUSTERROLES, names.cluster_role),
        *policies.single(names),
    )
    on = frozenset(kinds_on(values))
    custom = await _custom_resources(client, names, but_not=custom_kinds(values))
    config_maps, *others = await together(
        [
            list_metadata(client, CONFIGMAPS, namespace=names.namespace, label_selector=selector),
            *(_find(client, names, resource, name) for resource, name in single),
            *(_synced(client, names, kind.resource) for kind in SYNCED if _is_off(kind, on)),
            *(_synced(client, names, resource) for resource in custom),
        ]
    )
    elsewhere = await together(_elsewhere(client, names, each) for each in (ROLEBINDINGS, ROLES))
    places = {_place(obj) for obj in wanted}
    old = [each for some in elsewhere for each in some if _place(each) not in places]
    bundles = [each for each in config_maps if each["metadata"]["name"].startswith("vc-bundle-")]
    found = [*(_typed(CONFIGMAPS, each) for each in bundles), *(each for some in others for each in some)]
    kept = {(obj["kind"], obj["metadata"]["name"]) for obj in wanted}
    return [*old, *(obj for obj in found if (obj["kind"], obj["metadata"]["name"]) not in kept)]


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


async def _elsewhere(client: Client, names: Names, resource: Resource) -> list[Object]:
    """What the virtual cluster has in other namespaces, as far as we may know."""
    selector = f"{CLUSTER}={names.cluster},{HOST_NAMESPACE}={names.namespace}"
    try:
        found = await list_metadata(client, resource, namespace=None, label_selector=selector)
    except (NotFound, Forbidden):
        return []
    return [_typed(resource, each) for each in found]


def _place(obj: Object) -> tuple[str, ...]:
    metadata = obj["metadata"]
    return obj["kind"], metadata.get("namespace", ""), metadata["name"]


async def _find(client: Client, names: Names, resource: Resource, name: str) -> list[Object]:
    """An object, if it is there and belongs to the virtual cluster."""
    try:
        found = await client.get(resource, name, namespace=names.namespace)
    except (NotFound, Forbidden):
        return []
    return [_typed(resource, found)] if labels(found).get(CLUSTER) == names.cluster else []


async def _custom_resources(client: Client, names: Names, *, but_not: Sequence[SyncedKind]) -> list[Resource]:
    """The custom resources that the syncer may write to now, and will not be: its roles name them."""
    known = {(kind.resource.group, kind.resource.plural) for kind in (*SYNCED, *but_not)}
    roles = ((ROLES, names.service_account), (CLUSTERROLES, names.cluster_role))
    found: dict[tuple[str, str], None] = {}
    for resource, name in roles:
        with suppress(NotFound, Forbidden):
            role = await client.get(resource, name, namespace=names.namespace)
            for right in rights_of(role.get("rules") or ()):
                if right.verb == "delete" and "." in right.group and right[:2] not in known:
                    found[right.group, right.resource] = None
    resources = []
    for group, plural in found:
        with suppress(ApiError):
            for each in (await served(client, group=group, plural=plural))[:1]:
                # What deletes them later has objects alone, and asks for their resources.
                Resource.known[each.resource.api_version, each.resource.kind] = each.resource
                resources.append(each.resource)
    return resources


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
