"""The labels and annotations of synced objects: those of loft-sh's vcluster, and ours beside them. Pure.

Ours are added and theirs stay, so nothing that selects by theirs loses a pod, and a pod's files and variables
that were made from theirs go on being right. Names are the same but for those that one has shortened.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from vcli.contract import labels as ours
from vcli.contract.host_names import VirtualName, host_name
from vcli.controlplane.names import Names
from vcli.kube.types import Object, annotations, labels

_DOMAIN: Final = "vcluster.loft.sh/"
MANAGED_BY: Final = "vcluster.loft.sh/managed-by"
"""Label of what its syncer has made: the virtual cluster."""
BELONGS_TO: Final = "vcluster.loft.sh/belongs-to"
"""Label of the Services that it makes for nodes: the virtual cluster."""
_NAME: Final = "vcluster.loft.sh/object-name"
_NAMESPACE: Final = "vcluster.loft.sh/object-namespace"
_HOST_NAME: Final = "vcluster.loft.sh/object-host-name"
_UID: Final = "vcluster.loft.sh/object-uid"


def virtual_name(obj: Object) -> VirtualName | None:
    """Which virtual object a host object was made for; None for what has no virtual object."""
    theirs = annotations(obj)
    name, namespace = theirs.get(_NAME), theirs.get(_NAMESPACE)
    if theirs.get(_HOST_NAME, obj["metadata"]["name"]) != obj["metadata"]["name"]:
        return None  # controllers of the host copy labels and annotations
    return VirtualName(namespace, name) if name and namespace and theirs.get(_UID) else None


def misnamed(objects: Iterable[Object], names: Names) -> list[str]:
    """Those that would have another name on the host here: ``pod/web-x-default-x-demo``."""
    return [
        f"{obj['kind'].lower()}/{obj['metadata']['name']}"
        for obj in objects
        if (own := virtual_name(obj)) and obj["metadata"]["name"] != host_name(own, names.cluster)
    ]


def marks(obj: Object, names: Names) -> Object | None:
    """The merge patch that makes an object ours; None for one that has no virtual object."""
    own = virtual_name(obj)
    if own is None:
        return None
    theirs = labels(obj)
    released = theirs.get(_translated("release", names))
    aliases = {
        "release": released,
        **{key: theirs.get(key) for key in ours.ALIASED_LABELS if key != "release"},
    }
    return {
        "metadata": {
            "labels": {
                ours.MANAGED_BY: names.cluster,
                ours.NAMESPACE: own.namespace,
                **{ours.ALIASED_LABELS[key]: value for key, value in aliases.items() if value is not None},
            },
            "annotations": {
                ours.NAME: own.name,
                ours.NAMESPACE: own.namespace,
                ours.UID: annotations(obj)[_UID],
                ours.KIND: obj["kind"],
            },
        }
    }


def without_marks(patch: Object) -> Object:
    """The merge patch that takes away again what another one has added."""
    metadata = patch["metadata"]
    return {"metadata": {part: dict.fromkeys(metadata[part]) for part in ("labels", "annotations")}}


def _translated(key: str, names: Names) -> str:
    """The key that it gives a tenant's label that would be taken for one of its own."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:10]
    return f"{_DOMAIN}label-{names.cluster}-x-{digest}"
