"""What earlier versions or values made, and nothing needs any more."""

from contextlib import suppress

from vcli.controlplane.apply import list_metadata, together
from vcli.controlplane.names import CLUSTER_LABEL, Names
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, CONFIGMAPS, SECRETS


async def prune_bundles(client: Client, names: Names, *, keep: str | None) -> list[str]:
    """Delete all bundles of a virtual cluster but one.

    Call it when the pod of the new version is ready: until then the old one may be wanted.

    Args:
        client: of the host.
        names: of the virtual cluster.
        keep: digest of the bundle in use, None when the syncer is in an image.

    Returns:
        The names of the ConfigMaps that are gone.
    """
    found = await list_metadata(
        client, namespace=names.namespace, label_selector=f"{CLUSTER_LABEL}={names.cluster}"
    )
    bundles = [item["metadata"] for item in found if item["metadata"]["name"].startswith("vc-bundle-")]
    old = [bundle for bundle in bundles if not keep or not bundle["name"].startswith(f"vc-bundle-{keep}-")]

    async def delete(name: str, uid: str) -> None:
        try:
            await client.delete(CONFIGMAPS, name, namespace=names.namespace, uid=uid)
        except NotFound:
            return

    await together(delete(bundle["name"], bundle["uid"]) for bundle in old)
    return [bundle["name"] for bundle in old]


async def prune_cluster_rights(client: Client, names: Names) -> None:
    """Take the syncer's ClusterRole away; who may not did not give it."""
    for resource in (CLUSTERROLEBINDINGS, CLUSTERROLES):
        with suppress(NotFound, Forbidden):
            await client.delete(resource, names.cluster_role)


async def prune_values_secret(client: Client, names: Names) -> None:
    """Delete the Secret in which earlier versions kept the values; now it is a ConfigMap."""
    with suppress(NotFound, Forbidden):
        await client.delete(SECRETS, names.values, namespace=names.namespace)
