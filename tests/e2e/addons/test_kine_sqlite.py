"""SQLite by way of kine: what was acknowledged outlives kills, a pause and the pod."""

import json
import uuid
from collections.abc import Iterator

import pytest
from embedded import Host
from plane import Plane
from polling import eventually
from test_create import NO_DNS, on_host
from upgrading import inside, pod, precious, restarting
from writers import Writers

from vcli import VirtualCluster

NAME = "demo"
KILLS = 3  # the kubelet waits twice as long before each restart: 10 s, 20 s, 40 s


@pytest.fixture(scope="module")
def desk(host: Host) -> Host:
    """The host, used by its administrator."""
    return host


@pytest.fixture(scope="module")
def place(desk: Host) -> Iterator[str]:
    """The namespace of one whose objects are in SQLite."""
    name = f"sqlite-{uuid.uuid4().hex[:8]}"
    desk.create_namespace(name)
    desk.vcli("create", NAME, "-n", name, "--store", "sqlite", "--no-connect", *NO_DNS)
    yield name
    desk.end_namespace(name)


def test_its_file_is_on_the_claim(desk: Host, place: str):
    containers = [each["name"] for each in pod(desk, place)["spec"]["containers"]]
    assert ("kine" in containers, "etcd" in containers) == (True, False)
    [claim] = on_host(desk, "pvc", "-n", place)["items"]
    assert claim["status"]["phase"] == "Bound"
    described = json.loads(desk.vcli("describe", NAME, "-n", place, "-o", "json").stdout)
    assert described["store"] == {"kind": "sqlite"}


def test_kills_lose_nothing_that_was_acknowledged(desk: Host, place: str):
    with VirtualCluster.connect(NAME, namespace=place, kubeconfig=desk.kubeconfig) as cluster:
        plane = Plane(host=desk, cluster=cluster)
        with Writers(cluster) as writers:
            for _ in range(KILLS):
                restarts = plane.status("kine")["restartCount"]
                plane.kill("kine")
                eventually(lambda count=restarts: plane.status("kine").get("restartCount", 0) > count)
                writers.go_on()
        plane.wait_ready()
        assert len(writers.created) >= KILLS * 20
        assert writers.failed, "the kills were not noticed"
        assert writers.missing() == {}


def test_a_new_pod_and_a_pause_find_all_of_it(desk: Host, place: str):
    kept = precious(desk, place)
    desk.vcli("upgrade", NAME, "-n", place, *restarting("y"))
    inside(desk, place, "get", "configmap", kept)
    desk.vcli("pause", NAME, "-n", place)
    desk.vcli("resume", NAME, "-n", place)
    eventually(lambda: inside(desk, place, "get", "configmap", kept, check=False).returncode == 0)


def test_another_store_is_refused(desk: Host, place: str):
    refused = desk.vcli(
        "upgrade", NAME, "-n", place, "--set", "controlPlane.backingStore.database=null", check=False
    )
    assert refused.returncode == 5, refused.stderr
    assert (
        "would lose its objects, which stay in the store that it has: store sqlite → etcd" in refused.stderr
    )
    assert "create a second virtual cluster" in refused.stderr
