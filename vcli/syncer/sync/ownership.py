"""Who owns host objects in no namespace, which the control plane's Service can't."""

from vcli.contract.labels import cluster_role
from vcli.kube.errors import ApiError
from vcli.kube.resources import CLUSTERROLES
from vcli.kube.types import OwnerReference, uid
from vcli.syncer.engine.context import Object, SyncContext


async def with_owner(ctx: SyncContext, desired: Object) -> Object:
    """The host object with the syncer's ClusterRole as its owner: it goes when that does, whoever deletes it.

    It is read each time: with a uid of before, the host's garbage collector would take what was just made.
    Without the right to read it there is no owner.
    """
    try:
        role = await ctx.host.client.get(CLUSTERROLES, cluster_role(ctx.scope.cluster, ctx.namespace))
    except ApiError:
        return desired
    owner: OwnerReference = {
        "apiVersion": CLUSTERROLES.api_version,
        "kind": CLUSTERROLES.kind,
        "name": role["metadata"]["name"],
        "uid": uid(role),
    }
    return {**desired, "metadata": {**desired["metadata"], "ownerReferences": [owner]}}
