"""The PriorityClass and the ServiceAccount of a pod, as the host has them: a pod names them once for all."""

from collections.abc import Iterator

from vcli.kube.resources import PRIORITYCLASSES, SERVICEACCOUNTS, Resource
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.sync.from_host import to_mirror
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.priorityclasses import is_system


def named_by(ctx: SyncContext, pod: Object) -> Iterator[tuple[Resource, VirtualName]]:
    """What of these a pod names, of the kinds that are synced in whichever direction."""
    spec = pod["spec"]
    if PRIORITYCLASSES in ctx.virtual and spec.get("priorityClassName"):
        yield PRIORITYCLASSES, VirtualName("", spec["priorityClassName"])
    if SERVICEACCOUNTS in ctx.host:
        yield SERVICEACCOUNTS, _account(pod)


def is_waited_for(ctx: SyncContext, resource: Resource, virtual: Object) -> bool:
    """Whether a pod has to wait for the host object of one: it is synced to the host, and not there yet.

    What the host does not let us list is not waited for: pods then run without it.
    """
    if resource not in ctx.host or not ctx.host[resource].available or is_terminating(virtual):
        return False
    if resource == PRIORITYCLASSES and (is_mirror(virtual) or is_system(virtual)):
        return False
    host = ctx.on_host(resource, name_of(virtual))
    return host is None or virtual_uid_of(host) != uid(virtual)


def priority_classes(ctx: SyncContext, pod: Object) -> dict[str, str]:
    """The host's PriorityClass by the virtual one that a pod names; empty where there is none for it."""
    name = pod["spec"].get("priorityClassName")
    if not name or PRIORITYCLASSES not in ctx.virtual:
        return {}
    virtual = ctx.virtual[PRIORITYCLASSES].get(None, name)
    if virtual is None:
        return {}
    if is_mirror(virtual):
        key = to_mirror(PRIORITYCLASSES)
        there = key in ctx.host and ctx.host[key].get(None, name) is not None
        return {name: name} if there else {}
    host = ctx.on_host(PRIORITYCLASSES, VirtualName("", name)) if PRIORITYCLASSES in ctx.host else None
    return {} if host is None else {name: host["metadata"]["name"]}


def service_account(ctx: SyncContext, pod: Object) -> str:
    """The host's ServiceAccount for a pod: its own where that is synced, else that of all pods."""
    host = ctx.on_host(SERVICEACCOUNTS, _account(pod)) if SERVICEACCOUNTS in ctx.host else None
    if host is None or is_terminating(host):
        return ctx.settings.workload_service_account
    name: str = host["metadata"]["name"]
    return name


def _account(pod: Object) -> VirtualName:
    return VirtualName(pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName") or "default")
