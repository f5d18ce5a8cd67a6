"""Objects of the other tool on the host that are unused once a virtual cluster is ours."""

from collections.abc import Sequence
from typing import Final

from vcli.contract.labels import CLUSTER, control_plane
from vcli.controlplane.apply import list_metadata
from vcli.controlplane.names import Names
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound, Unreachable
from vcli.kube.resources import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    CONFIGMAPS,
    LIMITRANGES,
    NETWORKPOLICIES,
    PDBS,
    RESOURCEQUOTAS,
    ROLEBINDINGS,
    ROLES,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    Resource,
)
from vcli.kube.types import Object, labels
from vcli.operations.adopt.marks import BELONGS_TO

_OF_CHART: Final = (
    SECRETS,
    SERVICES,
    SERVICEACCOUNTS,
    CONFIGMAPS,
    ROLEBINDINGS,
    ROLES,
    NETWORKPOLICIES,
    RESOURCEQUOTAS,
    LIMITRANGES,
    PDBS,
)
_IN_CLUSTER: Final = (CLUSTERROLEBINDINGS, CLUSTERROLES)


async def find_leftovers(client: Client, names: Names, kept: Sequence[Object]) -> list[Object]:
    """What is left: of its chart, Helm's record of it, Services for its nodes; metadata alone.

    Args:
        client: of the host.
        names: of the virtual cluster.
        kept: the objects of ours, some of which were the other tool's.
    """
    stays = {(obj["kind"], obj["metadata"]["name"]) for obj in kept}
    chart = f"{control_plane(names.cluster)},heritage=Helm,!{CLUSTER}"
    helm = f"owner=helm,name={names.cluster}"
    node = f"{BELONGS_TO}={names.cluster}"
    found = [
        *[each for resource in _OF_CHART for each in await _list(client, resource, names.namespace, chart)],
        *await _list(client, SECRETS, names.namespace, helm),
        *await _list(client, SERVICES, names.namespace, node),
        *[
            each
            for resource in _IN_CLUSTER
            for each in await _list(client, resource, None, chart)
            if each["metadata"]["name"] == f"vc-{names.cluster}-v-{names.namespace}"
        ],
    ]
    return [obj for obj in found if (obj["kind"], obj["metadata"]["name"]) not in stays]


async def _list(client: Client, resource: Resource, namespace: str | None, selector: str) -> list[Object]:
    try:
        found = await list_metadata(client, resource, namespace=namespace, label_selector=selector)
    except ApiError:  # what we may not see, we may not delete either
        return []
    return [{**each, "apiVersion": resource.api_version, "kind": resource.kind} for each in found]


async def remove_leftovers(
    client: Client, names: Names, found: Sequence[Object], kept: Sequence[Object]
) -> list[str]:
    """Delete them, and the keys in our Secrets that are the other tool's; returns what could not be done."""
    failed: list[str] = []
    for obj in found:
        metadata = obj["metadata"]
        try:
            await client.delete(Resource.of(obj), metadata["name"], namespace=metadata.get("namespace"))
        except NotFound:
            continue
        except (ApiError, Unreachable) as error:
            failed.append(f"{obj['kind'].lower()}/{metadata['name']}: {error.message}")
    for obj in kept:
        if obj["kind"] == "Secret" and CLUSTER in labels(obj):
            try:
                await _without_others(client, names, obj)
            except (ApiError, Unreachable) as error:
                failed.append(f"secret/{obj['metadata']['name']}: {error.message}")
    return failed


async def _without_others(client: Client, names: Names, secret: Object) -> None:
    name = secret["metadata"]["name"]
    there = await client.get(SECRETS, name, namespace=names.namespace)
    others = (there.get("data") or {}).keys() - (secret.get("data") or {}).keys()
    if others:
        await client.patch(SECRETS, name, {"data": dict.fromkeys(others)}, namespace=names.namespace)
