"""Whether a control plane serves now, by its pods and by its syncer; against a scripted API server."""

from collections.abc import Callable
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, refused
from vcli.controlplane.names import Names
from vcli.kube.errors import Forbidden
from vcli.operations import probe

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
READY = {"type": "Ready", "status": "True"}
Run = Callable[[Callable[[], Any]], Any]


def pod(name: str = "demo-0", *, phase: str = "Running", **status: Any) -> Any:
    return {
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": name, "resourceVersion": "2"},
        "spec": {},
        "status": {"phase": phase, **status},
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """What the syncers answer, by the name of their pod; no other may be asked."""
    answers: dict[str, bool] = {}

    async def is_ready(client: Any, *, namespace: str, pod: str, **options: float) -> bool:
        assert (namespace, options["timeout"] < 1) == (NAMESPACE, True)
        return answers[pod]

    monkeypatch.setattr(probe, "is_ready", is_ready)
    return answers


def serving(api: ScriptedApi, run: Run) -> Any:
    return run(lambda: probe.is_serving(api.client(), Names("demo", NAMESPACE)))


def test_a_ready_pod_serves_and_its_syncer_is_not_asked(asked: dict[str, bool], in_fake_time: Run) -> None:
    api = ScriptedApi()
    api.on("GET", PODS, listed(pod(conditions=[READY])))
    assert serving(api, in_fake_time) is True
    assert not asked


@pytest.mark.parametrize("answer", [True, False])
def test_else_the_syncer_of_a_pod_that_runs_says_so(
    asked: dict[str, bool], in_fake_time: Run, *, answer: bool
) -> None:
    asked["demo-0"] = answer
    api = ScriptedApi()
    api.on("GET", PODS, listed(pod(), pod("demo-1", phase="Pending")))
    assert serving(api, in_fake_time) is answer


def test_without_a_pod_nothing_serves(asked: dict[str, bool], in_fake_time: Run) -> None:
    api = ScriptedApi()
    api.on("GET", PODS, listed())
    assert serving(api, in_fake_time) is False
    assert not asked


def test_who_may_not_list_pods_learns_of_it(asked: dict[str, bool], in_fake_time: Run) -> None:
    api = ScriptedApi()
    api.on("GET", PODS, refused(403, "Forbidden"))
    with pytest.raises(Forbidden):
        serving(api, in_fake_time)
    assert not asked
