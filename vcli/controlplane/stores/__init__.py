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
        kind: as ``--store`` has it: ``etcd`` or ``sqlite`` in the pod, or ``external-etcd`` or
            ``external-database``.
        endpoint: URL of the etcd, or several with commas between; of a database outside, where it is, if the
            pod says it.
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
            stores = in_role(Role.STORE, containers)
            if stores and stores[0]["name"] == "kine":
                return _of_kine(stores[0], endpoint, prefix)
            kind = "etcd" if stores else "external-etcd"
            return Place(kind=kind, endpoint=endpoint, prefix=prefix)
    return None


def _of_kine(container: Object, endpoint: str, prefix: str) -> Place:
    if any(str(flag).startswith("--endpoint=sqlite:") for flag in container["command"]):
        return Place(kind="sqlite", endpoint=endpoint, prefix=prefix)
    said = {each["name"]: each.get("value", "") for each in container.get("env") or ()}
    return Place(kind="external-database", endpoint=said.get("DATABASE", ""), prefix=prefix)


def _last(flags: list[str], name: str) -> str:
    """A flag that is given again wins."""
    return next((flag.removeprefix(name) for flag in reversed(flags) if flag.startswith(name)), "")
