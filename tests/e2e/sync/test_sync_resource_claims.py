"""Devices: the host's scheduler allocates them to ResourceClaims of tenants.

No driver runs here: a ResourceSlice of the test's says which devices there are, and the kubelet waits for the
driver that would prepare them. So pods get devices and a node, and no container starts.
"""

import json
import uuid
from collections.abc import Iterator

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, pod, virtual_cluster

from vcli import VirtualCluster

SETS = ("sync.toHost.resourceClaims.enabled=true", "sync.fromHost.deviceClasses.enabled=true")
VERSION = "resource.k8s.io/v1"
FINALIZER = "resource.kubernetes.io/delete-protection"
DEVICES = 2


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """Its tenants' claims are given to the host, whose classes they see."""
    with virtual_cluster(host, "dra", sets=SETS, dns=False) as cluster:
        yield cluster


@pytest.fixture
def device_class(host: Host) -> Iterator[str]:
    """A class of devices on the host, of which there are two, on every node."""
    name = f"gpu-{uuid.uuid4().hex[:6]}"
    driver = f"{name}.example.com"
    selector = {"cel": {"expression": f'device.driver == "{driver}"'}}
    host.apply(
        "default",
        {
            "apiVersion": VERSION,
            "kind": "DeviceClass",
            "metadata": {"name": name},
            "spec": {"selectors": [selector]},
        },
        {
            "apiVersion": VERSION,
            "kind": "ResourceSlice",
            "metadata": {"name": name},
            "spec": {
                "driver": driver,
                "pool": {"name": "pool", "generation": 1, "resourceSliceCount": 1},
                "allNodes": True,
                "devices": [{"name": f"gpu-{number}"} for number in range(DEVICES)],
            },
        },
    )
    yield name
    host.kubectl("delete", "deviceclass,resourceslice", name, "--ignore-not-found")


def devices(device_class: str) -> Object:
    exactly = {"deviceClassName": device_class, "count": 1}
    return {"devices": {"requests": [{"name": "gpu", "exactly": exactly}]}}


def using(name: str, **claim: str) -> Object:
    uses = {"resources": {"claims": [{"name": "gpu"}]}}
    claims = [{"name": "gpu", **claim}]
    return pod(name, resourceClaims=claims, container=uses, terminationGracePeriodSeconds=1)


def allocated(space: Space, name: str) -> Object:
    """The claim, once it has a device and is reserved."""

    def check() -> Object | None:
        found: Object = space.get("resourceclaim", name)
        return found if found["status"]["reservedFor"] else None

    found: Object = eventually(check)
    return found


def device_of(claim: Object) -> str:
    [result] = claim["status"]["allocation"]["devices"]["results"]
    found: str = result["device"]
    return found


def messages(space: Space, name: str, reason: str) -> list[str]:
    events = space.get("events", "--field-selector", f"involvedObject.name={name},reason={reason}")["items"]
    return [event["message"] for event in events]


def test_devices_are_allocated_by_the_host_and_given_back(space: Space, device_class: str) -> None:
    eventually(lambda: space.run("get", "deviceclass", device_class).returncode == 0)
    template = {"spec": devices(device_class)}
    space.apply(
        {"apiVersion": VERSION, "kind": "ResourceClaim", "metadata": {"name": "shared"}, **template},
        {
            "apiVersion": VERSION,
            "kind": "ResourceClaimTemplate",
            "metadata": {"name": "each"},
            "spec": template,
        },
        using("direct", resourceClaimName="shared"),
        using("templated", resourceClaimTemplateName="each"),
    )
    shared = allocated(space, "shared")
    [status] = eventually(lambda: space.get("pod", "templated")["status"]["resourceClaimStatuses"])
    made = allocated(space, status["resourceClaimName"])
    assert {device_of(shared), device_of(made)} == {f"gpu-{number}" for number in range(DEVICES)}
    for claim, name in ((shared, "direct"), (made, "templated")):
        found = eventually(lambda name=name: (x := space.get("pod", name)) and x["spec"]["nodeName"] and x)
        assert claim["status"]["reservedFor"] == [
            {"resource": "pods", "name": name, "uid": found["metadata"]["uid"]}
        ]
        assert FINALIZER in claim["metadata"]["finalizers"]
        assert space.cluster.namespace not in json.dumps(claim)
    names = {space.host_name("shared"), space.host_name(status["resourceClaimName"])}
    assert set(space.on_host("resourceclaim")) == names

    # The kubelet asks for the driver, and says so in the tenant's names.
    [told, *_] = eventually(lambda: messages(space, "direct", "FailedPrepareDynamicResources"))
    assert f"{device_class}.example.com" in told
    assert not names & set(told.split())
    assert space.cluster.namespace not in told

    # There is no third device.
    space.apply(using("late", resourceClaimTemplateName="each"))
    eventually(lambda: space.is_unschedulable("late"))
    [told, *_] = eventually(lambda: messages(space, "late", "FailedScheduling"))
    assert "cannot allocate all claims" in told

    # A claim in use can't be deleted; with its last pod it goes, and the device is free.
    space.kubectl("delete", "resourceclaim", "shared", "--wait=false")
    assert "deletionTimestamp" in space.get("resourceclaim", "shared")["metadata"]
    space.kubectl("delete", "pod", "direct")
    eventually(lambda: space.run("get", "resourceclaim", "shared").returncode != 0)
    eventually(lambda: space.host_name("shared") not in space.on_host("resourceclaim"))
    [status] = space.get("pod", "late")["status"]["resourceClaimStatuses"]
    assert device_of(allocated(space, status["resourceClaimName"])) == device_of(shared)

    space.kubectl("delete", "pod", "late", "templated")
    eventually(lambda: space.on_host("resourceclaim") == [])
    assert space.get("resourceclaims")["items"] == []


def test_a_pod_waits_for_its_claim(space: Space, device_class: str) -> None:
    space.apply(using("early", resourceClaimName="later"))
    assert 'resourceclaim "later" not found' in eventually(
        lambda: messages(space, "early", "FailedScheduling")
    )
    assert space.on_host("pod") == []
    body = {"apiVersion": VERSION, "kind": "ResourceClaim", "metadata": {"name": "later"}}
    space.apply({**body, "spec": devices(device_class)})
    allocated(space, "later")
    space.kubectl("delete", "pod", "early")
    space.kubectl("delete", "resourceclaim", "later")
    eventually(lambda: space.on_host("resourceclaim") == [])
