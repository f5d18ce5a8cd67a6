"""What a user can do about a host that does not accept a virtual cluster. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vcli.invocation import kubectl

ADMINISTRATOR = "ask the administrator of the host"
EPHEMERAL = "--ephemeral keeps the data in the pod, without a volume"

_RESOURCES = (
    "controlPlane.distro.k8s.apiServer.resources",
    "controlPlane.distro.k8s.controllerManager.resources",
    "controlPlane.backingStore.etcd.embedded.resources",
    "controlPlane.distro.k3s.resources",
    "controlPlane.statefulSet.resources",
)
_SIZE = "controlPlane.statefulSet.persistence.volumeClaim.size"
_COMPUTE = re.compile(r"\b(?:requests\.|limits\.)?(?:cpu|memory|ephemeral-storage)\b")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a virtual cluster can't be created, and what may help."""

    text: str
    hint: str | None = None


def for_rejection(reason: str, namespace: str, *, ephemeral_helps: bool) -> str:
    """What helps against the rejection of a pod or a claim.

    Args:
        reason: of the API server.
        namespace: on the host.
        ephemeral_helps: whether it would be accepted without a volume.
    """
    ways = [EPHEMERAL] if ephemeral_helps else []
    quota = "exceeded quota" in reason or "must specify" in reason
    if "requests.storage" in reason:
        ways.append(f"--set {_SIZE}=1Gi asks for a smaller volume")
    elif not ephemeral_helps and _COMPUTE.search(reason):
        ways.append(f"set other requests and limits in the values: {', '.join(_RESOURCES)}")
    if quota:
        ways.append(f"{kubectl('describe', 'quota', namespace=namespace)} shows the quota")
    return "; ".join(ways) or ADMINISTRATOR


def joined(problems: Iterable[Problem]) -> str:
    """One hint for all problems: each way once."""
    ways = [way for problem in problems for way in (problem.hint or ADMINISTRATOR).split("; ")]
    return "; ".join([*dict.fromkeys(ways), "nothing was changed"])
