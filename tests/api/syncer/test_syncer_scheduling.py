"""What a pod says about its scheduling: done on the host, waited for, or answered with an event."""

import uuid

from testbed import Lab, pod

from vcli.kube.resources import NODES, PODS, PRIORITYCLASSES, RUNTIMECLASSES


async def message_of(lab: Lab, name: str, reason: str) -> str:
    async def check():
        return next((e["message"] for e in await lab.events(name) if e["reason"] == reason), None)

    return await lab.eventually(check)


async def test_a_pod_of_the_tenants_own_scheduler_waits_to_be_bound_by_it(lab: Lab) -> None:
    await lab.create(PODS, pod("web", schedulerName="mine"))
    assert "mine" in await message_of(lab, "web", "WaitingForScheduler")
    await lab.quiet()
    assert await lab.host_object(PODS, "web") is None
    binding = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "node-9"}}
    await lab.virtual.create_subresource(PODS, "web", "binding", binding, namespace=lab.space)
    host = await lab.appears(PODS, "web")
    assert host["spec"]["nodeName"] == "node-9"
    assert host["spec"]["schedulerName"] == "default-scheduler"


async def test_a_priority_class_of_the_tenants_own_is_ignored_with_an_event(lab: Lab) -> None:
    name = f"high-{uuid.uuid4().hex[:6]}"
    await lab.virtual.create(PRIORITYCLASSES, {"metadata": {"name": name}, "value": 1000})
    await lab.create(PODS, pod("web", priorityClassName=name))
    host = await lab.appears(PODS, "web")
    assert host["spec"]["priority"] == 0
    assert name in await message_of(lab, "web", "Ignored")
    virtual = await lab.virtual_object(PODS, "web")
    assert virtual is not None
    assert virtual["spec"]["priority"] == 1000


async def test_a_pod_whose_runtime_class_the_host_lacks_is_scheduled_and_starts_when_it_comes(
    lab: Lab,
) -> None:
    name = f"sandbox-{uuid.uuid4().hex[:6]}"
    runtime = {"metadata": {"name": name}, "handler": "sandbox", "overhead": {"podFixed": {"cpu": "10m"}}}
    await lab.virtual.create(RUNTIMECLASSES, runtime)
    await lab.create(PODS, pod("other"))
    await lab.runs("other")
    [node] = [each["metadata"]["name"] for each in (await lab.virtual.list(NODES))["items"]]

    await lab.create(PODS, pod("web", runtimeClassName=name))
    bound = await lab.virtual_becomes(PODS, "web", lambda v: v["spec"].get("nodeName"))
    assert bound["spec"]["nodeName"] == node
    assert bound["spec"]["overhead"] == {"cpu": "10m"}
    assert f'RuntimeClass "{name}" not found' in await message_of(lab, "web", "SyncFailed")
    assert await lab.host_object(PODS, "web") is None, "it may have asked for a sandbox"

    await lab.host.create(RUNTIMECLASSES, {"metadata": {"name": name}, "handler": "sandbox"})
    host = await lab.appears(PODS, "web")
    assert (host["spec"]["nodeName"], host["spec"]["runtimeClassName"]) == (node, name)
    await lab.host.delete(RUNTIMECLASSES, name)


async def test_a_resource_claim_is_rejected_with_an_event(lab: Lab) -> None:
    claim = {"name": "gpu", "resourceClaimName": "gpu"}
    await lab.create(PODS, pod("web", resourceClaims=[claim]))
    assert "resource claims are not available" in await message_of(lab, "web", "SyncFailed")
    assert await lab.host_object(PODS, "web") is None
