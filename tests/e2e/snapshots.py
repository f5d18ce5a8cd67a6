"""Definitions of snapshots, which hosts with a snapshot controller have: ours have the fields that matter."""

from typing import Any

Object = dict[str, Any]

GROUP = "snapshot.storage.k8s.io"
_TEXT: Object = {"type": "string"}
_ERROR: Object = {"type": "object", "properties": {"message": _TEXT, "time": _TEXT}}
_NAMES = ("apiVersion", "kind", "namespace", "name", "uid", "resourceVersion")
_REFERENCE: Object = {"type": "object", "properties": dict.fromkeys(_NAMES, _TEXT)}

CLASS_FIELDS: Object = {
    "driver": _TEXT,
    "deletionPolicy": _TEXT,
    "parameters": {"type": "object", "additionalProperties": _TEXT},
}


def definition(kind: str, *, namespaced: bool, properties: Object) -> Object:
    """A CustomResourceDefinition of the group of snapshots, with a status."""
    plural = f"{kind.lower()}es" if kind.endswith("s") else f"{kind.lower()}s"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{GROUP}",
            # The group is one of Kubernetes' own, which asks for it.
            "annotations": {
                "api-approved.kubernetes.io": "https://github.com/kubernetes-csi/external-snapshotter"
            },
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if namespaced else "Cluster",
            "names": {
                "plural": plural,
                "singular": kind.lower(),
                "kind": kind,
                "listKind": f"{kind}List",
            },
            "versions": [version],
        },
    }


def _of(**properties: Object) -> Object:
    return {"type": "object", "properties": properties}


SNAPSHOT = definition(
    "VolumeSnapshot",
    namespaced=True,
    properties={
        "spec": _of(
            source=_of(persistentVolumeClaimName=_TEXT, volumeSnapshotContentName=_TEXT),
            volumeSnapshotClassName=_TEXT,
        ),
        "status": _of(
            boundVolumeSnapshotContentName=_TEXT,
            creationTime={"type": "string", "format": "date-time"},
            error=_ERROR,
            readyToUse={"type": "boolean"},
            restoreSize=_TEXT,
        ),
    },
)
CONTENT = definition(
    "VolumeSnapshotContent",
    namespaced=False,
    properties={
        "spec": _of(
            deletionPolicy=_TEXT,
            driver=_TEXT,
            source=_of(volumeHandle=_TEXT, snapshotHandle=_TEXT),
            sourceVolumeMode=_TEXT,
            volumeSnapshotClassName=_TEXT,
            volumeSnapshotRef=_REFERENCE,
        ),
        "status": _of(
            creationTime={"type": "integer", "format": "int64"},
            error=_ERROR,
            readyToUse={"type": "boolean"},
            restoreSize={"type": "integer", "format": "int64"},
            snapshotHandle=_TEXT,
        ),
    },
)
