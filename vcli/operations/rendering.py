"""From values and what the host is like to the objects of a virtual cluster: the part that asks the host."""

from typing import TYPE_CHECKING

from vcli.config.schema import Values
from vcli.controlplane import render
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names
from vcli.controlplane.rights import features
from vcli.controlplane.stores.embedded_etcd import wants_claim
from vcli.errors import ConflictError
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import ENDPOINTS
from vcli.kube.types import Object
from vcli.operations.facts import make_keys
from vcli.operations.preflight import PreflightResult, find_storage
from vcli.operations.rights_elsewhere import find_closed
from vcli.operations.steps import Steps

if TYPE_CHECKING:
    from vcli.bootstrap.pki import Files


async def rendered(
    client: Client,
    names: Names,
    values: Values,
    preflight: PreflightResult,
    service: Object,
    *,
    bundle: Bundle | None,
    fresh: "Files | None" = None,
    steps: Steps,
) -> list[Object]:
    """The objects as they are to be applied, keys and facts among them.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: what the user chose.
        preflight: from `vcli.operations.preflight.run_preflight`.
        service: the virtual cluster's Service as the host answered it.
        bundle: the syncer's code; None when an image has it.
        fresh: first keys of a cluster that has none yet; None to keep those that are on the host.
        steps: is warned of what will not work.

    Raises:
        ConflictError: the values ask for another store than the one that is there.
        NoServiceCidrError: the range of Service IPs can't be found out.
    """
    facts = await find_facts(client, names, values, preflight, steps=steps)
    keys = await make_keys(client, names, values, service, fresh=fresh)
    return render.render(
        names,
        values,
        facts,
        bundle=bundle,
        owner=service["metadata"]["uid"],
        more=keys.objects,
        renewed=keys.renewal(preflight.workload),
    )


async def find_facts(
    client: Client, names: Names, values: Values, preflight: PreflightResult, *, steps: Steps
) -> Facts:
    """What the static objects depend on.

    Raises:
        ConflictError: the values ask for another store than the one that is there.
    """
    storage = await _storage(client, names, values, preflight, steps)
    lacking = [each.title for name, each in features(values).items() if name not in preflight.features]
    if lacking:
        steps.warn(f"you lack the rights to make these work: {', '.join(lacking)}")
    ports = await api_ports(client) if values.policies.network_policy.enabled else ()
    closed = await find_closed(client, names, values, steps=steps)
    return Facts(storage=storage, features=preflight.features, api_ports=ports, closed=closed)


async def api_ports(client: Client) -> tuple[int, ...]:
    """Where the host's API server listens, if we may know."""
    try:
        found = await client.get(ENDPOINTS, "kubernetes", namespace="default")
    except (Forbidden, NotFound):
        return ()
    return tuple(port["port"] for each in found.get("subsets") or () for port in each.get("ports") or ())


async def _storage(
    client: Client, names: Names, values: Values, preflight: PreflightResult, steps: Steps
) -> Storage | None:
    store_of = values.control_plane.backing_store
    if store_of.etcd.external.enabled or store_of.database.external.enabled:
        return None
    storage = preflight.storage
    if not preflight.storage_known:
        storage, _ = await find_storage(client, names, values)
    claim = values.control_plane.stateful_set.persistence.volume_claim
    if preflight.has_claim is not None and claim.enabled == "auto":
        # What the store is on was decided when it was created.
        return preflight.own_storage if preflight.has_claim else None
    if preflight.has_claim is not None and preflight.has_claim is not wants_claim(claim, storage):
        there = "on a volume claim" if preflight.has_claim else "in the pod only"
        raise ConflictError(
            f"virtual cluster {names.cluster!r} keeps its data {there}, which can't be changed",
            hint="leave volumeClaim.enabled (and --ephemeral) as it was at its creation; for another store"
            " create a second virtual cluster and apply your manifests there",
        )
    if preflight.has_claim:
        return preflight.own_storage
    if claim.enabled == "auto" and storage is None:
        steps.warn(
            "the host has no default StorageClass: the data will live as long as the pod"
            " (--ephemeral says that this is meant)"
        )
    return storage
