"""From the catalog to what runs: the kinds that are on, and the module of each in `vcli.syncer.kinds`.

A module is named by the plural, and has a `ToHost` as ``TO_HOST``, a `FromHost` as ``FROM_HOST``, or both.
It is imported only where the kind is on. Kinds with controllers of their own are put together in
`vcli.syncer.main`.
"""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from vcli.catalog import SYNCED, kinds_on
from vcli.catalog.kind import SyncedKind
from vcli.contract.settings import Settings
from vcli.errors import VcliError
from vcli.kube.resources import CRDS, Resource
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.log import Log
from vcli.syncer.sync.from_host import FromHost, from_host, remove_mirrors
from vcli.syncer.sync.references import ReferenceIndex
from vcli.syncer.sync.to_host import ToHost, to_host
from vcli.syncer.translate import keys
from vcli.syncer.translate.labels import selector_text
from vcli.syncer.translate.mirrors import is_mirror

log = Log("vcli.syncer.kinds")

OWN_CONTROLLERS: Final = frozenset(
    {
        *(f"toHost.{key}" for key in ("pods", "services", "configMaps", "secrets", "persistentVolumeClaims")),
        *(f"fromHost.{key}" for key in ("persistentVolumes", "events", "nodes")),
    }
)
"""The kinds that need controllers of their own, by `vcli.catalog.kind.SyncedKind.path`."""


def kinds_of(settings: Settings) -> list[SyncedKind]:
    """The kinds that are synced, in the order of the catalog."""
    return kinds_on(settings.kinds)


def is_synced(settings: Settings, resource: Resource) -> bool:
    """Whether a kind is synced, in whichever direction."""
    return any(kind.resource == resource for kind in kinds_of(settings))


def to_host_kinds(settings: Settings) -> Iterator[tuple[Resource, ToHost]]:
    """The kinds to the host that need no controller of their own."""
    for kind in kinds_of(settings):
        if kind.direction == "toHost" and kind.path not in OWN_CONTROLLERS:
            yield kind.resource, _module(kind.resource).TO_HOST


def from_host_kinds(settings: Settings) -> Iterator[tuple[Resource, FromHost]]:
    """The kinds from the host that need no controller of their own."""
    for kind in kinds_of(settings):
        if kind.direction == "fromHost" and kind.path not in OWN_CONTROLLERS and not kind.mapped:
            yield kind.resource, _module(kind.resource).FROM_HOST


def mapped_kinds(settings: Settings) -> Iterator[tuple[SyncedKind, ModuleType]]:
    """The kinds of which the values name the objects, and the module of them all."""
    for kind in kinds_of(settings):
        if kind.mapped:
            yield kind, import_module("vcli.syncer.kinds.mapped")


def definitions(settings: Settings) -> list[str]:
    """The CustomResourceDefinitions that the virtual cluster gets from the host, by name."""
    of_catalog = (name for kind in kinds_of(settings) for name in kind.names_of_definitions)
    named = (path.split(".", 2)[2] for path in settings.custom_resources)
    return sorted({*of_catalog, *named})


def selector_of_mirrored(settings: Settings, resource: Resource) -> str:
    """Which objects of a kind are mirrored, of the host: those that the values select, but no synced ones.

    What another virtual cluster has synced to the host has names of that cluster in it.
    """
    kinds = [kind for kind in kinds_of(settings) if kind.resource == resource]
    chosen = [settings.selectors.get(kind.path, {}) for kind in kinds]
    return ",".join(filter(None, [f"!{keys.MANAGED_BY}", *map(selector_text, chosen)]))


def controllers(ctx: SyncContext, references: ReferenceIndex) -> Iterator[Controller[Any]]:
    """The controllers of all these kinds; their caches must have been asked for."""
    for resource, sync in to_host_kinds(ctx.settings):
        if sync.references is not None:
            references.register(resource, sync.references)
        yield to_host(ctx, resource, sync)
    for resource, mirrored in from_host_kinds(ctx.settings):
        yield from_host(ctx, resource, mirrored)
    for kind, module in mapped_kinds(ctx.settings):
        yield module.controller(ctx, kind)


async def tidy(ctx: SyncContext) -> None:
    """Take away what kinds that are off have left in the virtual cluster."""
    on = kinds_of(ctx.settings)
    for kind in SYNCED:
        if kind.direction != "fromHost" or kind in on or kind.path in OWN_CONTROLLERS:
            continue
        try:
            if kind.mapped and kind.resource in ctx.virtual:
                for obj in filter(is_mirror, ctx.virtual[kind.resource].items()):
                    await ctx.virtual.writer.delete(kind.resource, obj)
            else:
                await remove_mirrors(ctx, kind.resource)
        except VcliError as error:  # the next start tries again
            log.warning("mirrors not removed", kind=kind.resource.kind, error=error)
    try:
        for resource in await _mirrored_no_more(ctx):
            await remove_mirrors(ctx, resource)
    except VcliError as error:
        log.warning("mirrors of custom resources not removed", error=error)


async def _mirrored_no_more(ctx: SyncContext) -> list[Resource]:
    """The custom resources that mirrors may be left of: their definitions are mirrors, which stay."""
    found, of_catalog = [], {name for kind in SYNCED for name in kind.names_of_definitions}
    for definition in (await ctx.virtual.client.list(CRDS, label_selector=keys.MIRROR))["items"]:
        spec, name = definition["spec"], definition["metadata"]["name"]
        served = [each["name"] for each in spec["versions"] if each["served"]]
        stays = name in of_catalog or f"fromHost.customResources.{name}" in ctx.settings.custom_resources
        if served and not stays:
            names, namespaced = spec["names"], spec["scope"] == "Namespaced"
            found.append(Resource(spec["group"], served[0], names["plural"], names["kind"], namespaced))
    return found


def _module(resource: Resource) -> Any:
    return import_module(f"vcli.syncer.kinds.{resource.plural}")
