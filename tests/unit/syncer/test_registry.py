"""From the catalog to what runs: each kind that is on has a module, and only those are imported."""

import dataclasses
import subprocess
import sys

import pytest
from two_clusters import TwoClusters

from vcli.catalog import SYNCED
from vcli.catalog.kind import SyncedKind
from vcli.kube.resources import (
    ENDPOINTSLICES,
    EVENTS,
    INGRESSCLASSES,
    INGRESSES,
    NAMESPACES,
    NETWORKPOLICIES,
    PDBS,
    SERVICEACCOUNTS,
    STORAGECLASSES,
    VOLUMESNAPSHOTS,
)
from vcli.syncer.caches import watch_all
from vcli.syncer.registry import (
    OWN_CONTROLLERS,
    controllers,
    from_host_kinds,
    is_synced,
    selector_of_mirrored,
    to_host_kinds,
)
from vcli.syncer.sync.from_host import FromHost, to_mirror
from vcli.syncer.sync.references import ReferenceIndex
from vcli.syncer.sync.to_host import ToHost

ALL = {kind.path: True for kind in SYNCED}
GENERIC = [kind for kind in SYNCED if kind.path not in OWN_CONTROLLERS and not kind.mapped]


@pytest.mark.parametrize("kind", GENERIC, ids=lambda kind: kind.path)
def test_each_kind_of_the_catalog_has_a_module(kind: SyncedKind) -> None:
    settings = dataclasses.replace(TwoClusters(NAMESPACES).ctx.settings, kinds=ALL)
    found = dict(to_host_kinds(settings) if kind.direction == "toHost" else from_host_kinds(settings))
    assert isinstance(found[kind.resource], ToHost if kind.direction == "toHost" else FromHost)


def test_what_is_on_by_default_and_by_settings() -> None:
    settings = TwoClusters(NAMESPACES).ctx.settings
    assert [resource for resource, _ in to_host_kinds(settings)] == [
        ENDPOINTSLICES,
        INGRESSES,
        PDBS,
    ]
    assert not is_synced(settings, NETWORKPOLICIES)
    assert is_synced(settings, EVENTS)
    assert not is_synced(settings, STORAGECLASSES)
    other = dataclasses.replace(settings, kinds={"toHost.serviceAccounts": True, "fromHost.events": False})
    assert SERVICEACCOUNTS in dict(to_host_kinds(other))
    assert not is_synced(other, EVENTS)


def test_all_kinds_have_their_caches_and_a_controller_each() -> None:
    ctx = TwoClusters(NAMESPACES).ctx
    ctx = dataclasses.replace(ctx, settings=dataclasses.replace(ctx.settings, kinds=ALL))
    watch_all(ctx)
    names = [each.name for each in controllers(ctx, ReferenceIndex(ctx.virtual))]
    prefixes = {"toHost": "", "fromHost": "mirrored-"}
    kinds = [*GENERIC, *(kind for kind in SYNCED if kind.mapped)]
    assert sorted(names) == sorted(prefixes[kind.direction] + kind.resource.plural for kind in kinds)


def test_what_is_synced_to_the_host_is_never_mirrored_and_the_rest_may_be_selected() -> None:
    settings = TwoClusters(NAMESPACES).ctx.settings
    expression = {"key": "stage", "operator": "NotIn", "values": ["test", "old"]}
    chosen = {"matchLabels": {"tier": "gold"}, "matchExpressions": [expression]}
    settings = dataclasses.replace(
        settings, kinds=ALL, selectors={"fromHost.storageClasses": chosen, "fromHost.other": {}}
    )
    assert selector_of_mirrored(settings, INGRESSCLASSES) == "!vcli.dev/managed-by"
    assert (
        selector_of_mirrored(settings, STORAGECLASSES)
        == "!vcli.dev/managed-by,tier=gold,stage notin (test,old)"
    )


def test_what_is_off_is_not_imported() -> None:
    code = (
        "import sys, vcli.syncer.main, vcli.syncer.registry as registry\n"
        "off = ('kinds.custom', 'kinds.mapped', 'kinds.resourceclaims', 'storageclasses')\n"
        "assert not [each for each in sys.modules if each.endswith(off)]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_off_has_no_cache() -> None:
    ctx = TwoClusters(NAMESPACES).ctx
    watch_all(ctx)
    mirrored = to_mirror(STORAGECLASSES)
    for caches, key in (
        *((ctx.host, VOLUMESNAPSHOTS), (ctx.virtual, VOLUMESNAPSHOTS)),
        *((ctx.host, STORAGECLASSES), (ctx.host, mirrored), (ctx.virtual, STORAGECLASSES)),
    ):
        assert key not in caches
        with pytest.raises(KeyError):
            _ = caches[key]


def test_what_a_kind_depends_on_has_a_cache_while_it_is_on() -> None:
    ctx = TwoClusters(NAMESPACES).ctx
    watch_all(ctx)
    assert INGRESSCLASSES in ctx.virtual
    off = TwoClusters(NAMESPACES).ctx
    off = dataclasses.replace(
        off, settings=dataclasses.replace(off.settings, kinds={"toHost.ingresses": False})
    )
    watch_all(off)
    assert INGRESSCLASSES not in off.virtual
