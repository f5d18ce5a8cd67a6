"""What a control plane is made of: components, before it is decided in which pods they run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vcli.config.schema import Values
from vcli.controlplane import manifests
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role, roles_of
from vcli.kube.types import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One container of a control plane.

    Attributes:
        container: as in a pod; it is the component's own, and may be changed.
        volumes: that it mounts, but for those that are claims.
    """

    container: Object
    volumes: tuple[Object, ...] = ()

    @property
    def name(self) -> str:
        """Of the container."""
        return str(self.container["name"])

    @property
    def roles(self) -> frozenset[Role]:
        """What it does."""
        return roles_of(self.name)

    def configured(
        self, *, image: str, pull_policy: str, resources: Object, more_args: Iterable[str] = ()
    ) -> "Component":
        """The same component with what users may choose for it.

        Args:
            image: reference of its image.
            pull_policy: of the image; empty for Kubernetes' own default.
            resources: in place of the manifest's, if there are any.
            more_args: go to the end of its command.
        """
        container = {**self.container, "image": image}
        if pull_policy:
            container["imagePullPolicy"] = pull_policy
        if resources:
            container["resources"] = resources
        if args := [*more_args]:
            container["command"] = [*container["command"], *args]
        return replace(self, container=container)

    def having(self, volume: Object) -> "Component":
        """The same component with one more volume, which it mounts."""
        return replace(self, volumes=(*self.volumes, volume))


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where a control plane keeps its objects.

    Attributes:
        endpoint: URL by which the API server reaches it, in the words of etcd.
        flags: of the API server, besides the endpoint.
        volume: that the API server needs for it.
        mount: of that volume.
        components: that run it; none where it is outside.
        claims: volume claim templates of the workload that it runs in.
    """

    endpoint: str
    flags: tuple[str, ...] = ()
    volume: Object | None = None
    mount: Object | None = None
    components: tuple[Component, ...] = ()
    claims: tuple[Object, ...] = ()


def load(path: str, names: Names) -> dict[str, Component]:
    """The components in a manifest by the names of their containers.

    Args:
        path: of the manifest: containers and volumes, as in a pod.
        names: of the virtual cluster, in place of the example's.
    """
    (document,) = manifests.load(path)
    part: Object = _renamed(document, names.cluster)
    found = {}
    for container in part["containers"]:
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        volumes = tuple(volume for volume in part.get("volumes", ()) if volume["name"] in mounted)
        found[container["name"]] = Component(container=container, volumes=volumes)
    return found


def ranged(flags: Iterable[str], values: Values) -> list[str]:
    """Flags with the range of Service IPs that the values name, in place of the one that is found out."""
    return [
        flag.replace("$(SERVICE_CIDRS)", values.networking.service_cidr or "$(SERVICE_CIDRS)")
        for flag in flags
    ]


def _renamed(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _renamed(below, name) for key, below in value.items()}
    if isinstance(value, list):
        return [_renamed(below, name) for below in value]
    return manifests.EXAMPLE.sub(name, value) if isinstance(value, str) else value
