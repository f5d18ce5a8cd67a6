"""PersistentVolumes of a tenant's own, as claims get them: which ones they are, and which claim has which."""

from vcli.kube.resources import PVCS, PVS, STORAGECLASSES
from vcli.kube.types import is_terminating
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.kinds.indexes import BY_VOLUME
from vcli.syncer.translate import persistentvolumes as translate
from vcli.syncer.translate.metadata import host_name_for, virtual_name_of
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import HostName, VirtualName
from vcli.syncer.translate.pvs import is_ours


def are_synced(ctx: SyncContext) -> bool:
    """Whether tenants' own volumes are given to the host."""
    return PVS in ctx.host


def is_own(ctx: SyncContext, volume: Object) -> bool:
    """Whether a virtual volume is a tenant's own, and not one whose label a tenant has taken off."""
    if is_ours(volume):
        return False
    name = volume["metadata"]["name"]
    on_host = _name_on_host(ctx, name)
    for claim in ctx.virtual[PVCS].by_index(BY_VOLUME, name):
        host = ctx.on_host(PVCS, name_of(claim))
        phase = (host.get("status") or {}).get("phase") if host is not None else None
        if host is not None and phase == "Bound" and host["spec"]["volumeName"] != on_host:
            return False
    return True


def wanted_volume(ctx: SyncContext, claim: Object) -> HostName | None:
    """The host volume of a tenant's own that a virtual claim gets: by its name, or as it was reserved."""
    if not are_synced(ctx):
        return None
    named = claim["spec"].get("volumeName")
    for volume in ctx.virtual[PVS].items():
        name = volume["metadata"]["name"]
        if named in (None, "", name) and (named or translate.is_for(volume, claim)) and is_own(ctx, volume):
            return _name_on_host(ctx, name)
    return None


def own_name(ctx: SyncContext, on_host: str) -> str | None:
    """The virtual name of a host volume that is a tenant's own, or is to be one: a claim may be first."""
    if not on_host or not are_synced(ctx):
        return None
    if (host := ctx.host[PVS].get(None, on_host)) is not None:
        found = virtual_name_of(host, scope=ctx.scope, kind=PVS.kind)
        return None if found is None else found.name
    names = [each["metadata"]["name"] for each in ctx.virtual[PVS].items() if not is_ours(each)]
    return next((name for name in names if _name_on_host(ctx, name) == on_host), None)


async def reserve(ctx: SyncContext, claim: Object) -> None:
    """Reserve a tenant's own volume for a claim that has none, if there is one for it.

    Raises:
        Conflict: another claim got it at this moment: try again.
        ApiError: as the virtual API answers.
    """
    own = [each for each in ctx.virtual[PVS].items() if not is_terminating(each) and is_own(ctx, each)]
    chosen = translate.match(claim, own)
    if chosen is not None and not chosen["spec"].get("claimRef"):
        # As it was when it was free: of two that want it, one gets it.
        version = chosen["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "spec": {"claimRef": translate.reservation(claim)}}
        await ctx.virtual.writer.patch(PVS, chosen, patch)


def storage_classes(ctx: SyncContext, obj: Object) -> dict[str, str]:
    """The host's StorageClass by the tenant's own one that a claim or volume names; empty for the host's."""
    name = obj["spec"].get("storageClassName")
    if not name or STORAGECLASSES not in ctx.host:
        return {}
    virtual = ctx.virtual[STORAGECLASSES].get(None, name)
    if virtual is None or is_mirror(virtual):
        return {}
    return {name: host_name_for(name_of(virtual), kind=STORAGECLASSES.kind, scope=ctx.scope)}


def _name_on_host(ctx: SyncContext, name: str) -> HostName:
    return host_name_for(VirtualName("", name), kind=PVS.kind, scope=ctx.scope)
