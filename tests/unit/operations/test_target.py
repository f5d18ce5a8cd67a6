"""What is asked of the host to connect, and what is not asked again after a create."""

import base64
import stat
from contextlib import asynccontextmanager
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, ok, refused
from vcli import yaml
from vcli.errors import ConflictError, NotAllowedError, NotReadyError
from vcli.kubeconfig.auth import Loaded
from vcli.kubeconfig.paths import sources
from vcli.operations.connection import Options
from vcli.operations.host_connection import HostConnection
from vcli.operations.known import Known
from vcli.operations.resolve import cluster_of
from vcli.operations.steps import NoSteps
from vcli.operations.target import Target, target

CORE = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
DATA = {"certificate-authority": "ca", "client-certificate": "crt", "client-key": "key"}
SECRET = {
    "kind": "Secret",
    "metadata": {"name": "vc-demo", "namespace": NAMESPACE},
    "data": {key: base64.b64encode(value.encode()).decode() for key, value in DATA.items()},
}


def service(kind: str = "ClusterIP", **more: Any) -> Any:
    metadata = {"name": "demo", "namespace": NAMESPACE}
    spec = {"type": kind, "ports": [{"name": "https", "port": 443}]}
    return {"kind": "Service", "metadata": metadata, "spec": spec, **more}


def workload(*, ready: int = 1, **metadata: Any) -> Any:
    labels = {"app": "vcluster", "release": "demo", "vcli.dev/cluster": "demo"}
    return {
        "kind": "StatefulSet",
        "metadata": {
            "name": "demo",
            "namespace": NAMESPACE,
            "uid": "u",
            "resourceVersion": "1",
            "labels": labels,
            **metadata,
        },
        "spec": {"replicas": 1},
        "status": {"readyReplicas": ready},
    }


def known(found: Any, *objects: Any) -> Known:
    return Known.of(cluster_of(found, kind="StatefulSet"), [*objects, found])


@pytest.fixture
def api() -> ScriptedApi:
    scripted = ScriptedApi()
    scripted.on("GET", f"{APPS}/statefulsets", listed(workload()))
    scripted.on("GET", f"{APPS}/deployments", listed())
    scripted.on("GET", f"{CORE}/secrets/vc-demo", ok(SECRET))
    scripted.on("GET", f"{CORE}/services/demo", ok(service()))
    return scripted


@asynccontextmanager
async def reached(api: ScriptedApi, **options: Any) -> Any:
    loaded = Loaded(
        access=api.access,
        context_name="kind",
        namespace=None,
        sources=sources("/nowhere/config"),
        current="kind",
    )
    host = HostConnection(loaded, api.client())
    learned = options.pop("known", None)
    asked = Options(name="demo", namespace=NAMESPACE, **options)
    async with target(asked, steps=NoSteps(), host=host, known=learned) as found:
        yield found


def paths(api: ScriptedApi) -> list[str]:
    return sorted(each.path.rpartition(NAMESPACE)[2] for each in api.requests)


async def test_what_connecting_asks(api: ScriptedApi) -> None:
    async with reached(api):
        pass
    assert paths(api) == ["/deployments", "/secrets/vc-demo", "/services/demo", "/statefulsets"]


async def test_after_a_create_nothing_is_asked_again(api: ScriptedApi) -> None:
    async with reached(api, known=known(workload(), SECRET, service())) as found:
        assert found.credentials.ca == b"ca"
        assert found.endpoint is None
    assert not api.requests


async def test_an_address_that_comes_later_is_asked_for(api: ScriptedApi) -> None:
    async with reached(api, known=known(workload(), SECRET, service("LoadBalancer"))):
        pass
    assert paths(api) == ["/services/demo"]


async def test_credentials_that_are_not_known_are_asked_for(api: ScriptedApi) -> None:
    async with reached(api, known=known(workload(), service())):
        pass
    assert paths(api) == ["/secrets/vc-demo"]


async def test_one_that_is_deleted_or_not_ready_is_no_target(api: ScriptedApi) -> None:
    deleted = workload(deletionTimestamp="2026-01-01T00:00:00Z")
    with pytest.raises(ConflictError, match="is being deleted"):
        async with reached(api, known=known(deleted, SECRET, service())):
            pass
    crashed = {"name": "kube-apiserver", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    pod = {
        "metadata": {"name": "demo-0", "namespace": NAMESPACE, "uid": "p", "resourceVersion": "2"},
        "spec": {"nodeName": "node"},
        "status": {"containerStatuses": [crashed]},
    }
    api.on("GET", f"{CORE}/pods", listed(pod))
    api.on("GET", f"{CORE}/events", listed())
    with pytest.raises(NotReadyError, match="ImagePullBackOff"):
        async with reached(api, known=known(workload(ready=0), SECRET, service())):
            pass


async def test_one_that_is_paused_is_resumed_and_waited_for(api: ScriptedApi) -> None:
    asleep = workload(annotations={"loft.sh/paused": "true", "loft.sh/paused-replicas": "3"})
    asleep["spec"]["replicas"] = 0
    api.on("GET", f"{APPS}/statefulsets", listed(asleep))
    api.on("PATCH", f"{APPS}/statefulsets/demo", ok(workload(ready=0)))
    pod = {
        "metadata": {"name": "demo-0", "namespace": NAMESPACE, "uid": "p", "resourceVersion": "2"},
        "spec": {"nodeName": "node"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }
    api.on("GET", f"{CORE}/pods", listed(pod))
    api.on("GET", f"{CORE}/events", listed())
    async with reached(api) as found:
        assert not found.cluster.paused
    [patch] = api.asked("PATCH")
    assert patch.body == {
        "metadata": {
            "annotations": {
                "loft.sh/paused": None,
                "loft.sh/paused-replicas": None,
                "vcli.dev/sleeping-since": None,
            }
        },
        "spec": {"replicas": 3},
    }


async def test_who_may_not_resume_is_told_who_may(api: ScriptedApi) -> None:
    asleep = workload(annotations={"loft.sh/paused": "true"})
    asleep["spec"]["replicas"] = 0
    api.on("GET", f"{APPS}/statefulsets", listed(asleep))
    api.on("PATCH", f"{APPS}/statefulsets/demo", refused(403, "Forbidden"))
    with pytest.raises(NotAllowedError, match="is paused, and you may not resume it") as caught:
        async with reached(api):
            pass
    assert f"vcli resume demo -n {NAMESPACE}" in (caught.value.hint or "")


async def test_it_is_opened_once_and_nothing_is_left(api: ScriptedApi) -> None:
    found: Target
    async with reached(api) as found, found.open() as opened:
        assert opened.tunnel is not None
        assert opened.endpoint.server == f"https://127.0.0.1:{opened.endpoint.port}"
        with opened.environment() as environment:
            path = environment.kubeconfig
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert environment.variables == {
                "KUBECONFIG": str(path),
                "VCLI_NAME": "demo",
                "VCLI_NAMESPACE": NAMESPACE,
            }
            config = yaml.parse(path.read_text())
            [cluster] = config["clusters"]
            assert cluster["cluster"]["server"] == opened.endpoint.server
            assert config["current-context"] == f"vcluster_demo_{NAMESPACE}_kind"
    assert not path.exists()


async def test_a_url_of_ones_own_needs_no_tunnel(api: ScriptedApi) -> None:
    async with reached(api, server="https://vc.example.org:8443") as found, found.open() as opened:
        assert opened.tunnel is None
        assert opened.endpoint.server == "https://vc.example.org:8443"
        assert not opened.asks
    assert "/services/demo" not in paths(api)
