"""ResourceClaims: the host's scheduler allocates devices, and its drivers prepare them for pods."""

from typing import Final

from vcli.kube.resources import DEVICECLASSES, PODS, RESOURCECLAIMS
from vcli.kube.types import uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.kinds.indexes import is_finished
from vcli.syncer.kinds.selection import may_use, refusal
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate import resourceclaims as translate
from vcli.syncer.translate.metadata import virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName


async def _is_wanted(ctx: SyncContext, virtual: Object, host: Object | None) -> bool:
    """Not if it asks for a class that is not for this virtual cluster."""
    if host is not None:
        return True
    for name in sorted(translate.device_classes(virtual)):
        if not may_use(ctx, DEVICECLASSES, name):
            await emit_warning(ctx, RESOURCECLAIMS, virtual, refusal(DEVICECLASSES, name))
            return False
    return True


def _asking_for(ctx: SyncContext, device_class: Object) -> list[VirtualName]:
    """The claims that are not on the host, as they ask for a class that was not for them before."""
    name = device_class["metadata"]["name"]
    asking = [each for each in ctx.virtual[RESOURCECLAIMS].items() if name in translate.device_classes(each)]
    return [each for each in map(name_of, asking) if ctx.on_host(RESOURCECLAIMS, each) is None]


def _status(ctx: SyncContext, virtual: Object, host: Object) -> Object:
    consumers = _consumers(ctx, host)
    return translate.virtual_status(host, virtual, consumers=consumers, scope=ctx.scope)


def _consumers(ctx: SyncContext, host: Object) -> dict[str, Object]:
    """Virtual pod by the uid of the host pod that uses a host claim.

    Without those that have finished or are gone: the virtual cluster would take them away again and again.
    """
    found = {}
    for each in (host.get("status") or {}).get("reservedFor") or ():
        pod = ctx.host[PODS].get(ctx.namespace, each["name"])
        name = virtual_name_of(pod, scope=ctx.scope, kind=PODS.kind) if pod is not None else None
        virtual = ctx.in_virtual(PODS, name) if name is not None else None
        if pod is None or virtual is None or uid(pod) != each["uid"] or is_finished(virtual):
            continue
        if uid(virtual) == virtual_uid_of(pod):
            found[each["uid"]] = virtual
    return found


TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, scope=ctx.scope),
    wanted=_is_wanted,
    patch_virtual=lambda _, virtual, host: translate.virtual_patch(host, virtual),
    status=_status,
    triggers=(Trigger(DEVICECLASSES, _asking_for, created_or_deleted),),
)
