"""PersistentVolumes of a tenant's own: its claims get them, and nobody else's do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import IDLE, Object, Space, pod, virtual_cluster

from vcli import VirtualCluster

SETS = ("sync.toHost.persistentVolumes.enabled=true",)


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """Its tenants' volumes are given to the host."""
    with virtual_cluster(host, "own", sets=SETS, dns=False) as cluster:
        yield cluster


def volume(space: Space, suffix: str = "", **spec: Any) -> Object:
    name = f"own-{space.name}{suffix}"
    if not {"csi", "rbd"} & spec.keys():
        spec["hostPath"] = {"path": f"/tmp/{name}", "type": "DirectoryOrCreate"}
    base = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "5Mi"},
        "storageClassName": f"manual-{space.name}",
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {**base, **spec},
    }


def claim(space: Space, name: str = "data", **spec: Any) -> Object:
    base = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
        "storageClassName": f"manual-{space.name}",
    }
    metadata = {"name": name}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": {**base, **spec},
    }


def mounting(name: str, script: str, *, of: str = "data") -> Object:
    return pod(
        name,
        script,
        volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": of}}],
        container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
    )


def name_of(obj: Object) -> str:
    found: str = obj["metadata"]["name"]
    return found


def host_name(space: Space, name: str) -> str:
    """What a volume of this cluster is called on the host."""
    listed = space.host.get("pv", "--selector", f"vcli.dev/managed-by={space.cluster.name}")["items"]
    [found] = [name_of(x) for x in listed if x["metadata"]["annotations"]["vcli.dev/name"] == name]
    return found


def is_on_host(space: Space, name: str) -> bool:
    try:
        return bool(host_name(space, name))
    except ValueError:
        return False


def phase(space: Space, what: str) -> str:
    found: str = space.get(what)["status"].get("phase", "")
    return found


def test_a_volume_is_kept_after_its_claim_and_given_to_the_next_one(space: Space) -> None:
    own = volume(space)
    name = name_of(own)
    space.apply(own)
    eventually(lambda: phase(space, f"pv/{name}") == "Available")
    assert not is_on_host(space, name), "any claim of the host could have it"

    # Without a name, as it fits: the smallest that does.
    space.apply(
        volume(space, "-large", capacity={"storage": "9Mi"}),
        claim(space),
        mounting("writer", f"echo kept > /data/file; {IDLE}"),
    )
    space.wait("condition=Ready", "pod/writer")
    found, shown = space.get("pvc", "data"), space.get("pv", name)
    assert (found["status"]["phase"], found["spec"]["volumeName"]) == ("Bound", name)
    assert found["status"]["capacity"] == {"storage": "5Mi"}
    assert shown["status"]["phase"] == "Bound"
    assert shown["spec"]["claimRef"]["uid"] == found["metadata"]["uid"]
    assert shown["spec"]["hostPath"]["path"] == f"/tmp/{name}"
    assert space.cluster.namespace not in json.dumps([found, shown])
    on_host = space.host.get("pv", host_name(space, name))
    assert on_host["spec"]["claimRef"]["name"] == space.host_name("data")
    assert on_host["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    [owner] = on_host["metadata"]["ownerReferences"]
    assert owner["kind"] == "ClusterRole"
    assert not is_on_host(space, f"{name}-large")

    # A tenant can't take the claim away from a volume that is bound.
    space.kubectl("patch", "pv", name, "--type=merge", "--patch", '{"spec":{"claimRef":null}}')
    eventually(lambda: space.get("pv", name)["spec"]["claimRef"]["uid"] == found["metadata"]["uid"])

    space.kubectl("delete", "pod", "writer")
    space.kubectl("delete", "pvc", "data")
    eventually(lambda: phase(space, f"pv/{name}") == "Released")
    space.apply(claim(space, "late", resources={"requests": {"storage": "5Mi"}}))
    eventually(lambda: space.get("pvc", "late")["spec"].get("volumeName") == f"{name}-large")

    # Made free, it is for who names it.
    space.kubectl("patch", "pv", name, "--type=merge", "--patch", '{"spec":{"claimRef":null}}')
    eventually(lambda: not is_on_host(space, name))
    eventually(lambda: phase(space, f"pv/{name}") == "Available")
    space.apply(claim(space, "again", volumeName=name), mounting("reader", "cat /data/*", of="again"))
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/reader")
    assert space.kubectl("logs", "reader").strip() == "kept"

    space.kubectl("delete", "pod", "reader")
    space.kubectl("delete", "pvc", "again", "late")
    space.kubectl("delete", "pv", name, f"{name}-large")
    eventually(lambda: not is_on_host(space, name) and not is_on_host(space, f"{name}-large"))


def test_a_claim_that_comes_first_gets_the_volume_and_one_that_goes_unbound_gives_it_back(
    space: Space,
) -> None:
    own = volume(space, persistentVolumeReclaimPolicy="Delete")
    name = name_of(own)
    space.apply(claim(space), claim(space, "second"))
    eventually(lambda: len(space.on_host("pvc")) == 2)
    space.apply(own)
    eventually(lambda: phase(space, f"pv/{name}") == "Bound")
    by_name = {name_of(each): each for each in space.get("pvc")["items"]}
    [winner] = [key for key, each in by_name.items() if each["spec"].get("volumeName") == name]
    [loser] = by_name.keys() - {winner}
    assert phase(space, f"pvc/{loser}") == "Pending"

    # The host deletes it after its claim, and so it is gone inside.
    space.kubectl("delete", "pvc", winner)
    eventually(lambda: space.run("get", "pv", name).returncode != 0)
    eventually(lambda: not is_on_host(space, name))
    assert phase(space, f"pvc/{loser}") == "Pending"


def test_a_volume_brings_its_secrets_and_one_of_another_kind_stays_inside(space: Space) -> None:
    secret = {"name": "key", "namespace": space.name}
    csi = {"driver": "a.example.com", "volumeHandle": "vol-1", "nodePublishSecretRef": secret}
    odd = volume(space, "-odd", rbd={"monitors": ["m"], "image": "i"})
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"a": "b"}}
    space.apply(body, volume(space, csi=csi), odd, claim(space, volumeName=f"own-{space.name}"))
    space.wait("jsonpath={.status.phase}=Bound", "pvc/data")
    on_host = space.host.get("pv", host_name(space, f"own-{space.name}"))
    assert on_host["spec"]["csi"]["nodePublishSecretRef"] == {
        "name": space.host_name("key"),
        "namespace": space.cluster.namespace,
    }
    eventually(lambda: space.on_host("secret") == [space.host_name("key")])
    about = f"involvedObject.name={name_of(odd)},reason=Ignored"
    where = ("--namespace", "default", "--field-selector", about)
    [told] = eventually(lambda: space.get("events", *where)["items"])
    assert "source" in told["message"]
    space.kubectl("delete", "pvc", "data")
    space.kubectl("delete", "pv", f"own-{space.name}", name_of(odd))
    eventually(lambda: space.on_host("secret") == [])


def test_a_volume_stays_with_the_claims_that_are_kept(host: Host) -> None:
    with virtual_cluster(host, "kept", sets=SETS, dns=False) as cluster:
        space = Space(cluster=cluster, host=host, name="default")
        where = ("--namespace", cluster.namespace)
        space.apply(volume(space), claim(space))
        space.wait("jsonpath={.status.phase}=Bound", "pvc/data")
        on_host = host_name(space, "own-default")
        host.vcli("delete", cluster.name, *where, "--keep-pvc")
        kept = host.get("pv", on_host)
        assert kept["status"]["phase"] == "Bound"
        assert not {"deletionTimestamp", "ownerReferences"} & kept["metadata"].keys()
        host.kubectl("delete", "pvc", space.host_name("data"), *where)
        host.kubectl("delete", "pv", on_host)
