"""Waiting for a control plane, against a scripted API server and on a clock that jumps."""

from collections.abc import Callable
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, refused
from vcli.errors import NotReadyError, TimedOutError
from vcli.kube.errors import Forbidden
from vcli.operations import watcher
from vcli.operations.resolve import cluster_of
from vcli.operations.wait import wait_ready

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
STATEFUL_SETS = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets"
READY = {"type": "Ready", "status": "True"}
Run = Callable[[Callable[[], Any]], Any]


def workload(*, generation: int = 1, ready: int = 0, revision: str = "new", labels: Any = None) -> Any:
    return {
        "metadata": {
            "name": "demo",
            "namespace": NAMESPACE,
            "uid": "uid-demo",
            "generation": generation,
            "resourceVersion": "1",
            "labels": {"app": "vcluster", "release": "demo", **(labels or {})},
        },
        "spec": {"replicas": 1},
        "status": {
            "observedGeneration": generation,
            "updateRevision": revision,
            "readyReplicas": ready,
        },
    }


def pod(name: str = "demo-0", *, revision: str = "new", conditions: Any = (), deleting: bool = False) -> Any:
    api = {"name": "kube-apiserver", "ready": bool(conditions), "state": {"running": {}}}
    syncer = {"name": "syncer", "ready": False, "state": {"running": {}}}
    return {
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-{name}-{revision}",
            "resourceVersion": "2",
            "labels": {"controller-revision-hash": revision},
            **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {}),
        },
        "spec": {"nodeName": "node"},
        "status": {
            "phase": "Running",
            "conditions": list(conditions),
            "containerStatuses": [api, syncer],
        },
    }


def rejection(message: str, *, uid: str = "uid-demo") -> Any:
    return {
        "metadata": {"name": "rejected", "uid": "e", "resourceVersion": "3"},
        "reason": "FailedCreate",
        "message": message,
        "involvedObject": {"kind": "StatefulSet", "name": "demo", "uid": uid},
    }


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    scripted = ScriptedApi()
    scripted.on("GET", PODS, listed())
    scripted.on("GET", EVENTS, listed())
    scripted.on("GET", STATEFUL_SETS, listed(workload()))
    scripted.probed = []  # type: ignore[attr-defined]
    scripted.syncer_is_ready = False  # type: ignore[attr-defined]

    async def is_ready(client: Any, *, namespace: str, pod: str) -> bool:
        scripted.probed.append(pod)  # type: ignore[attr-defined]
        return scripted.syncer_is_ready  # type: ignore[attr-defined, no-any-return]

    monkeypatch.setattr(watcher, "is_ready", is_ready)
    return scripted


async def wait(
    api: ScriptedApi, found: Any = None, *, kind: str = "StatefulSet", **options: Any
) -> list[str]:
    details: list[str] = []
    cluster = cluster_of(found or workload(), kind=kind)
    options = {"timeout": 60.0, **options}
    await wait_ready(api.client(), cluster, detail=details.append, **options)
    return details


OURS = {"vcli.dev/cluster": "demo"}


def test_one_that_is_ready_costs_no_request(api: ScriptedApi, in_fake_time: Run) -> None:
    in_fake_time(lambda: wait(api, workload(ready=1)))
    assert not api.requests


def test_to_connect_an_api_server_that_is_ready_will_do(api: ScriptedApi, in_fake_time: Run) -> None:
    serving = pod(revision="any")
    serving["status"]["containerStatuses"][0]["ready"] = True
    api.on("GET", PODS, listed(pod("demo-1", deleting=True, conditions=[READY]), serving))
    in_fake_time(lambda: wait(api))
    assert STATEFUL_SETS not in {each.path for each in api.requests}


def test_the_api_server_of_another_cli_may_be_its_syncer(api: ScriptedApi, in_fake_time: Run) -> None:
    serving = pod()
    serving["status"]["containerStatuses"] = [{"name": "syncer", "ready": True, "state": {"running": {}}}]
    api.on("GET", PODS, listed(serving))
    in_fake_time(lambda: wait(api, kind="Deployment"))
    assert not api.probed  # type: ignore[attr-defined]


def test_after_a_change_only_the_new_pod_counts_and_all_of_it(api: ScriptedApi, in_fake_time: Run) -> None:
    old, new = pod(revision="old", conditions=[READY]), pod()
    new["status"]["containerStatuses"][0]["ready"] = True
    api.on("GET", PODS, listed(old, new))
    changed = workload(generation=2)
    api.on("GET", STATEFUL_SETS, listed(changed))

    async def both() -> None:
        with pytest.raises(TimedOutError, match="not ready after 60 seconds: container syncer is starting"):
            await wait(api, changed, updated=True)
        api.send_event(PODS, "MODIFIED", pod(conditions=[READY]))
        await wait(api, changed, updated=True)

    in_fake_time(both)


def test_of_several_pods_all_have_to_be_ready_after_a_change(api: ScriptedApi, in_fake_time: Run) -> None:
    pods = [pod(f"demo-{number}", conditions=[READY]) for number in range(2)]
    api.on("GET", PODS, listed(*pods, pod("demo-2"), pod("demo-2", revision="old", conditions=[READY])))
    several = workload(labels=OURS)
    several["spec"]["replicas"] = 3
    api.on("GET", STATEFUL_SETS, listed(several))
    api.syncer_is_ready = True  # type: ignore[attr-defined]

    async def both() -> None:
        with pytest.raises(TimedOutError, match="container kube-apiserver is starting"):
            await wait(api, several, updated=True)
        api.send_event(PODS, "MODIFIED", pod("demo-2", conditions=[READY]))
        await wait(api, several, updated=True)
        assert not api.probed  # type: ignore[attr-defined]

    in_fake_time(both)


def test_the_detail_changes_with_what_it_waits_for(api: ScriptedApi, in_fake_time: Run) -> None:
    api.on("GET", PODS, listed(pod(revision="old", deleting=True)))
    api.send_event(PODS, "ADDED", pod(conditions=[READY]))

    details = in_fake_time(lambda: wait(api, updated=True))
    assert details in ([], ["the pod from before is ending"])


@pytest.mark.parametrize("updated", [False, True])
def test_the_syncers_own_answer_is_enough(api: ScriptedApi, in_fake_time: Run, *, updated: bool) -> None:
    api.on("GET", PODS, listed(pod()))
    api.syncer_is_ready = True  # type: ignore[attr-defined]
    in_fake_time(lambda: wait(api, workload(labels=OURS), updated=updated))
    assert api.probed == ["demo-0"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("updated", [False, True])
def test_a_rejected_pod_is_not_waited_for(api: ScriptedApi, in_fake_time: Run, *, updated: bool) -> None:
    api.on("GET", EVENTS, listed(rejection("other", uid="another"), rejection("exceeded quota: small")))
    with pytest.raises(NotReadyError, match="its pod is rejected by the host: exceeded quota: small"):
        in_fake_time(lambda: wait(api, updated=updated))


def test_what_passes_is_waited_for(api: ScriptedApi, in_fake_time: Run) -> None:
    api.on("GET", EVENTS, listed(rejection('serviceaccount "vc-demo" not found')))
    with pytest.raises(TimedOutError) as caught:
        in_fake_time(lambda: wait(api))
    assert not isinstance(caught.value, NotReadyError)
    assert "vcli describe demo" in (caught.value.hint or "")


def test_a_rejection_from_before_a_change_says_nothing(api: ScriptedApi, in_fake_time: Run) -> None:
    changed = workload(generation=3)
    api.on("GET", EVENTS, listed(rejection("exceeded quota: of the last try")))
    api.on("GET", STATEFUL_SETS, listed(changed))

    async def both() -> None:
        with pytest.raises(TimedOutError) as caught:
            await wait(api, changed, updated=True)
        assert not isinstance(caught.value, NotReadyError)
        api.send_event(EVENTS, "MODIFIED", rejection("exceeded quota: of this one"))
        with pytest.raises(NotReadyError, match="of this one"):
            await wait(api, changed, updated=True)

    in_fake_time(both)


def test_a_deleted_workload_is_not_waited_for(api: ScriptedApi, in_fake_time: Run) -> None:
    api.on("GET", STATEFUL_SETS, listed())
    with pytest.raises(NotReadyError, match="its StatefulSet was deleted meanwhile"):
        in_fake_time(lambda: wait(api, updated=True))


def test_who_may_not_see_the_pods_gets_that_error(api: ScriptedApi, in_fake_time: Run) -> None:
    api.on("GET", PODS, refused(403, "Forbidden"))
    with pytest.raises(Forbidden):
        in_fake_time(lambda: wait(api))


def test_who_may_list_and_not_watch_waits_all_the_same(api: ScriptedApi, in_fake_time: Run) -> None:
    api.on("GET", EVENTS, refused(403, "Forbidden"))
    api.on("WATCH", PODS, refused(403, "Forbidden"))
    api.on("GET", PODS, listed(), listed(pod()), listed(pod(conditions=[READY])))
    in_fake_time(lambda: wait(api))
