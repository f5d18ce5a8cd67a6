"""What earlier versions or values made, and nothing needs any more."""

from collections.abc import Sequence
from contextlib import suppress

from vcli.controlplane.apply import list_metadata, together
from vcli.controlplane.names import CLUSTER_LABEL, Names
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, Forbidden, NotFound, Object
from vcli.kube.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, CONFIGMAPS, Resource


async def find_surplus(client: Client, names: Names, wanted: Sequence[Object]) -> list[Object]:
    """The objects of a virtual cluster that are there, and would not be made any more.

    Bundles of other versions, and the ClusterRole with its binding; where those may not be read, we did not
    make them.

    Args:
        client: of the host.
        names: of the virtual cluster.
        wanted: all objects as rendered.

    Returns:
        Their metadata.
    """
    bundles, *of_cluster = await together(
        [
            list_metadata(
                client, namespace=names.namespace, label_selector=f"{CLUSTER_LABEL}={names.cluster}"
            ),
            *(
                _find(client, resource, names.cluster_role)
                for resource in (CLUSTERROLEBINDINGS, CLUSTERROLES)
            ),
        ]
    )
    kept = {(obj["kind"], obj["metadata"]["name"]) for obj in wanted}
    found = [
        *(_typed(CONFIGMAPS, each) for each in bundles if each["metadata"]["name"].startswith("vc-bundle-")),
        *(each for some in of_cluster for each in some),
    ]
    return [obj for obj in found if (obj["kind"], obj["metadata"]["name"]) not in kept]


async def prune(client: Client, surplus: Sequence[Object]) -> None:
    """Delete what `find_surplus` found.

    Call it when the pod of the new version is ready: until then the old one may be wanted.
    """

    async def delete(obj: Object) -> None:
        metadata = obj["metadata"]
        with suppress(NotFound, Forbidden, Conflict):  # who may not delete a ClusterRole did not give it
            await client.delete(
                Resource.of(obj), metadata["name"], namespace=metadata.get("namespace"), uid=metadata["uid"]
            )

    await together(delete(obj) for obj in surplus)


async def _find(client: Client, resource: Resource, name: str) -> list[Object]:
    try:
        return [_typed(resource, await client.get(resource, name))]
    except (NotFound, Forbidden):
        return []


def _typed(resource: Resource, obj: Object) -> Object:
    return {**obj, "apiVersion": resource.api_version, "kind": resource.kind}
