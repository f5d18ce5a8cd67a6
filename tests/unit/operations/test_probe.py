"""How many pods of a control plane serve now, by themselves and by their syncers; a scripted API server."""

from collections.abc import Callable
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, refused
from vcli.operations import probe
from vcli.operations.resolve import VirtualCluster, cluster_of

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
READY = {"type": "Ready", "status": "True"}
Run = Callable[[Callable[[], Any]], Any]


def cluster(
    *, ready: int = 0, replicas: int = 1, ours: bool = True, annotations: dict[str, str] | None = None
) -> VirtualCluster:
    labels = {"app": "vcluster", "release": "demo", **({"vcli.dev/cluster": "demo"} if ours else {})}
    workload = {
        "metadata": {
            "name": "demo",
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": annotations or {},
        },
        "spec": {"replicas": replicas},
        "status": {"readyReplicas": ready},
    }
    return cluster_of(workload, kind="StatefulSet")


def pod(name: str = "demo-0", *, phase: str = "Running", deleting: bool = False, **status: Any) -> Any:
    metadata = {"name": name, "namespace": NAMESPACE, "uid": name, "resourceVersion": "2"}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase, **status}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """What the syncers answer, by the name of their pod; no other may be asked."""
    answers: dict[str, bool] = {}

    async def is_ready(client: Any, *, namespace: str, pod: str, **options: float) -> bool:
        assert (namespace, options["timeout"] <= 1) == (NAMESPACE, True)
        return answers[pod]

    monkeypatch.setattr(probe, "is_ready", is_ready)
    return answers


def recounted(api: ScriptedApi, run: Run, before: VirtualCluster) -> tuple[str, int]:
    after: VirtualCluster = run(lambda: probe.recounted(api.client(), before))
    return after.status, after.ready


def test_a_ready_pod_serves_and_its_syncer_is_not_asked(asked: dict[str, bool], in_fake_time: Run) -> None:
    api = ScriptedApi()
    api.on("GET", PODS, listed(pod(conditions=[READY])))
    assert recounted(api, in_fake_time, cluster()) == ("Running", 1)
    assert not asked


@pytest.mark.parametrize("answer", [True, False])
def test_else_the_syncer_of_a_pod_that_runs_says_so(
    asked: dict[str, bool], in_fake_time: Run, *, answer: bool
) -> None:
    asked["demo-0"] = answer
    api = ScriptedApi()
    others = pod("demo-1", phase="Pending"), pod("demo-2", deleting=True)
    api.on("GET", PODS, listed(pod(), *others))
    found = recounted(api, in_fake_time, cluster())
    assert found == (("Running", 1) if answer else ("Starting", 0))


def test_several_are_counted_and_never_fewer_than_the_workload_does(
    asked: dict[str, bool], in_fake_time: Run
) -> None:
    asked |= {"demo-0": True, "demo-1": False}
    api = ScriptedApi()
    api.on("GET", PODS, listed(pod(), pod("demo-1")))
    assert recounted(api, in_fake_time, cluster(replicas=3)) == ("Degraded", 1)
    api.on("GET", PODS, listed())
    assert recounted(api, in_fake_time, cluster(replicas=3, ready=2)) == ("Degraded", 2)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (cluster(ready=1), "Running"),
        (cluster(annotations={"loft.sh/paused": "true"}), "Paused"),
        (cluster(ours=False), "Starting"),
    ],
)
def test_others_cost_no_request(
    asked: dict[str, bool], in_fake_time: Run, before: VirtualCluster, status: str
) -> None:
    assert recounted(ScriptedApi(), in_fake_time, before)[0] == status
    assert not asked


def test_who_may_not_list_pods_sees_what_the_workload_says(asked: dict[str, bool], in_fake_time: Run) -> None:
    api = ScriptedApi()
    api.on("GET", PODS, refused(403, "Forbidden"))
    assert recounted(api, in_fake_time, cluster()) == ("Starting", 0)
    assert not asked
