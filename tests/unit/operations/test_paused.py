"""How the workloads of a control plane are scaled to zero and back, and what is refused meanwhile."""

from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, ok, thing
from vcli.errors import ConflictError
from vcli.operations.pause import _end_pods, keeps_data_in_pod
from vcli.operations.resolve import VirtualCluster, cluster_of
from vcli.operations.usable import refuse_deleted, refuse_paused
from vcli.operations.workloads import is_paused, own_objects, scale_down, scale_up

APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
PAUSED, REPLICAS = "loft.sh/paused", "loft.sh/paused-replicas"
SLEEPING = "vcli.dev/sleeping-since"


def workload(name: str = "demo", *, replicas: int = 1, ours: bool = True, **annotations: str) -> Any:
    labels = {"app": "vcluster", "release": "demo"} | ({"vcli.dev/cluster": "demo"} if ours else {})
    metadata = {"name": name, "namespace": NAMESPACE, "uid": name, "labels": labels}
    marks = {f"loft.sh/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {
        "metadata": {**metadata, "annotations": marks},
        "spec": {"replicas": replicas, "template": {"spec": {"volumes": []}}},
        "status": {"readyReplicas": replicas},
    }


def cluster(found: Any) -> VirtualCluster:
    return cluster_of(found, kind="StatefulSet")


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


def have(api: ScriptedApi, stateful_sets: list[Any], deployments: list[Any] | None = None) -> None:
    api.on("GET", f"{APPS}/statefulsets", listed(*stateful_sets))
    api.on("GET", f"{APPS}/deployments", listed(*(deployments or [])))
    for kind, items in (("statefulsets", stateful_sets), ("deployments", deployments or [])):
        for each in items:
            api.on("PATCH", f"{APPS}/{kind}/{each['metadata']['name']}", ok(each))


def patches(api: ScriptedApi) -> dict[str, Any]:
    return {each.path.rpartition("/")[2]: each.body for each in api.asked("PATCH")}


async def test_each_workload_keeps_its_own_count(api: ScriptedApi) -> None:
    main = workload(replicas=3)
    have(api, [main, workload("demo-etcd", replicas=5)], [workload("demo-syncer", replicas=2)])
    assert await scale_down(api.client(), cluster(main))
    assert patches(api) == {
        name: {
            "metadata": {"annotations": {PAUSED: "true", REPLICAS: count}},
            "spec": {"replicas": 0},
        }
        for name, count in (("demo", "3"), ("demo-etcd", "5"), ("demo-syncer", "2"))
    }


async def test_one_that_is_paused_is_left_alone(api: ScriptedApi) -> None:
    main = workload(replicas=0, paused="true", paused_replicas="3")
    have(api, [main])
    assert not await scale_down(api.client(), cluster(main))
    assert patches(api) == {}


async def test_resuming_gives_back_what_each_had(api: ScriptedApi) -> None:
    main = workload(replicas=0, paused="true", paused_replicas="3")
    have(api, [main, workload("demo-etcd", replicas=0, paused="true", paused_replicas="5")])
    resumed = await scale_up(api.client(), cluster(main))
    assert resumed.ready == 0
    assert {name: body["spec"]["replicas"] for name, body in patches(api).items()} == {
        "demo": 3,
        "demo-etcd": 5,
    }
    assert patches(api)["demo"]["metadata"] == {"annotations": {PAUSED: None, REPLICAS: None, SLEEPING: None}}


@pytest.mark.parametrize("count", [None, "", "0", "many", "-1"])
async def test_a_count_that_makes_no_sense_is_one(api: ScriptedApi, count: str | None) -> None:
    main = workload(replicas=0, **({} if count is None else {"paused_replicas": count}))
    have(api, [main])
    await scale_up(api.client(), cluster(main))
    assert patches(api)["demo"]["spec"] == {"replicas": 1}


async def test_what_runs_and_is_marked_only_loses_its_marks(api: ScriptedApi) -> None:
    """Somebody has scaled up by hand what was paused."""
    main = workload(replicas=2, paused="true", paused_replicas="1")
    have(api, [main, workload("demo-etcd")])
    await scale_up(api.client(), cluster(main))
    assert {name: body["spec"]["replicas"] for name, body in patches(api).items()} == {"demo": 2}


def test_all_components_are_meant_and_nothing_synced():
    assert own_objects(cluster(workload())) == "vcli.dev/cluster=demo,!vcli.dev/managed-by"
    theirs = own_objects(cluster(workload(ours=False)))
    assert theirs.startswith("app in (vcluster,")
    assert theirs.endswith(",release=demo")


def test_without_pods_it_is_paused_with_marks_or_without():
    assert is_paused(cluster(workload(replicas=0)))
    assert is_paused(cluster(workload(paused="true")))
    assert not is_paused(cluster(workload()))


def test_only_a_store_in_the_pod_loses_data():
    found = workload()
    volumes = found["spec"]["template"]["spec"]["volumes"]
    volumes += [{"name": "tmp", "emptyDir": {}}, {"name": "data", "persistentVolumeClaim": {}}]
    assert not keeps_data_in_pod(found)
    volumes[1] = {"name": "data", "emptyDir": {}}
    assert keeps_data_in_pod(found)


async def test_who_needs_a_running_one_is_told_how_to_start_it(api: ScriptedApi) -> None:
    have(api, [workload(replicas=0)])
    with pytest.raises(ConflictError, match="is paused, it has no pod") as caught:
        await refuse_paused(api.client(), "demo", NAMESPACE)
    assert caught.value.hint == f"start it: vcli resume demo -n {NAMESPACE}"
    have(api, [workload()])
    await refuse_paused(api.client(), "demo", NAMESPACE)


def test_one_that_is_deleted_is_refused():
    found = workload()
    refuse_deleted(cluster(found))
    found["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    with pytest.raises(ConflictError, match="is being deleted") as caught:
        refuse_deleted(cluster(found))
    assert f"vcli list -n {NAMESPACE}" in (caught.value.hint or "")


def test_one_that_its_own_syncer_has_paused_sleeps() -> None:
    found = workload(replicas=0, paused="true", paused_replicas="1")
    assert cluster(found).status == "Paused"
    found["metadata"]["annotations"][SLEEPING] = "2026-01-01T00:00:00Z"
    assert cluster(found).status == "Sleeping"
    assert is_paused(cluster(found))


@pytest.mark.parametrize(("own", "given"), [(86400, 90), (60, 60), (0, 0)])
async def test_a_pod_that_asks_for_a_day_does_not_hold_up_pausing(own: int, given: int) -> None:
    api, pods = ScriptedApi(), f"/api/v1/namespaces/{NAMESPACE}/pods"
    found = thing("web", spec={"terminationGracePeriodSeconds": own}, status={"phase": "Running"})
    done = thing("done", spec={"terminationGracePeriodSeconds": own}, status={"phase": "Failed"})
    api.on("GET", pods, listed(found, done))
    api.on("DELETE", f"{pods}/web", ok({}))
    async with api.client() as client:
        assert await _end_pods(client, cluster(workload()), "a=b", timeout=180.0) == 1
    assert [each.body["gracePeriodSeconds"] for each in api.requests if each.method == "DELETE"] == [given]
