"""Claims and volumes: the host provisions them, and the virtual cluster shows what a plain one would."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes_versions import VIRTUAL, both_have, minor
from plane import Plane
from polling import eventually
from space import IDLE, Object, Space, pod, template

Classes = Callable[..., str]

HOST_PATH = "kubernetes.io/host-path"


@pytest.fixture
def classes(space: Space) -> Iterator[Classes]:
    """Makes StorageClasses on the host; gives their names."""
    made: list[str] = []

    def make(**fields: Any) -> str:
        name = f"class-{uuid.uuid4().hex[:6]}"
        made.append(name)
        body = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
        space.host.apply(space.cluster.namespace, {**body, "provisioner": HOST_PATH, **fields})
        return name

    yield make
    for name in made:
        space.host.kubectl("delete", "storageclass", name)
        volumes = [each for each in space.host.get("pv")["items"] if each["spec"]["storageClassName"] == name]
        for each in volumes:
            space.host.kubectl("delete", "pv", each["metadata"]["name"], "--wait=false")


def claim(name: str = "data", *, size: str = "1Mi", **spec: Any) -> Object:
    fields = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": fields,
    }


def mounting(name: str, script: str = IDLE, *, of: str = "data") -> Object:
    return pod(
        name,
        script,
        volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": of}}],
        container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
    )


def phase(space: Space, name: str = "data") -> str:
    found: str = space.get("pvc", name)["status"]["phase"]
    return found


def bound(space: Space, name: str = "data") -> Object:
    """The claim, once it is bound."""
    space.wait("jsonpath={.status.phase}=Bound", f"pvc/{name}")
    found: Object = space.get("pvc", name)
    return found


def on_host(space: Space, name: str = "data") -> Object:
    found: Object = space.host.get("pvc", space.host_name(name), "-n", space.cluster.namespace)
    return found


def patch_on_host(space: Space, what: str, patch: Object, *options: str) -> None:
    """Be an administrator of the host, or one of its controllers."""
    namespace = ("-n", space.cluster.namespace)
    space.host.kubectl("patch", what, *namespace, "--type=merge", "-p", json.dumps(patch), *options)


def messages(space: Space, name: str, reason: str) -> list[str]:
    events = space.get("events", "--field-selector", f"involvedObject.name={name},reason={reason}")["items"]
    return [event["message"] for event in events]


def exists(space: Space, *what: str) -> bool:
    return space.run("get", *what).returncode == 0


@pytest.mark.skew
def test_a_claim_in_use_and_its_volume_end_when_the_last_pod_does(space: Space) -> None:
    space.apply(claim(), mounting("writer", f"echo kept > /data/file; {IDLE}"))
    space.wait("condition=Ready", "pod/writer")
    found = bound(space)
    name = found["spec"]["volumeName"]
    assert found["spec"]["storageClassName"] == "standard"
    assert found["status"]["capacity"] == {"storage": "1Mi"}

    shown = space.get("pv", name)
    assert shown["status"]["phase"] == "Bound"
    assert shown["spec"]["claimRef"]["name"] == "data"
    assert shown["spec"]["claimRef"]["uid"] == found["metadata"]["uid"]
    assert shown["spec"]["csi"]["driver"] == "unknown.vcli.dev"
    assert shown["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] == HOST_PATH
    assert space.cluster.namespace not in json.dumps([found, shown])
    space.kubectl("patch", "pv", name, "--type=merge", "-p", '{"spec":{"capacity":{"storage":"9Gi"}}}')
    eventually(lambda: space.get("pv", name)["spec"]["capacity"] == {"storage": "1Mi"}, seconds=30)

    space.kubectl("delete", "pvc", "data", "--wait=false")
    space.kubectl("delete", "pv", name, "--wait=false")
    space.apply(mounting("late"))
    eventually(lambda: messages(space, "late", "FailedScheduling"))
    assert "Terminating" in space.kubectl("get", "pvc", "data")
    assert "Terminating" in space.kubectl("get", "pv", name)
    assert "deletionTimestamp" not in on_host(space)["metadata"]
    assert space.sh("writer", "cat /data/file") == "kept"

    space.kubectl("delete", "pod", "late", "writer")
    space.wait("delete", "pvc/data")
    space.wait("delete", f"pv/{name}")
    eventually(lambda: space.on_host("pvc") == [], seconds=30)


@pytest.mark.skew
def test_a_claim_grows_as_the_host_makes_it_grow(space: Space, classes: Classes) -> None:
    growing = classes(allowVolumeExpansion=True)
    space.apply(claim(storageClassName=growing), claim("rigid"))
    name, rigid = bound(space)["spec"]["volumeName"], bound(space, "rigid")
    larger = '{"spec":{"resources":{"requests":{"storage":"2Mi"}}}}'
    space.kubectl("patch", "pvc", "data", "rigid", "-p", larger)
    eventually(lambda: on_host(space)["spec"]["resources"]["requests"] == {"storage": "2Mi"})
    # The host's own expander says that it leaves this to the driver, whose part is played here.
    eventually(lambda: messages(space, "data", "ExternalExpanding"))

    what = f"pvc/{space.host_name('data')}"
    patch_on_host(space, f"pv/{name}", {"spec": {"capacity": {"storage": "2Mi"}}})
    pending = {
        "allocatedResources": {"storage": "2Mi"},
        "allocatedResourceStatuses": {"storage": "NodeResizePending"},
        "conditions": [{"type": "FileSystemResizePending", "status": "True", "message": f"{what} waits"}],
    }
    patch_on_host(space, what, {"status": pending}, "--subresource=status")
    eventually(lambda: space.get("pvc", "data")["status"].get("conditions"))
    reported = space.get("pvc", "data")["status"]
    assert reported["conditions"][0]["message"] == "pvc/data waits"
    assert reported["allocatedResources"] == {"storage": "2Mi"}
    assert reported["allocatedResourceStatuses"] == {"storage": "NodeResizePending"}
    assert reported["capacity"] == {"storage": "1Mi"}

    done = {"allocatedResourceStatuses": None, "conditions": None, "capacity": {"storage": "2Mi"}}
    patch_on_host(space, what, {"status": done}, "--subresource=status")
    eventually(lambda: space.get("pvc", "data")["status"]["capacity"] == {"storage": "2Mi"})
    assert not {"conditions", "allocatedResourceStatuses"} & space.get("pvc", "data")["status"].keys()
    eventually(lambda: space.get("pv", name)["spec"]["capacity"] == {"storage": "2Mi"})

    # Attributes change in the same manner.
    space.kubectl("patch", "pvc", "data", "-p", '{"spec":{"volumeAttributesClassName":"gold"}}')
    if both_have(34):
        eventually(lambda: on_host(space)["spec"].get("volumeAttributesClassName") == "gold")
        modified = {"status": {"currentVolumeAttributesClassName": "gold"}}
        patch_on_host(space, what, modified, "--subresource=status")
        reported = eventually(
            lambda: space.get("pvc", "data")["status"].get("currentVolumeAttributesClassName")
        )
        assert reported == "gold"
    elif minor(VIRTUAL) >= 34:
        [ignored] = eventually(lambda: messages(space, "data", "Ignored"))
        assert ignored.startswith("spec.volumeAttributesClassName: not kept by the host")

    # What can't grow says so, and all else of it goes on.
    eventually(lambda: any("must support resize" in each for each in messages(space, "rigid", "SyncFailed")))
    condition = {"status": {"conditions": [{"type": "HostOnly", "status": "True"}]}}
    patch_on_host(space, f"pvc/{space.host_name('rigid')}", condition, "--subresource=status")
    eventually(lambda: space.get("pvc", "rigid")["status"].get("conditions"))
    assert space.get("pvc", "rigid")["metadata"]["uid"] == rigid["metadata"]["uid"]


@pytest.mark.skew
def test_a_volume_waits_for_its_first_consumer(space: Space, classes: Classes) -> None:
    waiting = classes(volumeBindingMode="WaitForFirstConsumer")
    fixed = classes(volumeBindingMode="WaitForFirstConsumer", provisioner="kubernetes.io/no-provisioner")
    node = space.host.get("nodes")["items"][0]["metadata"]["name"]
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    # One of them names the host's namespace, which is nothing for a tenant to know.
    names = [f"pv-{space.cluster.namespace}-{space.name}-gold", f"pv-{space.name}-lead"]
    for name in names:
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name, "labels": {"tier": name.rpartition("-")[2]}},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "5Mi"},
                "hostPath": {"path": f"/tmp/{name}", "type": "DirectoryOrCreate"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}},
                "storageClassName": fixed,
            },
        }
        space.host.apply(space.cluster.namespace, volume)
    selector = {"matchLabels": {"tier": "gold"}}
    space.apply(
        claim(storageClassName=waiting),
        claim("chosen", storageClassName=fixed, selector=selector),
        claim("named", storageClassName=fixed, volumeName=names[1]),
    )
    eventually(lambda: messages(space, "data", "WaitForFirstConsumer"))
    assert [phase(space, name) for name in ("data", "chosen")] == ["Pending", "Pending"]
    assert bound(space, "named")["spec"]["volumeName"] == names[1]

    for name in ("data", "chosen", "named"):
        space.apply(mounting(f"uses-{name}", f"echo {name} > /data/file; {IDLE}", of=name))
    space.wait("condition=Ready", "pod", "--all")
    found = bound(space)
    assert found["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == node
    chosen = bound(space, "chosen")
    assert on_host(space, "chosen")["spec"]["volumeName"] == names[0]
    shown = space.get("pv", chosen["spec"]["volumeName"])
    assert shown["spec"]["capacity"] == {"storage": "5Mi"}
    assert space.cluster.namespace not in json.dumps([chosen, shown])
    space.kubectl("label", "pvc", "chosen", "team=blue")
    eventually(lambda: on_host(space, "chosen")["metadata"]["labels"].get("team") == "blue")
    assert [space.sh(f"uses-{name}", "cat /data/file") for name in ("data", "named")] == ["data", "named"]


def test_a_volume_that_is_retained_outlives_its_claim(space: Space, classes: Classes) -> None:
    kept = classes(reclaimPolicy="Retain")
    space.apply(claim(storageClassName=kept), mounting("writer", "echo kept > /data/file"))
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/writer")
    name = bound(space)["spec"]["volumeName"]
    space.kubectl("delete", "pod", "writer")

    # The host's claim is taken away: the tenant's does not become an empty one, and comes back with its data.
    space.host.kubectl("delete", "pvc", space.host_name("data"), "-n", space.cluster.namespace)
    eventually(lambda: phase(space) == "Lost")
    assert name in messages(space, "data", "ClaimLost")[0]
    eventually(lambda: not exists(space, "pv", name))
    patch_on_host(space, f"pv/{name}", {"spec": {"claimRef": {"uid": None, "resourceVersion": None}}})
    bound(space)
    space.wait("jsonpath={.status.phase}=Bound", f"pv/{name}")

    # Its own claim is deleted: the data stays on the host, for who is given it.
    space.kubectl("delete", "pvc", "data")
    eventually(lambda: space.on_host("pvc") == [])
    eventually(lambda: space.host.get("pv", name)["status"]["phase"] == "Released")
    space.wait("delete", f"pv/{name}")
    patch_on_host(space, f"pv/{name}", {"spec": {"claimRef": None}})
    space.apply(
        claim("again", storageClassName=kept, volumeName=name), mounting("reader", "cat /data/*", of="again")
    )
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/reader")
    assert space.kubectl("logs", "reader").strip() == "kept"


@pytest.mark.skew
def test_with_rights_the_hosts_volume_is_shown(space: Space, classes: Classes) -> None:
    kept = classes(reclaimPolicy="Retain")
    space.apply(claim(storageClassName=kept))
    name = bound(space)["spec"]["volumeName"]
    assert space.get("pv", name)["metadata"]["labels"] == {"vcli.dev/volume": "synthetic"}
    role = f"volumes-{space.name}"
    account = f"--serviceaccount={space.cluster.namespace}:vc-{space.cluster.name}"
    space.host.kubectl("create", "clusterrole", role, "--verb=get", "--resource=persistentvolumes")
    space.host.kubectl("create", "clusterrolebinding", role, f"--clusterrole={role}", account)
    try:
        Plane(host=space.host, cluster=space.cluster).kill("syncer")  # it asks anew only now and then
        eventually(lambda: "hostPath" in space.get("pv", name)["spec"])
        real, shown = space.host.get("pv", name), space.get("pv", name)
        assert shown["spec"]["hostPath"] == real["spec"]["hostPath"]
        assert shown["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
        assert shown["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] == HOST_PATH
        assert space.cluster.namespace not in json.dumps(shown)
        space.kubectl("delete", "pvc", "data")
        space.wait("jsonpath={.status.phase}=Released", f"pv/{name}")
        # It is not the tenant's to delete, nor to see for ever.
        space.kubectl("delete", "pv", name)
        assert space.host.get("pv", name)["status"]["phase"] == "Released"
    finally:
        space.host.kubectl("delete", "clusterrolebinding,clusterrole", role)
        Plane(host=space.host, cluster=space.cluster).kill("syncer")


@pytest.mark.skew
def test_ephemeral_volumes_live_as_long_as_their_pod(space: Space) -> None:
    volume = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": claim()["spec"]}}}
    mount = {"volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}
    space.apply(pod("web", f"echo here > /scratch/file; {IDLE}", volumes=[volume], container=mount))
    space.wait("condition=Ready", "pod/web")
    assert space.sh("web", "cat /scratch/file") == "here"
    [owner] = bound(space, "web-scratch")["metadata"]["ownerReferences"]
    assert owner["name"] == "web"
    # The claim was there first: of its lateness the host's scheduler would tell the tenant.
    namespace = ("--namespace", space.cluster.namespace)
    on_host = [
        space.host.get(kind, space.host_name(name), *namespace)["metadata"]["creationTimestamp"]
        for kind, name in (("pvc", "web-scratch"), ("pod", "web"))
    ]
    assert on_host == sorted(on_host)
    space.kubectl("delete", "pod", "web")
    space.wait("delete", "pvc/web-scratch")
    eventually(lambda: space.on_host("pvc") == [], seconds=60)


def test_a_claim_that_the_quota_refuses_is_provisioned_when_it_is_lifted(
    space: Space, classes: Classes
) -> None:
    rare = classes()
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": rare},
        "spec": {"hard": {f"{rare}.storageclass.storage.k8s.io/persistentvolumeclaims": "0"}},
    }
    space.host.apply(space.cluster.namespace, quota)
    used = ("resourcequota", rare, "-n", space.cluster.namespace)
    eventually(lambda: (space.host.get(*used).get("status") or {}).get("used"))
    space.apply(claim(storageClassName=rare), claim("other"), mounting("web"))
    eventually(lambda: messages(space, "data", "SyncFailed"))
    reported = messages(space, "data", "SyncFailed")[0]
    assert "exceeded quota" in reported
    assert space.cluster.namespace not in reported
    bound(space, "other")
    assert phase(space) == "Pending"
    assert space.get("pod", "web")["status"]["phase"] == "Pending"
    space.host.kubectl("delete", *used)
    space.wait("condition=Ready", "pod/web")
    bound(space)


def test_what_a_claim_names_is_named_as_on_the_host(space: Space) -> None:
    snapshot = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "snap"}
    populator = {"apiGroup": "example.com", "kind": "Image", "name": "img"}
    space.apply(
        claim(),
        claim("clone", dataSource={"kind": "PersistentVolumeClaim", "name": "data"}),
        claim("restored", dataSource=snapshot),
        claim("filled", dataSourceRef=populator),
        claim("classless", storageClassName="no-such-class"),
    )
    bound(space)

    def source(name: str) -> str | None:
        found: str | None = on_host(space, name)["spec"].get("dataSourceRef", {}).get("name")
        return found

    eventually(lambda: len(space.on_host("pvc")) == 5)
    assert source("clone") == space.host_name("data")
    assert source("restored") == space.host_name("snap")
    assert source("filled") == space.host_name("img")
    # The host's provisioner can't clone, and tells it in the tenant's names.
    reported = eventually(lambda: messages(space, "clone", "ProvisioningFailed"))
    assert space.cluster.namespace not in reported[0]
    reported = eventually(lambda: messages(space, "classless", "ProvisioningFailed"))
    assert '"no-such-class" not found' in reported[0]


def database(replicas: int, **spec: Any) -> Object:
    volume = claim()
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {
            "replicas": replicas,
            "serviceName": "db",
            "podManagementPolicy": "Parallel",
            "volumeClaimTemplates": [{"metadata": volume["metadata"], "spec": volume["spec"]}],
            **template(IDLE, app="db", container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]}),
            **spec,
        },
    }


@pytest.mark.skew
def test_a_stateful_sets_claims_are_kept_or_deleted_as_it_says(space: Space) -> None:
    space.apply(database(2))
    space.rollout("statefulset/db")
    space.sh("db-1", "echo kept > /data/file")
    space.kubectl("scale", "statefulset", "db", "--replicas=1")
    space.wait("delete", "pod/db-1")
    assert phase(space, "data-db-1") == "Bound"
    space.kubectl("scale", "statefulset", "db", "--replicas=2")
    space.rollout("statefulset/db")
    assert space.sh("db-1", "cat /data/file") == "kept"

    policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    space.apply(database(2, persistentVolumeClaimRetentionPolicy=policy))
    eventually(lambda: space.get("pvc", "data-db-1")["metadata"].get("ownerReferences"))
    space.kubectl("scale", "statefulset", "db", "--replicas=1")
    space.wait("delete", "pvc/data-db-1")
    eventually(lambda: space.on_host("pvc") == [space.host_name("data-db-0")])
    space.kubectl("scale", "statefulset", "db", "--replicas=2")
    space.rollout("statefulset/db")
    assert space.sh("db-1", "ls /data") == ""
    space.kubectl("delete", "statefulset", "db")
    eventually(lambda: space.on_host("pvc") == [], seconds=60)
