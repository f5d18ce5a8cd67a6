"""PodDisruptionBudgets between two API servers; the tests play both disruption controllers."""

from typing import Any

import pytest
from testbed import Lab, pod

from vcli.kube.errors import TooManyRequests
from vcli.kube.resources import PDBS, PODS

Object = dict[str, Any]
APP = {"app": "web"}


def budget(**spec: Any) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": APP}, **spec}}


async def counted(lab: Lab, desired: int) -> None:
    """Be the virtual cluster's controller."""
    found = await lab.virtual.get(PDBS, "web", namespace=lab.space)
    status = {
        "observedGeneration": found["metadata"]["generation"],
        "currentHealthy": 1,
        "desiredHealthy": desired,
        "disruptionsAllowed": 0,
        "expectedPods": 1,
    }
    await lab.virtual.patch(PDBS, "web", {"status": status}, namespace=lab.space, subresource="status")


async def allowed_on_host(lab: Lab, evictions: int) -> None:
    """Be the host's controller."""
    name = lab.on_host("web")
    found = await lab.host.get(PDBS, name, namespace=lab.namespace)
    status = {
        "observedGeneration": found["metadata"]["generation"],
        "currentHealthy": 1,
        "desiredHealthy": 1,
        "disruptionsAllowed": evictions,
        "expectedPods": 1,
    }
    await lab.host.patch(PDBS, name, {"status": status}, namespace=lab.namespace, subresource="status")


async def evict(lab: Lab, name: str) -> None:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": lab.on_host(name)}}
    await lab.host.create_subresource(PODS, lab.on_host(name), "eviction", body, namespace=lab.namespace)


async def test_an_eviction_on_the_host_keeps_to_it(lab: Lab) -> None:
    await lab.create(PODS, pod("web", metadata={"labels": APP}))
    await lab.runs("web")
    await lab.create(PDBS, budget(maxUnavailable="50%"))
    await lab.quiet()
    assert await lab.host_object(PDBS, "web") is None, "its status is not set yet"
    await counted(lab, 1)
    on_host = await lab.appears(PDBS, "web")
    assert on_host["spec"]["minAvailable"] == 1
    await allowed_on_host(lab, 0)
    with pytest.raises(TooManyRequests):
        await evict(lab, "web")
    await allowed_on_host(lab, 1)
    await evict(lab, "web")
    await lab.virtual.delete(PDBS, "web", namespace=lab.space)
    await lab.gone_from_host(PDBS, "web")


async def test_what_is_counted_anew_follows(lab: Lab) -> None:
    await lab.create(PDBS, budget(minAvailable="50%"))
    await counted(lab, 2)
    await lab.host_becomes(PDBS, "web", lambda h: h["spec"]["minAvailable"] == 2)
    await counted(lab, 3)
    await lab.host_becomes(PDBS, "web", lambda h: h["spec"]["minAvailable"] == 3)
    await lab.host.delete(PDBS, lab.on_host("web"), namespace=lab.namespace)
    await lab.host_becomes(PDBS, "web", lambda h: h["spec"]["minAvailable"] == 3)
