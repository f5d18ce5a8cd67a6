"""What the containers of a control plane are for. Pure, and quick to import: most commands ask it.

Code that reads a pod asks for a role. Pods don't say which roles their containers have, and those that
earlier versions and loft-sh's CLI made never will: they are known by the names of containers, only here.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from vcli.kube.types import Object


class Role(StrEnum):
    """What a component does. In this order a pod starts them."""

    STORE = "store"
    API_SERVER = "api-server"
    SYNCER = "syncer"
    CONTROLLER_MANAGER = "controller-manager"
    SCHEDULER = "scheduler"


_ORDER: Final = list(Role)
# A container may have several: a distribution that is one process has nearly all.
_CONTAINERS: Final[Mapping[str, frozenset[Role]]] = {
    "etcd": frozenset({Role.STORE}),
    "kine": frozenset({Role.STORE}),
    "kube-apiserver": frozenset({Role.API_SERVER}),
    "syncer": frozenset({Role.SYNCER}),
    "kube-controller-manager": frozenset({Role.CONTROLLER_MANAGER}),
    "kube-scheduler": frozenset({Role.SCHEDULER}),
    "k3s": frozenset({Role.STORE, Role.API_SERVER, Role.CONTROLLER_MANAGER}),
}
_DISTROS: Final = {"kube-apiserver": "k8s", "kubernetes": "k8s", "k3s": "k3s", "k0s": "k0s"}
"""Distributions by the last part of an image's name; loft-sh's CLI has one that holds all of Kubernetes."""

_OWN_CONTAINERS: Final = {"k3s": "k3s"}


def roles_of(container: str) -> frozenset[Role]:
    """The roles of the container of that name; none for one that is not known."""
    return _CONTAINERS.get(container, frozenset())


def order_of(container: str) -> int:
    """The place of the container of that name in its pod."""
    return min((_ORDER.index(role) for role in roles_of(container)), default=len(_ORDER))


def in_role(role: Role, containers: Iterable[Object]) -> list[Object]:
    """Those of the containers, or of the statuses of containers, that have a role."""
    return [each for each in containers if role in roles_of(each["name"])]


def containers_of(pod_spec: Object) -> list[Object]:
    """All containers of a pod, init containers first: those of loft-sh's CLI are among them."""
    return [*(pod_spec.get("initContainers") or ()), *(pod_spec.get("containers") or ())]


def statuses_of(pod: Object) -> list[Object]:
    """The statuses of all containers of a pod, init containers first."""
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def tag_of(container: Object) -> str:
    """The tag of a container's image; empty if it has none."""
    return str(container.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[2]


def distro_of(container: Object) -> str | None:
    """The distribution that a container runs, ``k8s``; None if it is of none that is known."""
    image = str(container.get("image", "")).partition("@")[0].rpartition("/")[2]
    # A mirror may call the image otherwise; the container is ours.
    return _DISTROS.get(image.partition(":")[0]) or _OWN_CONTAINERS.get(str(container.get("name")))
