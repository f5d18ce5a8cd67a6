"""Back to the objects from before an upgrade that failed."""

from collections.abc import Sequence

from vcli.controlplane.apply import apply
from vcli.controlplane.names import FIELD_MANAGER
from vcli.controlplane.ownership import applied
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, NotFound, Object
from vcli.kube.resources import Resource
from vcli.operations.changes import Planned

# These were missing, which no upgrade does: they are repairs, and with a StatefulSet its claims would go too.
_KEPT = ("StatefulSet", "Secret")


async def restore(client: Client, planned: Sequence[Planned]) -> list[Object]:
    """Apply again what was applied before, and delete what the upgrade made.

    What was applied is read from the objects as they were: their fields that are ours by server-side apply.
    So nothing that others wrote is touched, and a later upgrade finds the same owners as ever.

    Args:
        client: of the host.
        planned: the objects that the upgrade was about to change.

    Returns:
        The restored objects as the host answered.

    Raises:
        ApiError: the host refuses one.
        Unreachable: it does not answer.
    """
    before = [former(each.live) for each in planned if each.action == "changed" and each.live]
    restored = await apply(client, before)
    for each in planned:
        if each.action == "created" and each.wanted["kind"] not in _KEPT:
            await _delete(client, each.wanted)
    return restored


def former(live: Object) -> Object:
    """An object as it was applied before; all of it if that can't be known."""
    found = applied(live, manager=FIELD_MANAGER)
    if found is not None:
        return found
    metadata = {
        key: value
        for key, value in live["metadata"].items()
        if key in {"name", "namespace", "labels", "annotations", "ownerReferences"}
    }
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


async def _delete(client: Client, obj: Object) -> None:
    metadata = obj["metadata"]
    try:
        await client.delete(Resource.of(obj), metadata["name"], namespace=metadata.get("namespace"))
    except (NotFound, Conflict):
        return
