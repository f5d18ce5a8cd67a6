"""Gateways: the controller of their class on the host answers them.

One whose GatewayClass was made in the virtual cluster is for a controller that runs there, and stays inside.
So does one of a class of the host that is not for this virtual cluster, and one that is the host's own.
"""

from collections.abc import Iterator
from typing import Final

from vcli.kube.resources import GATEWAYCLASSES, GATEWAYS
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.kinds.gateway_api import (
    by_grants,
    is_of_own_class,
    now,
    referrer,
    warn_of_refused,
    warn_of_unknown,
)
from vcli.syncer.kinds.selection import may_use, refusal
from vcli.syncer.sync.from_host import Mapped
from vcli.syncer.sync.references import ConfigName
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate import gateways as translate
from vcli.syncer.translate.gateway_refs import Referrer
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName


def _own(ctx: SyncContext, virtual: Object) -> Referrer:
    return referrer(ctx, GATEWAYS, virtual)


async def _is_wanted(ctx: SyncContext, virtual: Object, host: Object | None) -> bool:
    """Whether the host is to answer it."""
    if is_mirror(virtual) or is_of_own_class(ctx, virtual):
        return False
    if unknown := translate.unknown(virtual):
        await warn_of_unknown(ctx, GATEWAYS, virtual, unknown)
        return False
    name = virtual["spec"]["gatewayClassName"]
    has_it = host is not None and host["spec"]["gatewayClassName"] == name
    if not has_it and not may_use(ctx, GATEWAYCLASSES, name):
        await emit_warning(ctx, GATEWAYS, virtual, refusal(GATEWAYCLASSES, name))
        return False
    return True


async def _say_what_differs(ctx: SyncContext, virtual: Object, before: Object | None, made: Object) -> None:
    """Say what does not work, each time that something was written."""
    if made is before:
        return
    for each in translate.ignored(virtual):
        await emit_warning(ctx, GATEWAYS, virtual, each, reason=IGNORED)
    await warn_of_refused(ctx, GATEWAYS, virtual, translate.refused(virtual, _own(ctx, virtual)))


def _of_class(ctx: SyncContext, gateway_class: Object) -> Iterator[VirtualName]:
    name = gateway_class["metadata"]["name"]
    found = ctx.virtual[GATEWAYS].items()
    return (name_of(each) for each in found if each["spec"]["gatewayClassName"] == name)


MAPPED: Final = Mapped(translate=translate.to_virtual, status=translate.mirrored_status)
TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, _own(ctx, virtual)),
    wanted=_is_wanted,
    status=lambda ctx, virtual, host: translate.virtual_status(virtual, host, _own(ctx, virtual), now=now()),
    after=_say_what_differs,
    references=lambda virtual: (ConfigName(*found) for found in translate.configs_of(virtual)),
    triggers=(Trigger(GATEWAYCLASSES, _of_class, created_or_deleted), by_grants(GATEWAYS)),
)
