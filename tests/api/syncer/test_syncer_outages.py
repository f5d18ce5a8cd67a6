"""API servers that go away and come back: nothing is lost, and nothing is taken for deleted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from apiserver import ApiServer
from testbed import Lab, pod

from vcli.kube.errors import ApiError
from vcli.kube.resources import CONFIGMAPS, PODS, Resource

_ADMISSION = "admissionregistration.k8s.io"
POLICIES = Resource(
    _ADMISSION, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced=False
)
BINDINGS = Resource(
    _ADMISSION,
    "v1",
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    namespaced=False,
)
ACTIVE, HALF_WAY = "the policy is active", "the deletion ends half way"


async def test_while_the_virtual_api_is_away_the_host_runs_on(lab: Lab, virtual_server: ApiServer) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    before = await lab.host_object(PODS, "web")
    await asyncio.to_thread(virtual_server.stop)
    try:
        changed = await lab.host_status("web", message="while you were away")
        await lab.quiet()
    finally:
        await asyncio.to_thread(virtual_server.start)
    told = await lab.virtual_becomes(PODS, "web", lambda v: v["status"].get("message"))
    assert told["status"]["message"] == changed["status"]["message"]
    after = await lab.host_object(PODS, "web")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert "deletionTimestamp" not in after["metadata"]


async def test_while_the_host_api_is_away_wishes_wait(lab: Lab, api_server: ApiServer) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await asyncio.to_thread(api_server.stop)
    try:
        config = {"metadata": {"name": "conf"}, "data": {"A": "1"}}
        await lab.create(CONFIGMAPS, config)
        source = [{"configMapRef": {"name": "conf"}}]
        await lab.create(PODS, pod("later", container={"envFrom": source}))
        await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=5)
        await lab.quiet()
    finally:
        await asyncio.to_thread(api_server.start)
    await lab.appears(CONFIGMAPS, "conf")
    await lab.appears(PODS, "later")
    host = await lab.host_becomes(PODS, "web", lambda h: "deletionTimestamp" in h["metadata"])
    assert host["metadata"]["deletionGracePeriodSeconds"] == 5


async def test_it_may_start_before_either_api_server(
    idle_lab: Lab, virtual_server: ApiServer, api_server: ApiServer
) -> None:
    lab = idle_lab
    await lab.create(PODS, pod("web"))
    await asyncio.gather(*(asyncio.to_thread(server.stop) for server in (virtual_server, api_server)))
    starting = asyncio.create_task(lab.start())
    try:
        await lab.quiet()
        assert not starting.done()
    finally:
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in (virtual_server, api_server)))
    await starting
    await lab.appears(PODS, "web")


async def test_deletions_that_were_cut_in_the_middle_are_finished(lab: Lab) -> None:
    gone, stays = "gone", "stays"
    for name in (gone, stays):
        await lab.create(PODS, pod(name))
    before = {name: (await lab.appears(PODS, name))["metadata"]["uid"] for name in (gone, stays)}
    await lab.stop()
    async with _deletions_end_half_way(lab, stays):
        for name in (gone, stays):
            with pytest.raises(ApiError, match=HALF_WAY):
                await lab.host.delete(PODS, lab.on_host(name), namespace=lab.namespace)
    half = [await lab.host_object(PODS, name) for name in (gone, stays)]
    assert all(each and "deletionTimestamp" in each["metadata"] for each in half)
    await lab.virtual.delete(PODS, gone, namespace=lab.space)
    await lab.start()
    await lab.host_becomes(PODS, stays, lambda h: h["metadata"]["uid"] != before[stays])
    await lab.gone_from_host(PODS, gone)


@asynccontextmanager
async def _deletions_end_half_way(lab: Lab, probe: str) -> AsyncIterator[None]:
    """Deletions of host pods without a node get as far as in a server whose client is gone in the middle.

    It first writes that a pod is being deleted, then removes it, and asks admission each time.
    """
    name = f"half-way-{lab.namespace}"
    metadata = {"name": name}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["pods"]}
    usual = {"kubernetes.io/metadata.name": lab.namespace}
    checks = [
        {"expression": "!has(oldObject.metadata.deletionTimestamp)", "message": HALF_WAY},
        {"expression": "!request.dryRun", "message": ACTIVE},
    ]
    matching = {"resourceRules": [rule], "namespaceSelector": {"matchLabels": usual}}
    binding = {"policyName": name, "validationActions": ["Deny"]}
    await lab.host.create(
        POLICIES, {"metadata": metadata, "spec": {"matchConstraints": matching, "validations": checks}}
    )
    await lab.host.create(BINDINGS, {"metadata": metadata, "spec": binding})

    async def is_active() -> bool:
        try:
            await lab.host.delete(PODS, lab.on_host(probe), namespace=lab.namespace, dry_run=True)
        except ApiError as error:
            return ACTIVE in str(error)
        return False

    try:
        await lab.eventually(is_active)
        yield
    finally:
        await lab.host.delete(BINDINGS, name)
        await lab.host.delete(POLICIES, name)
