"""Volumes of a host with several nodes: a folder on the node of the claim's first pod, for any user.

kube-controller-manager's host-path provisioner knows of no nodes. The scheduler chooses one for the claim's
first pod and writes it into the claim; the volume made here is on that node, so all later pods of the claim
go there. The first node sees the folders of all nodes, so one such program is enough, also while one is
stopped.

``python -m vcli.host.local_volumes PKI NODE=FOLDER...``, first the host's first node; standard library only.
"""

import shutil
import sys
import threading
import time
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

from vcli.host.api import Api, ApiRefusedError
from vcli.host.instance import API_PORT
from vcli.kube.types import Event, Object, VolumeSpec, annotations, is_terminating, plain

PROVISIONER = "vcli.dev/local"
_CLAIMS = "/api/v1/persistentvolumeclaims"
_VOLUMES = "/api/v1/persistentvolumes"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_PROVISIONER_OF_CLAIM = "volume.kubernetes.io/storage-provisioner"
_PROVISIONER_OF_VOLUME = "pv.kubernetes.io/provisioned-by"
_NODE_OF_CLAIM = "volume.kubernetes.io/selected-node"
_ANY_USER = 0o777
_RESYNC = 30.0
_RETRY = 0.5

_FAILURES = (OSError, HTTPException, ApiRefusedError, ValueError)


def waits(claim: Mapping[str, Any]) -> bool:
    """Whether a claim is to get a volume from us now."""
    return (
        annotations(claim).get(_PROVISIONER_OF_CLAIM) == PROVISIONER
        and not claim["spec"].get("volumeName")
        and not is_terminating(claim)
    )


def node_of(claim: Mapping[str, Any], nodes: Mapping[str, str]) -> str:
    """The node to make a claim's volume on: the scheduler's choice; the first for a class that binds at once.

    Args:
        claim: one that `waits`.
        nodes: name to folder.

    Raises:
        ValueError: there can be no such volume.
    """
    if claim["spec"].get("volumeMode") == "Block":
        raise ValueError(f"{PROVISIONER} has no block devices, only volumeMode Filesystem")
    name = str(claim["metadata"]["annotations"].get(_NODE_OF_CLAIM) or next(iter(nodes)))
    if name not in nodes:
        raise ValueError(f"{PROVISIONER} has volumes on {', '.join(nodes)}, and the pod is on {name}")
    return name


def volume(claim: Mapping[str, Any], storage_class: Mapping[str, Any], node: str, folder: str) -> Object:
    """The PersistentVolume for a claim.

    Args:
        claim: whose it is to be.
        storage_class: the claim's.
        node: that it is on.
        folder: of that node, with all its volumes.
    """
    meta, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{meta['uid']}"
    on_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    made: VolumeSpec = {
        "capacity": {"storage": spec["resources"]["requests"]["storage"]},
        "accessModes": spec["accessModes"],
        "volumeMode": "Filesystem",
        "storageClassName": spec["storageClassName"],
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
        "local": {"path": f"{folder}/{name}"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_node]}]}},
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVISIONER_OF_VOLUME: PROVISIONER}},
        "spec": made,
    }


def is_over(volume: Mapping[str, Any]) -> bool:
    """Whether a volume of ours goes, its claim being gone."""
    return (
        annotations(volume).get(_PROVISIONER_OF_VOLUME) == PROVISIONER
        and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
        and volume.get("status", {}).get("phase") == "Released"
    )


def folders(volume: Mapping[str, Any], nodes: Mapping[str, str]) -> list[Path]:
    """Where a volume's files may lie.

    By its name, not by the path in it: the right to write PersistentVolumes must not remove any folder.
    """
    return [Path(x, volume["metadata"]["name"]) for x in nodes.values()]


def make_folder(path: Path) -> None:
    """Make a volume's folder, for any user."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(_ANY_USER)


class Provisioner:
    """Reconciles volumes with claims, whenever either changes."""

    def __init__(self, api: Api, nodes: Mapping[str, str]) -> None:
        self._api = api
        self._nodes = nodes
        self._changed = threading.Event()

    def run(self) -> None:
        """Reconcile until the process ends."""
        for path in (_CLAIMS, _VOLUMES):
            threading.Thread(target=self._watch, args=(path,), daemon=True).start()
        while True:
            self._changed.wait(_RESYNC)
            self._changed.clear()
            try:
                self.reconcile()
            except _FAILURES as error:
                sys.stderr.write(f"{error}\n")
                time.sleep(_RETRY)
                self._changed.set()

    def reconcile(self) -> None:
        """Make the volumes that are missing, and remove those that are over."""
        for claim in self._api.get(_CLAIMS)["items"]:
            if waits(claim):
                self._provide(claim)
        for each in self._api.get(_VOLUMES)["items"]:
            if is_over(each):
                for folder in folders(each, self._nodes):
                    shutil.rmtree(folder, ignore_errors=True)
                self._api.delete(f"{_VOLUMES}/{each['metadata']['name']}")

    def _provide(self, claim: Object) -> None:
        try:
            node = node_of(claim, self._nodes)
        except ValueError as error:
            self._api.create(
                f"/api/v1/namespaces/{claim['metadata']['namespace']}/events", event(claim, error)
            )
            return
        storage_class = self._api.get(f"{_CLASSES}/{claim['spec']['storageClassName']}")
        made = volume(claim, storage_class, node, self._nodes[node])
        make_folder(Path(made["spec"]["local"]["path"]))
        self._api.create(_VOLUMES, made)

    def _watch(self, path: str) -> None:
        while True:
            try:
                version = self._api.get(f"{path}?limit=1")["metadata"]["resourceVersion"]
                self._changed.set()
                for _ in self._api.watch(path, version):
                    self._changed.set()
            except _FAILURES:
                time.sleep(_RETRY)


def event(claim: Mapping[str, Any], error: Exception) -> Object:
    """The Event that says why a claim has no volume; a claim gets one, as its name is taken then."""
    meta = claim["metadata"]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    said: Event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{meta['name']}.{meta['uid'][:8]}", "namespace": meta["namespace"]},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
        },
        "type": "Warning",
        "reason": "ProvisioningFailed",
        "message": str(error),
        "source": {"component": PROVISIONER},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
    return plain(said)


if __name__ == "__main__":
    pki, *pairs = sys.argv[1:]
    Provisioner(Api(Path(pki), API_PORT), dict(x.split("=", 1) for x in pairs)).run()
