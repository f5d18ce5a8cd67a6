"""Which versions of Kubernetes the tests' host and virtual clusters have.

``VCLI_E2E_HOST_KUBERNETES`` and ``VCLI_E2E_VIRTUAL_KUBERNETES`` name other ones than the default: see `skew`.
"""

import os

from vcli.host.versions import KUBERNETES, release

HOST = release(os.environ.get("VCLI_E2E_HOST_KUBERNETES", KUBERNETES))
VIRTUAL = release(os.environ.get("VCLI_E2E_VIRTUAL_KUBERNETES", KUBERNETES))


def minor(version: str) -> int:
    """35 of ``v1.35.4``."""
    return int(version.split(".")[1])


def both_have(since: int) -> bool:
    """Whether host and virtual clusters have what came with a minor version."""
    return min(minor(HOST), minor(VIRTUAL)) >= since


def of_clusters(command: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments of vcli, with the version where a virtual cluster is made that names none."""
    if VIRTUAL == KUBERNETES or command[0] != "create" or "--kubernetes-version" in command:
        return command
    return (command[0], "--kubernetes-version", VIRTUAL, *command[1:])
