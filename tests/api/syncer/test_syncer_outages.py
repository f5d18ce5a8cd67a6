"""API servers that go away and come back: nothing is lost, and nothing is taken for deleted."""

import asyncio

from apiserver import ApiServer
from testbed import Lab, pod

from vcli.kube.resources import CONFIGMAPS, PODS


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
