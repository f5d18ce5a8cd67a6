"""API servers that go away and come back: nothing is lost, and nothing is taken for deleted."""

import asyncio
import dataclasses

from apiserver import ApiServer
from relay import Relay
from testbed import Lab, pod

from vcli.kube.client import Client
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


async def test_deletions_that_were_cut_in_the_middle_are_finished(lab: Lab, api_server: ApiServer) -> None:
    names = [f"web-{number}" for number in range(40)]
    for name in names:
        await lab.create(PODS, pod(name))
    before = {name: (await lab.appears(PODS, name))["metadata"]["uid"] for name in names}
    await lab.stop()
    half = await _deleted_by_half(lab, api_server)
    gone, stays = half[0], half[-1]
    await lab.virtual.delete(PODS, gone, namespace=lab.space)
    await lab.start()
    if stays != gone:
        await lab.host_becomes(PODS, stays, lambda h: h["metadata"]["uid"] != before[stays])
    await lab.gone_from_host(PODS, gone)


async def _deleted_by_half(lab: Lab, api_server: ApiServer) -> list[str]:
    """Pods without a node, whose deletion was asked for by a client that was gone in the middle."""
    for attempt in range(40):
        async with Relay(api_server.port) as relay:
            access = dataclasses.replace(api_server.access, server=f"https://127.0.0.1:{relay.port}")
            async with Client(access) as client:
                pods = (await client.list(PODS, namespace=lab.namespace))["items"]
                some = [each["metadata"]["name"] for each in pods][:8]
                requests = [
                    asyncio.create_task(client.delete(PODS, name, namespace=lab.namespace)) for name in some
                ]
                await asyncio.sleep(0.01 + 0.002 * attempt)
                await relay.cut()
                await asyncio.gather(*requests, return_exceptions=True)
        await asyncio.sleep(0.1)
        pods = (await lab.host.list(PODS, namespace=lab.namespace))["items"]
        half = [
            each["metadata"]["annotations"]["vcli.dev/name"]
            for each in pods
            if "deletionTimestamp" in each["metadata"]
        ]
        if half:
            return half
    raise AssertionError("every deletion was whole or not begun")
