"""Where a virtual cluster's objects are kept: one module each, which has ``store(names, values, facts)``."""

from dataclasses import dataclass

from vcli.controlplane.roles import Role, containers_of, in_role
from vcli.kube.types import Object

SERVERS = "--etcd-servers="
PREFIX = "--etcd-prefix="


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the API server of a pod keeps its objects.

    Attributes:
        kind: as ``--store`` has it: ``etcd`` in the pod, or ``external-etcd``.
        endpoint: URL of the etcd, or several with commas between.
        prefix: below which its keys are; empty for Kubernetes' own default.
    """

    kind: str
    endpoint: str
    prefix: str


def place_of(pod: Object) -> Place | None:
    """What the spec of a pod says of the store; None where no API server runs in it that we know."""
    containers = containers_of(pod)
    for container in in_role(Role.API_SERVER, containers):
        flags = [str(flag) for flag in container.get("command") or ()]
        endpoint, prefix = (_last(flags, flag) for flag in (SERVERS, PREFIX))
        if endpoint:
            kind = "etcd" if in_role(Role.STORE, containers) else "external-etcd"
            return Place(kind=kind, endpoint=endpoint, prefix=prefix)
    return None


def _last(flags: list[str], name: str) -> str:
    """A flag that is given again wins."""
    return next((flag.removeprefix(name) for flag in reversed(flags) if flag.startswith(name)), "")
