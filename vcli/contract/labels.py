"""The labels and names by which CLI and syncer know which virtual cluster a host object belongs to."""

from collections.abc import Mapping
from typing import Final

_APP: Final = ("app", "vcluster")
_RELEASE: Final = "release"

CLUSTER: Final = "vcli.dev/cluster"
"""Of a control plane's own objects: the virtual cluster."""
MANAGED_BY: Final = "vcli.dev/managed-by"
"""Of synced objects: the virtual cluster that they belong to."""
HOST_NAMESPACE: Final = "vcli.dev/host-namespace"
"""Of objects in no namespace, a control plane's own and synced ones: that of their virtual cluster."""
NAMESPACE: Final = "vcli.dev/namespace"
"""Label and annotation of synced objects: the virtual namespace."""
NAME: Final = "vcli.dev/name"
"""Annotation of synced objects: the virtual name."""
UID: Final = "vcli.dev/uid"
"""Annotation of synced objects: the virtual uid; another one means another object."""
KIND: Final = "vcli.dev/kind"
"""Annotation of synced objects: the virtual kind, or the role of one that has no virtual counterpart."""
ALIASED_LABELS: Final = {"release": "label.vcli.dev/release", "k8s-app": "label.vcli.dev/k8s-app"}
"""Labels of a tenant that the host may not get as they are, to those that it always gets instead."""
EXPOSED_BY: Final = "vcli.dev/exposed-by"
"""Annotation of the control plane's Service, ``ingress`` where there is one."""

PAUSED_AT: Final = "vcli.dev/paused-at"
"""Annotation of a control plane's Service: when pods were last removed by pausing, RFC 3339."""

PAUSED: Final = "loft.sh/paused"
"""Annotation of a control plane's workload, as loft-sh's CLI has it: ``true`` while it is paused."""
PAUSED_REPLICAS: Final = "loft.sh/paused-replicas"
"""The same: how many replicas it had before."""
SLEEPING_SINCE: Final = "vcli.dev/sleeping-since"
"""Annotation of a control plane's workload that was paused by its own syncer, RFC 3339."""

CONTROL_PLANES: Final = "=".join(_APP)
"""Selects what belongs to a control plane, also of those that loft-sh's CLI made."""
NO_CONTROL_PLANES: Final = "!=".join(_APP)
"""Selects all else."""


def of_control_plane(release: str) -> dict[str, str]:
    """The labels of a control plane's pods, the same as loft-sh's."""
    return {_APP[0]: _APP[1], _RELEASE: release}


def control_plane(release: str) -> str:
    """Selects what belongs to the control plane of that name."""
    return f"{CONTROL_PLANES},{_RELEASE}={release}"


def synced_by(cluster: str, namespace: str, *, namespaced: bool) -> str:
    """Selects the objects of a kind that a virtual cluster has synced to the host.

    Args:
        cluster: its name.
        namespace: its namespace on the host.
        namespaced: whether the kind is. If not, clusters of the same name in other namespaces have some too.
    """
    return f"{MANAGED_BY}={cluster}" + ("" if namespaced else f",{HOST_NAMESPACE}={namespace}")


def cluster_role(cluster: str, namespace: str) -> str:
    """ClusterRole and ClusterRoleBinding of a syncer; no other cluster's, in no other namespace."""
    return f"vcli:{namespace}:{cluster}"


def access_secret(cluster: str) -> str:
    """Secret with the administrator's kubeconfig and its parts, by the name that loft-sh's CLI looks for."""
    return f"vc-{cluster}"


def is_control_plane(labels: Mapping[str, str]) -> bool:
    """Whether these are the labels of a control plane's object, made by vcli or by loft-sh's CLI."""
    return labels.get(_APP[0]) == _APP[1]


def release_of(labels: Mapping[str, str]) -> str | None:
    """The virtual cluster that a control plane's object names."""
    return labels.get(_RELEASE)
