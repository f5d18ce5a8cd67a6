"""From which version to which a virtual cluster may be taken in one step. Pure."""

import re

from vcli.controlplane.roles import Role, containers_of, in_role, tag_of
from vcli.errors import ConflictError
from vcli.kube.types import Object

_VERSION = re.compile(r"^v?(\d+)\.(\d+)(?:\.(\d+))?")


def running_version(workload: Object) -> str | None:
    """The Kubernetes version that a StatefulSet runs, by the tag of the API server's image.

    None when the tag is no version, as with an image that is named by its digest.
    """
    containers = containers_of(workload["spec"]["template"]["spec"])
    tag = next(map(tag_of, in_role(Role.API_SERVER, containers)), "")
    return tag if _VERSION.match(tag) else None


def check_step(running: str | None, wanted: str | None, *, command: str) -> None:
    """See whether Kubernetes supports the step: patches either way, minors up, one at a time.

    Args:
        running: version of the control plane that is there, ``v1.35.2``; None if it is not known.
        wanted: the one that is to be.
        command: the vcli command that the hint repeats, ``vcli upgrade demo -n team``.

    Raises:
        ConflictError: it is a downgrade or skips a minor; the hint has the version to go to.
    """
    old, new = _parts(running), _parts(wanted)
    if old is None or new is None:
        return
    if new < old:
        raise ConflictError(
            f"Kubernetes {running} can't go back to {wanted}: its data may be written in a newer form",
            hint=f"stay with it: --kubernetes-version {running}; or create another virtual cluster",
        )
    if new[0] != old[0] or new[1] > old[1] + 1:
        following = f"v{old[0]}.{old[1] + 1}.0"
        raise ConflictError(
            f"Kubernetes {running} can't go to {wanted} at once: one minor version after the other",
            hint=f"{command} --kubernetes-version {following} (or a later patch of it), and then {wanted};"
            f" or stay with it: --kubernetes-version {running}",
        )


def is_older(running: str, other: str | None) -> bool:
    """Whether a version of vcli is older than another one; false where one of them is no version."""
    numbers = [tuple(map(int, re.findall(r"\d+", each)[:3])) for each in (running, other or "")]
    return all(numbers) and numbers[0] < numbers[1]


def _parts(version: str | None) -> tuple[int, int] | None:
    found = _VERSION.match(version or "")
    return (int(found[1]), int(found[2])) if found else None
