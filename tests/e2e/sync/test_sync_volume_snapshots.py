"""Snapshots of tenants' claims, on a host that has the kinds; no snapshot controller runs there.

What one would do, the tests do through the host's API: they make contents, and write statuses.
"""

import json
from collections.abc import Iterator

import pytest
from embedded import Host
from plane import Plane
from polling import eventually
from snapshots import CONTENT, GROUP, SNAPSHOT
from space import Object, Space, virtual_cluster, virtual_namespace

from vcli import VirtualCluster

VERSION = f"{GROUP}/v1"
SETS = (
    "sync.toHost.volumeSnapshots.enabled=true",
    "sync.toHost.volumeSnapshotContents.enabled=true",
)
CLAIM: Object = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """On a host with the definitions of snapshots."""
    names = [f"customresourcedefinition/{each['metadata']['name']}" for each in (SNAPSHOT, CONTENT)]
    host.apply("default", SNAPSHOT, CONTENT)
    host.kubectl("wait", "--for=condition=Established", *names)
    try:
        with virtual_cluster(host, "snaps", sets=SETS, dns=False) as cluster:
            yield cluster
    finally:
        host.kubectl("delete", *names, "--wait=false")


@pytest.fixture
def space(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    with virtual_namespace(cluster, host) as space:
        eventually(lambda: space.run("get", "volumesnapshots,volumesnapshotcontents").returncode == 0)
        yield space


def snapshot(name: str, **source: str) -> Object:
    spec = {"source": source, "volumeSnapshotClassName": "fast"}
    return {"apiVersion": VERSION, "kind": "VolumeSnapshot", "metadata": {"name": name}, "spec": spec}


def content(name: str, *, source: Object, of: Object) -> Object:
    spec = {
        "deletionPolicy": "Retain",
        "driver": "a.example.com",
        "source": source,
        "volumeSnapshotRef": {"kind": "VolumeSnapshot", **of},
    }
    return {"apiVersion": VERSION, "kind": "VolumeSnapshotContent", "metadata": {"name": name}, "spec": spec}


def on_host(space: Space, name: str) -> Object:
    found: Object = space.host.get("volumesnapshot", space.host_name(name), "-n", space.cluster.namespace)
    return found


def write_status(space: Space, what: str, **status: object) -> None:
    """Be the host's snapshot controller."""
    patch = json.dumps({"status": status})
    where = ("-n", space.cluster.namespace, "--subresource=status", "--type=merge", "--patch", patch)
    space.host.kubectl("patch", what, *where)


def exists(space: Space, *what: str) -> bool:
    return space.run("get", *what).returncode == 0


def test_a_snapshot_of_a_claim_and_a_claim_from_it(space: Space) -> None:
    source = {"apiGroup": GROUP, "kind": "VolumeSnapshot", "name": "nightly"}
    restored = {**CLAIM, "metadata": {"name": "restored"}, "spec": {**CLAIM["spec"], "dataSource": source}}
    space.apply(CLAIM, snapshot("nightly", persistentVolumeClaimName="data"), restored)
    host = eventually(lambda: on_host(space, "nightly"))
    assert host["spec"] == {
        "source": {"persistentVolumeClaimName": space.host_name("data")},
        "volumeSnapshotClassName": "fast",
    }
    found = eventually(
        lambda: space.host.get("pvc", space.host_name("restored"), "-n", space.cluster.namespace)
    )
    assert found["spec"]["dataSource"]["name"] == host["metadata"]["name"]

    # It fails first, and is said in the tenant's names.
    message = f"no driver for {space.cluster.namespace}/{space.host_name('data')}"
    write_status(space, f"volumesnapshot/{space.host_name('nightly')}", error={"message": message})
    said = eventually(lambda: space.get("volumesnapshot", "nightly")["status"]["error"]["message"])
    assert said == f"no driver for {space.name}/data"

    # Then it is taken: the content that the host makes is shown beside it.
    name = f"snapcontent-{host['metadata']['uid']}"
    of = {key: host["metadata"][key] for key in ("namespace", "name", "uid")}
    space.host.apply("default", content(name, source={"volumeHandle": "vol-1"}, of=of))
    write_status(space, f"volumesnapshotcontent/{name}", snapshotHandle="snap-1", readyToUse=True)
    bound = {"boundVolumeSnapshotContentName": name, "readyToUse": True, "restoreSize": "1Mi", "error": None}
    write_status(space, f"volumesnapshot/{space.host_name('nightly')}", **bound)

    def ready() -> Object | None:
        found: Object = space.get("volumesnapshot", "nightly")
        return found if found["status"].get("readyToUse") else None

    taken = eventually(ready)
    expected = {"boundVolumeSnapshotContentName": name, "readyToUse": True, "restoreSize": "1Mi"}
    assert taken["status"] == expected
    eventually(lambda: space.get("volumesnapshotcontent", name)["status"])
    shown = space.get("volumesnapshotcontent", name)
    assert shown["spec"]["source"] == {"volumeHandle": "vol-1"}
    assert shown["status"]["snapshotHandle"] == "snap-1"
    assert shown["spec"]["volumeSnapshotRef"]["uid"] == taken["metadata"]["uid"]
    assert space.cluster.namespace not in json.dumps([taken, shown])

    # A syncer that starts again takes nothing away.
    plane = Plane(host=space.host, cluster=space.cluster)
    plane.kill("syncer")
    plane.wait_ready()
    space.kubectl("label", "volumesnapshot", "nightly", "kept=yes")
    eventually(lambda: on_host(space, "nightly")["metadata"]["labels"].get("kept") == "yes")
    assert on_host(space, "nightly")["metadata"]["uid"] == host["metadata"]["uid"]
    assert space.get("volumesnapshotcontent", name)["metadata"]["uid"] == shown["metadata"]["uid"]

    space.kubectl("delete", "volumesnapshot", "nightly")
    eventually(lambda: space.on_host("volumesnapshot") == [])
    eventually(lambda: not exists(space, "volumesnapshotcontent", name))
    space.host.kubectl("delete", "volumesnapshotcontent", name)


def test_a_snapshot_that_is_there_already_is_named_by_its_handle(space: Space) -> None:
    of = {"namespace": space.name, "name": "old"}
    name = f"old-{space.name}"
    taking = content(f"taking-{space.name}", source={"volumeHandle": "vol-of-somebody"}, of=of)
    static = content(name, source={"snapshotHandle": "snap-0"}, of=of)
    static["metadata"]["annotations"] = {"snapshot.storage.kubernetes.io/deletion-secret-name": "password"}
    space.apply(static, taking, snapshot("old", volumeSnapshotContentName=name))
    host = eventually(lambda: on_host(space, "old"))
    host_name = host["spec"]["source"]["volumeSnapshotContentName"]
    assert host_name != name
    found = eventually(lambda: space.host.get("volumesnapshotcontent", host_name))
    assert found["spec"]["source"] == {"snapshotHandle": "snap-0"}
    assert found["spec"]["volumeSnapshotRef"] == {
        "kind": "VolumeSnapshot",
        "namespace": space.cluster.namespace,
        "name": host["metadata"]["name"],
    }
    assert "password" not in found["metadata"]["annotations"].values()
    [owner] = found["metadata"]["ownerReferences"]
    assert owner["kind"] == "ClusterRole"

    write_status(space, f"volumesnapshotcontent/{host_name}", readyToUse=True, snapshotHandle="snap-0")
    bound = {"boundVolumeSnapshotContentName": host_name, "readyToUse": True}
    write_status(space, f"volumesnapshot/{host['metadata']['name']}", **bound)
    eventually(lambda: space.get("volumesnapshotcontent", name)["status"]["readyToUse"])
    status = eventually(lambda: space.get("volumesnapshot", "old")["status"])
    assert status == {"boundVolumeSnapshotContentName": name, "readyToUse": True}

    # One that takes a snapshot of any volume is not the tenant's to make.
    about = f"involvedObject.name=taking-{space.name},reason=Ignored"
    [told] = eventually(
        lambda: space.get("events", "--namespace", "default", "--field-selector", about)["items"]
    )
    assert "source.volumeHandle" in told["message"]
    names = [each["metadata"]["name"] for each in space.host.get("volumesnapshotcontents")["items"]]
    assert not any("taking" in each for each in names)

    space.kubectl("delete", "volumesnapshotcontent", name, f"taking-{space.name}")
    eventually(lambda: host_name not in space.host.kubectl("get", "volumesnapshotcontents", "-o", "name"))
