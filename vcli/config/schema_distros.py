"""Distributions of Kubernetes beside the upstream one; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc makes fields

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from vcli.config.fields import doc
from vcli.config.image import Image
from vcli.kube.types import Object

PullPolicy: TypeAlias = Literal["", "Always", "IfNotPresent", "Never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class K3s:
    """k3s: API server, controller manager and store in one process."""

    enabled: bool = doc(False, "Run k3s, of the version that distro.k8s.version or the image's tag names.")
    image: Image = field(default_factory=lambda: Image(registry="docker.io", repository="rancher/k3s"))
    image_pull_policy: PullPolicy = doc("", "Pull policy of the image.")
    command: tuple[str, ...] = doc(
        (), "In place of the command that puts the keys where k3s looks for them and starts it."
    )
    extra_args: tuple[str, ...] = doc((), "More flags for 'k3s server'; a flag given again wins.")
    resources: Object = doc({}, "Resources of the container, in place of the default ones.")


@dataclass(frozen=True, slots=True, kw_only=True)
class K0s:
    """k0s, which this version can't run; named so that the answer is a clear one."""

    enabled: bool = doc(False, "Run k0s: refused, as it has to start as root.")
