"""What a tenant does with the kinds that are off by default, and values that turn all of them on."""

import json
from collections.abc import Sequence

from audit import Object
from every_right import claim, of
from polling import eventually
from services import service, web
from snapshots import CLASS_FIELDS, CONTENT, GROUP, SNAPSHOT, definition
from space import Space

from vcli.catalog import SYNCED
from vcli.kube.resources import GATEWAYS

DEFINITIONS = (
    SNAPSHOT,
    CONTENT,
    definition("VolumeSnapshotClass", namespaced=False, properties=CLASS_FIELDS),
)
"""Of snapshots, which the host does not have by itself."""
TAKEN = "taken"
"""A Secret of the host that is somebody's own, where one is to be exported."""
_VERSION = f"{GROUP}/v1"
_LABEL = "example.com/rack"


def values(shared: str) -> Sequence[str]:
    """For ``--set``: all kinds but those of the Gateway API, and what crosses the border else.

    A host without the Gateway API has none of its objects; addons/test_gateway_api.py is about these.

    Args:
        shared: another namespace of the host.
    """
    services = "networking.replicateServices"
    return (
        *(f"{kind.switch}=true" for kind in SYNCED if kind.switch and kind.resource.group != GATEWAYS.group),
        "rbac.clusterRole.enabled=true",
        "sync.fromHost.nodes.syncBackChanges=true",
        "sync.fromHost.configMaps.mappings.byName./*=default/*",
        f"sync.fromHost.secrets.mappings.byName.{shared}/ca=default/ca",
        f"{services}.fromHost[0].from=near",
        f"{services}.fromHost[0].to=default/near",
        f"{services}.fromHost[1].from={shared}/far",
        f"{services}.fromHost[1].to=default/far",
        f"{services}.toHost[0].from=default/front",
        f"{services}.toHost[0].to=front",
        f"exportKubeConfig.additionalSecrets[0].name={TAKEN}",
    )


def use(space: Space) -> None:
    """Use each of them, and take it away again."""
    host, name = space.host, space.name
    in_default = Space(cluster=space.cluster, host=host, name="default")
    in_default.apply(service("front"))
    eventually(lambda: host.get("service", "front", "-n", space.cluster.namespace))
    user = web(
        "own", priorityClassName=name, serviceAccountName="own", volumes=[_volume("manual"), _volume("data")]
    )
    manual = {"storageClassName": f"manual-{name}"}
    folder = {"path": f"/tmp/{name}", "type": "DirectoryOrCreate"}
    volume = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "5Mi"}, "hostPath": folder, **manual}
    space.apply(
        of("scheduling.k8s.io/v1", "PriorityClass", name, value=1),
        of("storage.k8s.io/v1", "StorageClass", name, provisioner="example.com/none"),
        of("v1", "ServiceAccount", "own"),
        of("v1", "PersistentVolume", name, spec=volume),
        claim("manual", **manual),
        claim("data"),
        user,
        of("resource.k8s.io/v1", "ResourceClaim", "devices", spec=_devices()),
        of("networking.k8s.io/v1", "NetworkPolicy", "open", spec={"podSelector": {}, "ingress": [{}]}),
        *_snapshots(space),
    )
    space.wait("condition=Ready", "pod/own")
    _take(space)
    for kinds in ("resourceclaims", "serviceaccounts", "networkpolicies"):
        eventually(lambda kinds=kinds: space.on_host(kinds))
    _label_node(space)
    space.kubectl("delete", "pod", "own", "--grace-period=1")
    kinds = "persistentvolumeclaims,resourceclaims,volumesnapshots,networkpolicies"
    space.kubectl("delete", kinds, "--all")
    space.kubectl("delete", "serviceaccount", "own")
    for kind in ("priorityclass", "storageclass", "persistentvolume", "volumesnapshotcontent"):
        space.kubectl("delete", kind, name, "--ignore-not-found")
        eventually(lambda kind=kind: _of_cluster(space, kind) == [])
    eventually(lambda: space.on_host(kinds) == [])
    in_default.kubectl("delete", "service", "front")
    eventually(lambda: host.get("services", "-n", space.cluster.namespace, "--field-selector",
                                "metadata.name=front")["items"] == [])  # fmt: skip


def _volume(claimed: str) -> Object:
    return {"name": claimed, "persistentVolumeClaim": {"claimName": claimed}}


def _devices() -> Object:
    return {"devices": {"requests": [{"name": "a", "exactly": {"deviceClassName": "none"}}]}}


def _snapshots(space: Space) -> list[Object]:
    """One to be taken, and one that is there already."""
    reference = {"kind": "VolumeSnapshot", "namespace": space.name, "name": "old"}
    there = {
        "deletionPolicy": "Retain",
        "driver": "a.example.com",
        "source": {"snapshotHandle": "snap-0"},
        "volumeSnapshotRef": reference,
    }
    old, new = {"volumeSnapshotContentName": space.name}, {"persistentVolumeClaimName": "manual"}
    return [
        of(_VERSION, "VolumeSnapshotContent", space.name, spec=there),
        of(_VERSION, "VolumeSnapshot", "old", spec={"source": old}),
        of(_VERSION, "VolumeSnapshot", "new", spec={"source": new}),
    ]


def _take(space: Space) -> None:
    """Be the host's snapshot controller: a content for the snapshot, which is shown inside."""
    where = ("-n", space.cluster.namespace)
    found = eventually(lambda: space.host.get("volumesnapshot", space.host_name("new"), *where))
    eventually(lambda: space.host.get("volumesnapshot", space.host_name("old"), *where))
    name = f"snapcontent-{found['metadata']['uid']}"
    reference = {key: found["metadata"][key] for key in ("namespace", "name", "uid")}
    made = {
        "deletionPolicy": "Delete",
        "driver": "a.example.com",
        "source": {"volumeHandle": "v"},
        "volumeSnapshotRef": {"kind": "VolumeSnapshot", **reference},
    }
    space.host.apply("default", of(_VERSION, "VolumeSnapshotContent", name, spec=made))
    status = json.dumps({"status": {"boundVolumeSnapshotContentName": name}})
    what = f"volumesnapshot/{found['metadata']['name']}"
    space.host.kubectl("patch", what, *where, "--subresource=status", "--type=merge", "--patch", status)
    eventually(lambda: space.run("get", "volumesnapshotcontent", name).returncode == 0)


def _label_node(space: Space) -> None:
    """A tenant's label, which the host's Node gets, and loses again."""
    name = eventually(lambda: space.get("pod", "own")["spec"]["nodeName"])

    def on_host() -> str | None:
        found: str | None = space.host.get("node", name)["metadata"]["labels"].get(_LABEL)
        return found

    space.kubectl("label", "node", name, f"{_LABEL}=one")
    eventually(lambda: on_host() == "one")
    space.kubectl("label", "node", name, f"{_LABEL}-")
    eventually(lambda: on_host() is None)


def _of_cluster(space: Space, kind: str) -> list[Object]:
    """What the virtual cluster has on the host of a kind that is in no namespace."""
    selector = f"vcli.dev/managed-by={space.cluster.name}"
    found: list[Object] = space.host.get(kind, "--selector", selector)["items"]
    return [each for each in found if not each["metadata"]["name"].startswith("snapcontent-")]
