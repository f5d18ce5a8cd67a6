"""Distributions of Kubernetes: one module each, as `Distribution` describes it."""

from collections.abc import Mapping
from typing import Final, Protocol

from vcli.config.distros import DistroName, chosen
from vcli.config.schema import Values
from vcli.controlplane.components import Component, Store
from vcli.controlplane.distros import k3s, k8s
from vcli.controlplane.names import Names


class Distribution(Protocol):
    """What a module of a distribution has."""

    @property
    def HAS_STORE(self) -> bool:  # noqa: N802  a constant of a module
        """Whether its own process keeps the objects, so that no other component is a store."""

    def components(self, names: Names, values: Values, store: Store) -> list[Component]:
        """What runs Kubernetes, all but a store of its own."""


_DISTROS: Final[Mapping[DistroName, Distribution]] = {"k8s": k8s, "k3s": k3s}


def distro_of(values: Values) -> Distribution:
    """The distribution that the values choose."""
    return _DISTROS[chosen(values.control_plane.distro)]
