"""Ingresses: the host's ingress controller answers them.

One whose IngressClass was made in the virtual cluster is for a controller that runs there, and stays inside.
So does one of a class of the host that is not for this virtual cluster.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from vcli.kube.resources import INGRESSCLASSES, INGRESSES, SERVICES
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.kinds.selection import may_use, refusal
from vcli.syncer.kinds.services import is_own
from vcli.syncer.sync.references import ConfigName
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate import ingresses as translate
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.services import is_on_host

BY_CLASS: Final = "class"
_NO_CLASS: Final = "NoIngressClass"
"""Reason of an event about an Ingress that neither its tenant nor the host gave a class."""
_WITHOUT_CLASS: Final = (
    "no IngressClass is named, and the host has no default one: only a controller that takes Ingresses"
    " without a class answers it; spec.ingressClassName names one"
)


def by_class(ingress: Object) -> Iterable[str]:
    """Indexer for `BY_CLASS`; the empty string for those that name none."""
    return (translate.class_of(ingress),)


async def _is_wanted(ctx: SyncContext, virtual: Object, host: Object | None) -> bool:
    """Whether the host is to answer it, and anything of it can be there."""
    name = translate.class_of(virtual)
    own = ctx.virtual[INGRESSCLASSES].get(None, name) if name else None
    if own is not None and not is_mirror(own):
        return False
    if not _has_it(host, name) and not may_use(ctx, INGRESSCLASSES, name):
        await emit_warning(ctx, INGRESSES, virtual, refusal(INGRESSCLASSES, name))
        return False
    if translate.leads_somewhere(virtual):
        return True
    for sentence in translate.ignored(virtual, scope=ctx.scope):
        await emit_warning(ctx, INGRESSES, virtual, sentence, reason=IGNORED)
    return False


def _has_it(host: Object | None, name: str) -> bool:
    """Whether the host's Ingress has a class already; one that named none keeps what the host gave it."""
    return host is not None and name in ("", translate.class_of(host))


async def _warn_of_ignored(ctx: SyncContext, virtual: Object, before: Object | None, made: Object) -> None:
    """Say what does not work, each time that something was written."""
    if made is before:
        return
    for sentence in (*translate.ignored(virtual, scope=ctx.scope), *_without_service(ctx, virtual)):
        await emit_warning(ctx, INGRESSES, virtual, sentence, reason=IGNORED)
    if not (translate.class_of(virtual) or translate.class_of(made)):
        await emit_warning(ctx, INGRESSES, virtual, _WITHOUT_CLASS, reason=_NO_CLASS)


def _without_service(ctx: SyncContext, virtual: Object) -> Iterator[str]:
    """A sentence for each Service among its backends that the host does not have."""
    for name in dict.fromkeys(translate.services_of(virtual)):
        service = ctx.in_virtual(SERVICES, name)
        if service is not None and (is_own(name, ctx) or not is_on_host(service)):
            of_type = service["spec"].get("type")
            what = "of type ExternalName" if of_type == "ExternalName" else "made by the virtual cluster"
            yield f"backend Service {name.name} is {what}: the host does not have it, and answers 404 or 503"


def _of_class(ctx: SyncContext, ingress_class: Object) -> Iterator[VirtualName]:
    names = (ingress_class["metadata"]["name"], "")
    return (name_of(each) for name in names for each in ctx.virtual[INGRESSES].by_index(BY_CLASS, name))


TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, scope=ctx.scope),
    wanted=_is_wanted,
    status=lambda _, virtual, host: translate.virtual_status(host, virtual),
    after=_warn_of_ignored,
    references=lambda virtual: (ConfigName(*found) for found in translate.configs_of(virtual)),
    triggers=(Trigger(INGRESSCLASSES, _of_class, created_or_deleted),),
    indexers={BY_CLASS: by_class},
)
