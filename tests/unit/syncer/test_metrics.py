import pytest

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden
from vcli.syncer.engine.availability import Availability
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.metrics import Metrics, kind_of, resident


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/pods", "pods"),
        ("/api/v1/namespaces", "namespaces"),
        ("/api/v1/namespaces/default", "namespaces"),
        ("/api/v1/namespaces/default/pods", "pods"),
        ("/api/v1/namespaces/default/pods/web", "pods"),
        ("/api/v1/namespaces/default/pods/web/binding", "pods/binding"),
        ("/api/v1/namespaces/default/serviceaccounts/default/token", "serviceaccounts/token"),
        ("/api/v1/nodes/one/status", "nodes/status"),
        ("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/one", "leases"),
        ("/apis/apps/v1/deployments", "deployments"),
        ("/version", "/version"),
        ("/readyz", "/readyz"),
    ],
)
def test_a_path_is_counted_by_its_resource(path: str, kind: str) -> None:
    assert kind_of(path) == kind


async def test_requests_and_queues_are_told_without_names() -> None:
    async def nothing(key: str) -> None:
        pass

    async with (
        Client(Access(server="https://host")) as host,
        Client(Access(server="https://virtual")) as virtual,
    ):
        availability = Availability()
        metrics = Metrics({"host": host, "virtual": virtual}, availability)
        controller = Controller("pods", nothing)
        metrics.watch_controllers([controller])
        controller.queue.add("team-a/secret-plan")
        availability.changed("host persistentvolumeclaims", Forbidden("not in team-a", status=403))
        for _ in range(3):
            host.on_answer("POST", "/api/v1/namespaces/team-a/pods", 201)
        virtual.on_answer("PATCH", "/api/v1/namespaces/default/pods/web/status", 409)
        text = metrics.text()
    lines = text.splitlines()
    assert 'vcli_syncer_requests_total{api="host",method="POST",resource="pods",code="201"} 3' in lines
    assert (
        'vcli_syncer_requests_total{api="virtual",method="PATCH",resource="pods/status",code="409"} 1'
        in lines
    )
    assert 'vcli_syncer_queue_depth{controller="pods"} 1' in lines
    assert 'vcli_syncer_reconcile_total{controller="pods"} 0' in lines
    assert 'vcli_syncer_unavailable{api="host",resource="persistentvolumeclaims"} 1' in lines
    assert "team-a" not in text
    assert text.endswith("\n")


def test_a_process_has_memory() -> None:
    assert resident() > 1024 * 1024
