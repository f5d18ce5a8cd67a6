"""The one way of a kind from the host: mirrors are made, kept as they are, and go; a tenant's own stay."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from two_clusters import TwoClusters

from scripted_api import listed, ok, refused
from vcli.kube.resources import NODES, RUNTIMECLASSES
from vcli.syncer.sync.from_host import FromHost, covers, from_host, to_mirror
from vcli.syncer.translate import keys
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

ALL = RUNTIMECLASSES.path()
ONE = f"{ALL}/fast"
SYNC = FromHost(
    translate=lambda _, host: {
        "metadata": {"name": host["metadata"]["name"], "labels": {keys.MIRROR: "true"}},
        "handler": host["handler"],
    },
    replace_when=lambda current, desired: current["handler"] != desired["handler"],
)


def runtime_class(
    *, handler: str = "gvisor", mirror: bool = False, version: int = 1, **metadata: Any
) -> Object:
    labels = {keys.MIRROR: "true"} if mirror else {}
    found = {"name": "fast", "uid": "1", "resourceVersion": str(version), "labels": labels, **metadata}
    return {"metadata": found, "handler": handler}


def metadata(name: str) -> Object:
    return {"name": name, "uid": f"uid-{name}", "resourceVersion": "1"}


def synced(
    in_fake_time: InFakeTime,
    host: list[Object] | None,
    virtual: list[Object],
    *,
    answer: Object | None = None,
    sync: FromHost = SYNC,
    nodes: tuple[str, ...] = (),
    later: str = "",
) -> list[tuple[str, str]]:
    """What the virtual cluster is sent; host None: it may not be listed."""

    async def simulate() -> list[tuple[str, str]]:
        clusters = TwoClusters(RUNTIMECLASSES)
        clusters.host.on("GET", ALL, refused(403, "Forbidden") if host is None else listed(*host))
        clusters.virtual.on("GET", ALL, listed(*virtual))
        clusters.virtual.on("PATCH", ONE, ok(answer or runtime_class(mirror=True, version=9)))
        clusters.virtual.on("DELETE", ONE, ok({}))
        clusters.virtual.on("PATCH", f"{ALL}/faster", ok(runtime_class(mirror=True, name="faster")))
        clusters.virtual.on("GET", NODES.path(), listed(*({"metadata": metadata(name)} for name in nodes)))
        clusters.ctx.host.watch(
            RUNTIMECLASSES, key=to_mirror(RUNTIMECLASSES), indexers=sync.indexers, optional=True
        )
        clusters.ctx.virtual.watch(NODES)
        controller = from_host(clusters.ctx, RUNTIMECLASSES, sync)
        running = (clusters.ctx.host, clusters.ctx.virtual, controller)
        tasks = [asyncio.create_task(each.run()) for each in running]
        await asyncio.sleep(5)
        if later:
            clusters.virtual.send_event(NODES.path(), "ADDED", {"metadata": metadata(later)})
            await asyncio.sleep(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [(each.method, each.path) for each in clusters.virtual.requests if each.method != "GET"]

    found: list[tuple[str, str]] = in_fake_time(simulate)
    return found


def test_one_of_the_hosts_is_mirrored(in_fake_time: InFakeTime) -> None:
    assert ("PATCH", ONE) in synced(in_fake_time, [runtime_class()], [])


@pytest.mark.parametrize("host", [[runtime_class(handler="other")], []])
def test_a_tenants_own_of_that_name_is_left_alone(in_fake_time: InFakeTime, host: list[Object]) -> None:
    assert synced(in_fake_time, host, [runtime_class()]) == []


def test_a_mirror_of_nothing_goes(in_fake_time: InFakeTime) -> None:
    assert synced(in_fake_time, [], [runtime_class(mirror=True)]) == [("DELETE", ONE)]


def test_what_can_not_be_changed_is_replaced(in_fake_time: InFakeTime) -> None:
    sent = synced(in_fake_time, [runtime_class(handler="other")], [runtime_class(mirror=True)])
    assert sent == [("DELETE", ONE)]


def test_a_host_that_may_not_be_listed_takes_no_mirror_away(in_fake_time: InFakeTime) -> None:
    assert synced(in_fake_time, None, [runtime_class(mirror=True)]) == []


def test_one_that_is_not_wanted_is_not_mirrored_and_a_mirror_of_it_goes(in_fake_time: InFakeTime) -> None:
    choosy = replace(SYNC, wanted=lambda _, host: host["handler"] != "gvisor")
    assert synced(in_fake_time, [runtime_class()], [], sync=choosy) == []
    mirrors = [runtime_class(mirror=True)]
    assert synced(in_fake_time, [runtime_class()], mirrors, sync=choosy) == [("DELETE", ONE)]


def test_a_mirror_follows_an_object_of_another_kind(in_fake_time: InFakeTime) -> None:
    following = replace(SYNC, follows=NODES)
    assert synced(in_fake_time, [runtime_class()], [], sync=following) == []
    assert ("PATCH", ONE) in synced(in_fake_time, [runtime_class()], [], sync=following, nodes=("fast",))
    mirrors = [runtime_class(mirror=True)]
    sent = synced(in_fake_time, [runtime_class()], mirrors, sync=following, nodes=("other",))
    assert sent == [("DELETE", ONE)]


def test_what_depends_on_another_kind_is_looked_at_again_when_that_changes(in_fake_time: InFakeTime) -> None:
    choosy = replace(SYNC, wanted=lambda ctx, _: bool(ctx.virtual[NODES].items()), depends_on=(NODES,))
    assert synced(in_fake_time, [runtime_class()], [], sync=choosy) == []
    assert ("PATCH", ONE) in synced(in_fake_time, [runtime_class()], [], sync=choosy, later="fast")


def test_a_mirror_of_another_name(in_fake_time: InFakeTime) -> None:
    renamed = replace(
        SYNC,
        mirror_name=lambda host: VirtualName("", f"{host['metadata']['name']}er"),
        translate=lambda _, host: {
            "metadata": {"name": "faster", "labels": {keys.MIRROR: "true"}},
            "handler": host["handler"],
        },
    )
    sent = synced(in_fake_time, [runtime_class()], [runtime_class(mirror=True)], sync=renamed)
    assert set(sent) == {("DELETE", ONE), ("PATCH", f"{ALL}/faster")}


JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=10,
)
MAPS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(MAPS, MAPS)
def test_more_is_fine_and_less_is_not(desired: Object, more: Object) -> None:
    assert covers({**more, **desired}, desired)
    for key, value in desired.items():
        without = {other: each for other, each in desired.items() if other != key}
        nothing = isinstance(value, dict) and covers(None, value)
        assert covers(without, desired) is nothing


@pytest.mark.parametrize(
    ("current", "desired", "covered"),
    [
        ({"labels": {"a": "1", "b": "2"}}, {"labels": {"a": "1"}}, True),
        ({"labels": {"a": "2"}}, {"labels": {"a": "1"}}, False),
        ({}, {"labels": {}}, True),
        ({"labels": None}, {"labels": {"a": "1"}}, False),
        ({"options": ["a", "b"]}, {"options": ["a"]}, False),
    ],
)
def test_lists_are_one_value(current: Object, desired: Object, covered: Any) -> None:
    assert covers(current, desired) is covered
