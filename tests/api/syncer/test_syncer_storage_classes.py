"""StorageClasses of the host in the virtual cluster, and what is said without the right to list them."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from testbed import Lab, pod, readiness, warnings

from vcli.kube.errors import NotFound
from vcli.kube.resources import PODS, STORAGECLASSES

Object = dict[str, Any]
ON = "sync.fromHost.storageClasses.enabled=true"
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


@pytest.fixture
def sets(request: pytest.FixtureRequest) -> Sequence[str]:
    return getattr(request, "param", (ON,))


@pytest.fixture
async def fast(idle_lab: Lab) -> AsyncIterator[str]:
    """The name of a class on the host; nothing of it is left after the test."""
    name = f"fast-{idle_lab.namespace}"
    body = {
        "metadata": {"name": name, "annotations": DEFAULT},
        "provisioner": "csi.example.com",
        "parameters": {"type": "ssd", "csi.storage.k8s.io/provisioner-secret-name": "password"},
    }
    await idle_lab.host.create(STORAGECLASSES, body)
    yield name
    for client in (idle_lab.host, idle_lab.virtual):
        with contextlib.suppress(NotFound):
            await client.delete(STORAGECLASSES, name)


async def inside(lab: Lab, name: str) -> Object | None:
    with contextlib.suppress(NotFound):
        return await lab.virtual.get(STORAGECLASSES, name)
    return None


async def appears_inside(lab: Lab, name: str, **fields: Any) -> Object:
    async def check() -> Object | None:
        found = await inside(lab, name)
        return found if found and fields.items() <= found.items() else None

    found = await lab.eventually(check)
    assert found is not None
    return found


async def goes_inside(lab: Lab, name: str) -> None:
    async def check() -> bool:
        return await inside(lab, name) is None

    await lab.eventually(check)


async def test_they_are_mirrored_kept_and_go(idle_lab: Lab, fast: str) -> None:
    lab = idle_lab
    await lab.start()
    shown = await appears_inside(lab, fast)
    assert shown["parameters"] == {"type": "ssd"}
    assert DEFAULT.items() <= shown["metadata"]["annotations"].items()
    await lab.virtual.patch(STORAGECLASSES, fast, {"allowVolumeExpansion": True})
    await lab.host.patch(STORAGECLASSES, fast, {"allowVolumeExpansion": False})
    await appears_inside(lab, fast, allowVolumeExpansion=False)
    await lab.virtual.patch(STORAGECLASSES, fast, {"allowVolumeExpansion": True})
    await appears_inside(lab, fast, allowVolumeExpansion=False)
    await lab.virtual.delete(STORAGECLASSES, fast)
    await appears_inside(lab, fast)
    await lab.host.delete(STORAGECLASSES, fast)
    await goes_inside(lab, fast)


async def test_one_that_was_made_anew_on_the_host_is_made_anew(idle_lab: Lab, fast: str) -> None:
    lab = idle_lab
    await lab.start()
    before = await appears_inside(lab, fast)
    await lab.host.delete(STORAGECLASSES, fast)
    await lab.host.create(STORAGECLASSES, {"metadata": {"name": fast}, "provisioner": "other.example.com"})
    after = await appears_inside(lab, fast, provisioner="other.example.com")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


async def test_a_tenants_own_stays(idle_lab: Lab, fast: str) -> None:
    lab = idle_lab
    await lab.virtual.create(STORAGECLASSES, {"metadata": {"name": fast}, "provisioner": "own.example.com"})
    await lab.start()
    await lab.quiet()
    await lab.host.delete(STORAGECLASSES, fast)
    await lab.quiet()
    found = await inside(lab, fast)
    assert found is not None
    assert found["provisioner"] == "own.example.com"


@pytest.mark.parametrize("sets", [(ON, "rbac.clusterRole.enabled=false")], indirect=True)
async def test_without_the_right_that_is_said_once_and_all_else_works(idle_lab: Lab, fast: str) -> None:
    lab = idle_lab
    await lab.start()
    assert await readiness(lab) == "ok\nunavailable: host storageclasses"
    await lab.create(PODS, pod("web"))
    await lab.runs("web")

    async def administrator_is_told() -> list[Object]:
        return await warnings(lab)

    [warning] = await lab.eventually(administrator_is_told)
    assert "storageclasses" in warning["message"]
    assert warning.get("count", 1) == 1
    assert await inside(lab, fast) is None


async def test_what_was_mirrored_goes_when_the_kind_is_turned_off(idle_lab: Lab, fast: str) -> None:
    lab = idle_lab
    await lab.start()
    await appears_inside(lab, fast)
    await lab.stop()
    lab.settings.kinds.clear()
    await lab.start()
    await goes_inside(lab, fast)
