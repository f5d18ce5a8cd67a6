"""What of the host's ConfigMaps and Secrets is shown, when, and what is left alone."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from two_clusters import TwoClusters

from scripted_api import listed, ok, refused
from vcli.catalog import SYNCED
from vcli.kube.resources import CRDS, NAMESPACES, SECRETS
from vcli.syncer.kinds.mapped import controller, watch
from vcli.syncer.registry import tidy
from vcli.syncer.translate.mapped import to_virtual
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

[KIND] = [kind for kind in SYNCED if kind.path == "fromHost.secrets"]
SHARED, OWN = SECRETS.path(namespace="shared"), SECRETS.path(namespace="team-a")
INSIDE = SECRETS.path(namespace="apps")
ONE = {"shared/root": "apps/ca"}
ALL_OF_OWN = {"": "apps/*"}


def secret(name: str, namespace: str, *, value: str = "MQ==", version: int = 1) -> Object:
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": f"{namespace}-{name}",
        "resourceVersion": str(version),
    }
    return {"metadata": metadata, "type": "Opaque", "data": {"a": value}}


def mirror_of(host: Object, name: str) -> Object:
    made = to_virtual(host, VirtualName("apps", name), kind="Secret")
    return {**made, "metadata": {**made["metadata"], "uid": name, "resourceVersion": "2"}}


class Run:
    """One run of the controller over what both clusters have."""

    def __init__(
        self, by_name: dict[str, str], *virtual: Object, namespaces: tuple[str, ...] = ("apps",)
    ) -> None:
        self.clusters = TwoClusters(NAMESPACES)
        ctx = self.clusters.ctx
        settings = dataclasses.replace(ctx.settings, mappings={KIND.path: by_name})
        self.ctx = dataclasses.replace(ctx, settings=settings)
        self.ctx.virtual.watch(SECRETS)
        known = ({"metadata": {"name": each, "uid": each, "resourceVersion": "1"}} for each in namespaces)
        self.clusters.virtual.on("GET", NAMESPACES.path(), listed(*known))
        self.clusters.host.on("GET", NAMESPACES.path(), listed())
        self.clusters.virtual.on("GET", SECRETS.path(), listed(*virtual))
        self.clusters.virtual.on(
            "POST", NAMESPACES.path(), ok({"metadata": {"name": "apps", "resourceVersion": "3"}})
        )
        for name in ("ca", "root", "own"):
            path = f"{INSIDE}/{name}"
            self.clusters.virtual.on("PATCH", path, ok(mirror_of(secret("root", "shared"), name)))
            self.clusters.virtual.on("DELETE", path, ok({}))

    def __call__(self, in_fake_time: InFakeTime) -> list[tuple[str, str]]:
        """What the virtual cluster was sent, each once: what was applied is not seen in its answers."""

        async def simulate() -> None:
            watch(self.ctx, KIND)
            running = (self.ctx.host, self.ctx.virtual, controller(self.ctx, KIND))
            tasks = [asyncio.create_task(each.run()) for each in running]
            await asyncio.sleep(5)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        in_fake_time(simulate)
        sent = [each for each in self.clusters.virtual.requests if each.method != "GET"]
        return list(dict.fromkeys((each.method, each.path) for each in sent))


def test_one_that_is_named_is_shown_in_a_namespace_that_is_made_for_it(in_fake_time: InFakeTime) -> None:
    run = Run(ONE, namespaces=())
    run.clusters.host.on("GET", SHARED, listed(secret("root", "shared")))
    assert run(in_fake_time) == [("POST", NAMESPACES.path()), ("PATCH", f"{INSIDE}/ca")]


def test_all_of_the_own_namespace(in_fake_time: InFakeTime) -> None:
    run = Run(ALL_OF_OWN)
    run.clusters.host.on("GET", OWN, listed(secret("root", "team-a"), secret("own", "team-a")))
    assert sorted(run(in_fake_time)) == [("PATCH", f"{INSIDE}/own"), ("PATCH", f"{INSIDE}/root")]


def test_a_mirror_goes_when_the_host_has_it_no_more_or_the_values_name_it_no_more(
    in_fake_time: InFakeTime,
) -> None:
    for by_name in (ONE, {"shared/root": "apps/other"}):
        run = Run(by_name, mirror_of(secret("root", "shared"), "ca"))
        run.clusters.host.on("GET", SHARED, listed())
        assert run(in_fake_time) == [("DELETE", f"{INSIDE}/ca")]


def test_where_the_host_may_not_be_listed_what_is_shown_stays(in_fake_time: InFakeTime) -> None:
    run = Run(ONE, mirror_of(secret("root", "shared"), "ca"))
    run.clusters.host.on("GET", SHARED, refused(403, "Forbidden", "no right in shared"))
    assert run(in_fake_time) == []
    assert run.ctx.host.availability.unavailable == {"host secrets for apps/ca": "no right in shared"}


def test_it_is_looked_at_again_once_the_host_may_be_listed(in_fake_time: InFakeTime) -> None:
    run = Run(ONE, mirror_of(secret("root", "shared"), "ca"))
    run.clusters.host.on("GET", SHARED, refused(403, "Forbidden"), listed())

    async def wait() -> None:
        watch(run.ctx, KIND)
        running = (run.ctx.host, run.ctx.virtual, controller(run.ctx, KIND))
        tasks = [asyncio.create_task(each.run()) for each in running]
        await asyncio.sleep(300)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    in_fake_time(wait)
    assert [each.path for each in run.clusters.virtual.asked("DELETE")][:1] == [f"{INSIDE}/ca"]


def test_a_tenants_own_is_left_alone_and_says_so(in_fake_time: InFakeTime) -> None:
    run = Run(ONE, secret("ca", "apps"))
    run.clusters.host.on("GET", SHARED, listed(secret("root", "shared")))
    assert run(in_fake_time) == []
    [message] = set(run.clusters.warnings.messages)
    assert message == "the host's Secret for this name is not shown while this one is there"


def test_what_a_tenant_changed_is_undone(in_fake_time: InFakeTime) -> None:
    shown = mirror_of(secret("root", "shared"), "ca")
    run = Run(ONE, {**shown, "data": {"a": "Mg=="}})
    run.clusters.host.on("GET", SHARED, listed(secret("root", "shared")))
    assert ("PATCH", f"{INSIDE}/ca") in run(in_fake_time)
    run = Run(ONE, {**shown, "immutable": True})
    run.clusters.host.on("GET", SHARED, listed(secret("root", "shared")))
    assert run(in_fake_time) == [("DELETE", f"{INSIDE}/ca")]


def test_what_is_left_of_a_kind_that_is_off_goes(in_fake_time: InFakeTime) -> None:
    run = Run({})

    async def tidied() -> None:
        for resource in {CRDS, *(kind.resource for kind in SYNCED)}:
            if resource not in run.ctx.virtual:
                run.ctx.virtual.watch(resource)
            run.clusters.virtual.on("GET", resource.path(), listed())
        run.ctx.virtual.store(SECRETS, mirror_of(secret("root", "shared"), "ca"))
        run.ctx.virtual.store(SECRETS, secret("own", "apps"))
        await tidy(run.ctx)

    in_fake_time(tidied)
    assert [each.path for each in run.clusters.virtual.asked("DELETE")] == [f"{INSIDE}/ca"]
