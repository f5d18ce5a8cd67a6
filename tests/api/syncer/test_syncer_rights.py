"""A Role that lacks the right to list a kind: that kind waits, everything else works."""

import asyncio
from typing import Any

import pytest
from testbed import Lab, give_rights, pod, readiness, take_rights, warnings

from vcli.kube.resources import ENDPOINTSLICES, PODS, PVCS, SERVICES

Object = dict[str, Any]
CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
VOLUMES = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]


async def test_without_claims_all_else_works_and_they_come_with_the_right(idle_lab: Lab) -> None:
    lab = idle_lab
    rules = await take_rights(lab, PVCS)
    await lab.start()
    assert await readiness(lab) == "ok\nunavailable: host persistentvolumeclaims"
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await lab.create(PVCS, CLAIM)
    await lab.create(PODS, pod("db", volumes=VOLUMES))

    async def pod_is_told() -> bool:
        return any("PersistentVolumeClaims" in each["message"] for each in await lab.events("db"))

    async def administrator_is_told() -> list[Object]:
        return await warnings(lab)

    await lab.eventually(pod_is_told)
    [warning] = await lab.eventually(administrator_is_told)
    assert "persistentvolumeclaims" in warning["message"]
    await lab.quiet()
    assert await lab.host_object(PODS, "db") is None
    await give_rights(lab, rules)
    await lab.appears(PVCS, "data")
    await lab.runs("db")
    assert await readiness(lab) == "ok"
    assert len(await warnings(lab)) == 1


async def test_without_endpointslices_services_work(idle_lab: Lab) -> None:
    lab = idle_lab
    await take_rights(lab, ENDPOINTSLICES)
    await lab.start()
    assert await readiness(lab) == "ok\nunavailable: host endpointslices"
    await lab.create(SERVICES, {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    await lab.appears(SERVICES, "web")


async def test_what_is_needed_is_waited_for(idle_lab: Lab) -> None:
    lab = idle_lab
    rules = await take_rights(lab, SERVICES)
    starting = asyncio.create_task(lab.start())

    async def waits() -> bool:
        try:
            text = await readiness(lab)
        except OSError:
            return False
        return "unavailable: host services" in text and "caches" in text

    await lab.eventually(waits)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(starting), 1)
    await give_rights(lab, rules)
    await starting
