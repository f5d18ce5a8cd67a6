"""PriorityClasses between two API servers: a tenant's own on the host, those of the host inside."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from testbed import Lab, pod

from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import CLUSTERROLES, PODS, PRIORITYCLASSES
from vcli.syncer.translate.names import host_cluster_name

Object = dict[str, Any]
BOTH = ("sync.toHost.priorityClasses.enabled=true", "sync.fromHost.priorityClasses.enabled=true")


@pytest.fixture
def sets() -> Sequence[str]:
    return BOTH


@pytest.fixture
async def names(idle_lab: Lab) -> AsyncIterator[tuple[str, str]]:
    """Names of a tenant's class and of one of the host; nothing of them is left after the test."""
    own, gold = (f"{name}-{idle_lab.namespace}" for name in ("own", "gold"))
    await idle_lab.host.create(PRIORITYCLASSES, {"metadata": {"name": gold}, "value": 5000})
    yield own, gold
    await idle_lab.stop()
    for client, name in (
        *((idle_lab.virtual, own), (idle_lab.virtual, gold)),
        *((idle_lab.host, gold), (idle_lab.host, on_host(idle_lab, own))),
    ):
        with contextlib.suppress(NotFound):
            await client.delete(PRIORITYCLASSES, name)


def on_host(lab: Lab, name: str) -> str:
    return host_cluster_name(name, lab.namespace, lab.settings.cluster)


async def becomes(lab: Lab, client: Client, name: str, when: Callable[[Object], Any]) -> Object:
    async def check() -> Object | None:
        with contextlib.suppress(NotFound):
            found = await client.get(PRIORITYCLASSES, name)
            return found if when(found) else None
        return None

    found = await lab.eventually(check)
    assert found is not None
    return found


async def test_both_directions_and_what_pods_have_of_them(idle_lab: Lab, names: tuple[str, str]) -> None:
    lab, (own, gold) = idle_lab, names
    await lab.virtual.create(PRIORITYCLASSES, {"metadata": {"name": own}, "value": 1000})
    await lab.start()
    made = await becomes(lab, lab.host, on_host(lab, own), lambda found: found["value"] == 1000)
    role = await lab.host.get(CLUSTERROLES, f"vcli:{lab.namespace}:demo")
    [owner] = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("ClusterRole", role["metadata"]["uid"])
    await becomes(lab, lab.virtual, gold, lambda found: found["value"] == 5000)
    await lab.create(PODS, pod("mine", priorityClassName=own))
    await lab.create(PODS, pod("golden", priorityClassName=gold))
    assert (await lab.appears(PODS, "mine"))["spec"]["priority"] == 1000
    assert (await lab.appears(PODS, "golden"))["spec"]["priorityClassName"] == gold
    await lab.quiet()
    listed = await lab.virtual.list(PRIORITYCLASSES)
    assert on_host(lab, own) not in [each["metadata"]["name"] for each in listed["items"]]


async def test_one_that_is_deleted_on_the_host_comes_back(idle_lab: Lab, names: tuple[str, str]) -> None:
    lab, (own, _) = idle_lab, names
    await lab.start()
    await lab.virtual.create(PRIORITYCLASSES, {"metadata": {"name": own}, "value": 1000})
    first = await becomes(lab, lab.host, on_host(lab, own), lambda _: True)
    await lab.host.delete(PRIORITYCLASSES, on_host(lab, own))
    again = await becomes(lab, lab.host, on_host(lab, own), lambda _: True)
    assert again["metadata"]["uid"] != first["metadata"]["uid"]


async def test_another_value_makes_another_object(idle_lab: Lab, names: tuple[str, str]) -> None:
    lab, (own, gold) = idle_lab, names
    await lab.virtual.create(PRIORITYCLASSES, {"metadata": {"name": own}, "value": 1000})
    await lab.start()
    await becomes(lab, lab.host, on_host(lab, own), lambda found: found["value"] == 1000)
    mirrored = await becomes(lab, lab.virtual, gold, lambda _: True)
    await lab.stop()
    for client, name, value in ((lab.virtual, own, 2000), (lab.host, gold, 6000)):
        await client.delete(PRIORITYCLASSES, name)
        await client.create(PRIORITYCLASSES, {"metadata": {"name": name}, "value": value})
    await lab.start()
    await becomes(lab, lab.host, on_host(lab, own), lambda found: found["value"] == 2000)
    again = await becomes(lab, lab.virtual, gold, lambda found: found["value"] == 6000)
    assert again["metadata"]["uid"] != mirrored["metadata"]["uid"]
