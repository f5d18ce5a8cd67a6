"""Classes of the host that the values select: what may name them, and what others are told."""

import asyncio
import dataclasses
from typing import Any

import pytest
from two_clusters import TwoClusters

from vcli.kube.resources import INGRESSCLASSES, STORAGECLASSES, Resource
from vcli.syncer.kinds.ingresses import TO_HOST
from vcli.syncer.kinds.selection import may_use
from vcli.syncer.sync.from_host import to_mirror
from vcli.syncer.translate import keys

Object = dict[str, Any]
PATHS = {INGRESSCLASSES: "fromHost.ingressClasses", STORAGECLASSES: "fromHost.storageClasses"}
DEFAULTS = {
    INGRESSCLASSES: "ingressclass.kubernetes.io/is-default-class",
    STORAGECLASSES: "storageclass.kubernetes.io/is-default-class",
}


class Lab(TwoClusters):
    """A host of which some classes are selected."""

    def __init__(self, resource: Resource, *names: str, default: str = "", limited: bool = True) -> None:
        super().__init__(resource)
        selectors = {PATHS[resource]: {"matchLabels": {"tier": "gold"}}} if limited else {}
        self.ctx = dataclasses.replace(
            self.ctx, settings=dataclasses.replace(self.ctx.settings, selectors=selectors)
        )
        cache = self.ctx.host.watch(resource, key=to_mirror(resource))
        for name in names:
            noted = {DEFAULTS[resource]: "true"} if name == default else {}
            cache.store(class_of_that_name(name, annotations=noted))

    def wants(self, ingress: Object, host: Object | None = None) -> bool:
        return asyncio.run(TO_HOST.wanted(self.ctx, ingress, host))  # type: ignore[arg-type]


def class_of_that_name(name: str, **metadata: Any) -> Object:
    return {"metadata": {"name": name, "uid": name, "resourceVersion": "1", **metadata}}


def ingress(name: str | None = None) -> Object:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    spec = {"defaultBackend": backend, **({"ingressClassName": name} if name else {})}
    return {"metadata": {"name": "web", "namespace": "default", "uid": "1"}, "spec": spec}


@pytest.mark.parametrize("resource", [INGRESSCLASSES, STORAGECLASSES])
def test_what_is_selected_may_be_named_and_none_where_the_default_is(resource: Resource) -> None:
    lab = Lab(resource, "gold", "silver", default="silver")
    assert [may_use(lab.ctx, resource, name) for name in ("gold", "bronze", "")] == [True, False, True]
    assert not may_use(Lab(resource, "gold").ctx, resource, "")
    assert not may_use(Lab(resource).ctx, resource, "gold")
    unlimited = Lab(resource, limited=False).ctx
    assert may_use(unlimited, resource, "any")
    assert may_use(unlimited, resource, "")


def test_an_ingress_of_another_class_stays_inside_and_is_told() -> None:
    lab = Lab(INGRESSCLASSES, "gold")
    assert lab.wants(ingress("gold"))
    assert lab.warnings.messages == []
    assert not lab.wants(ingress("bronze"))
    assert not lab.wants(ingress())
    assert lab.warnings.messages == [
        "IngressClass bronze is not one of those of the host that this virtual cluster may use",
        "it names no IngressClass, and this virtual cluster may not use the host's default one",
    ]


def test_what_is_on_the_host_keeps_its_class_and_gets_no_other() -> None:
    lab = Lab(INGRESSCLASSES)
    assert lab.wants(ingress("bronze"), ingress("bronze"))
    assert lab.wants(ingress(), ingress("bronze")), "the host had given it that one"
    assert not lab.wants(ingress("bronze"), ingress("gold"))


def test_one_of_a_class_that_a_tenant_made_stays_inside_without_a_word() -> None:
    lab = Lab(INGRESSCLASSES, "gold")
    lab.in_virtual(class_of_that_name("bronze"))
    lab.in_virtual(class_of_that_name("gold", labels={keys.MIRROR: "true"}))
    assert not lab.wants(ingress("bronze"))
    assert lab.warnings.messages == []
    assert lab.wants(ingress("gold"))
