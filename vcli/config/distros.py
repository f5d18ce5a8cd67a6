"""Which distribution of Kubernetes the values choose, and what a version of it is called. Pure."""

from typing import Final, Literal, TypeAlias

from vcli.config.schema import Distro

DistroName: TypeAlias = Literal["k8s", "k3s"]

_FIRST_RELEASE: Final = {"k3s": "k3s1"}
"""What follows the version of Kubernetes in the first release of a distribution."""


def chosen(distro: Distro) -> DistroName:
    """The distribution that runs."""
    return "k3s" if distro.k3s.enabled else "k8s"


def release(name: DistroName, version: str) -> str:
    """The release of a distribution, as its API server names it: ``v1.36.3+k3s1``.

    Args:
        name: of the distribution.
        version: of Kubernetes, ``v1.36.3``; or a release, also as in a tag: ``v1.36.3-k3s1``.
    """
    if name not in _FIRST_RELEASE:
        return version
    written = version.replace(f"-{name}", f"+{name}")
    return written if "+" in written else f"{written}+{_FIRST_RELEASE[name]}"


def tag(version: str) -> str:
    """The tag of an image of a release: a plus sign can't be in one."""
    return version.replace("+", "-")
