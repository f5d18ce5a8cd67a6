"""How attempts see what became of an object, without a cluster."""

import asyncio
from typing import Any

import pytest
from verify_builders import PLANE

from scripted_api import ScriptedApi, listed, ok, refused
from vcli.controlplane.names import Names
from vcli.kube.resources import PODS
from vcli.operations.verify import pods, requests, services
from vcli.operations.verify.observed import Observed, held
from vcli.operations.verify.places import Places
from vcli.operations.verify.scene import Scene, short

HOST_PODS = "/api/v1/namespaces/team-a/pods"
PODS_INSIDE = "/api/v1/namespaces/try/pods"
EVENTS_INSIDE = "/api/v1/namespaces/try/events"
ATTEMPTS = {each.name: each for each in (*pods.ATTEMPTS, *services.ATTEMPTS)}


@pytest.fixture
def host() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def inside() -> ScriptedApi:
    api = ScriptedApi()
    api.on("POST", PODS_INSIDE, ok({}, 201))
    api.on("GET", EVENTS_INSIDE, listed())
    for name in ATTEMPTS:
        api.on("DELETE", f"{PODS_INSIDE}/try-{name}", ok({}))
    return api


def scene(host: ScriptedApi, inside: ScriptedApi) -> Scene:
    return Scene(
        host=host.client(),
        inside=inside.client(),
        names=Names("demo", "team-a"),
        namespace="try",
        image="python:3",
        places=Places(plane=PLANE, api="10.96.0.1", dns="10.96.0.10"),
        probe=asyncio.get_running_loop().create_future(),
        neighbour=None,
        stranger=lambda _: host.client(),
        anonymous=inside.client(),
        waits_for=0.0,
    )


def host_pod(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": f"{name}-x-try-x-demo", "annotations": {"vcli.dev/name": name}}
    return {"metadata": metadata, "spec": {"containers": [{"name": "main"}], **spec}}


async def tried(name: str, host: ScriptedApi, inside: ScriptedApi) -> Observed:
    return await ATTEMPTS[name].run(scene(host, inside))


async def test_a_pod_of_the_host_that_has_it_got_through(host: ScriptedApi, inside: ScriptedApi):
    host.on("GET", HOST_PODS, listed(host_pod("try-host-pid", hostPID=True)))
    assert (await tried("host-pid", host, inside)).through is True
    assert [each.path for each in inside.asked("DELETE")] == [f"{PODS_INSIDE}/try-host-pid"]


async def test_a_pod_of_the_host_that_has_it_not_held(host: ScriptedApi, inside: ScriptedApi):
    host.on("GET", HOST_PODS, listed(host_pod("try-system-node-critical", priorityClassName="low")))
    assert (await tried("system-node-critical", host, inside)).through is False


async def test_what_the_virtual_api_refuses_held(host: ScriptedApi, inside: ScriptedApi):
    inside.on("POST", PODS_INSIDE, refused(403, "Forbidden", "violates PodSecurity"))
    observed = await tried("host-pid", host, inside)
    assert observed == held("refused by the virtual API: violates PodSecurity")


async def test_what_the_syncer_refuses_held(host: ScriptedApi, inside: ScriptedApi):
    host.on("GET", HOST_PODS, listed())
    event = {"reason": "SyncFailed", "message": "spec.hostPID: not in this virtual cluster"}
    inside.on("GET", EVENTS_INSIDE, listed(event))
    observed = await tried("host-pid", host, inside)
    assert observed.through is False
    assert "spec.hostPID" in observed.text


async def test_a_full_quota_says_nothing_about_the_attempt(host: ScriptedApi, inside: ScriptedApi):
    host.on("GET", HOST_PODS, listed())
    event = {"reason": "SyncFailed", "message": "exceeded quota: vc-demo, requested: count/pods=1"}
    inside.on("GET", EVENTS_INSIDE, listed(event))
    assert (await tried("host-pid", host, inside)).through is None


async def test_what_never_gets_to_the_host_is_not_known(host: ScriptedApi, inside: ScriptedApi):
    host.on("GET", HOST_PODS, listed(host_pod("another", hostPID=True)))
    assert (await tried("host-pid", host, inside)).through is None


async def test_a_kind_that_stays_inside_held(host: ScriptedApi, inside: ScriptedApi):
    where = "networking.k8s.io/v1/namespaces"
    inside.on("POST", f"/apis/{where}/try/networkpolicies", ok({}, 201))
    inside.on("DELETE", f"/apis/{where}/try/networkpolicies/try-network-policy", ok({}))
    host.on("GET", f"/apis/{where}/team-a/networkpolicies", listed())
    assert (await tried("network-policy", host, inside)).through is False


async def test_the_host_is_asked_for_this_clusters_objects_alone(host: ScriptedApi, inside: ScriptedApi):
    host.on("GET", HOST_PODS, listed())
    assert await scene(host, inside).on_host(PODS, "x") is None
    assert host.asked("POST") == host.asked("DELETE") == []


def test_messages_are_one_line_and_not_long():
    assert short("a\n  b") == "a b"
    assert len(short("x" * 500)) == 110


@pytest.mark.parametrize(
    ("pod", "namespace", "through"), [("web", f"{PLANE.pod}5b1c", False), (PLANE.pod, "default", True)]
)
async def test_pods_of_a_node_are_known_by_their_whole_names(
    host: ScriptedApi, inside: ScriptedApi, pod: str, namespace: str, *, through: bool
) -> None:
    inside.on("GET", "/api/v1/nodes", listed({"metadata": {"name": "n"}}))
    shown = {"items": [{"metadata": {"name": pod, "namespace": namespace}}]}
    inside.on("GET", "/api/v1/nodes/n/proxy/pods", ok(shown))
    where = scene(host, inside)
    where.probe.set_result({})  # type: ignore[attr-defined]
    (attempt,) = [each for each in requests.ATTEMPTS if each.name == "node-pods"]
    assert (await attempt.run(where)).through is through
