"""The options by which create, upgrade and template take values, and those by which one is changed."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

if TYPE_CHECKING:
    from vcli.config.load import Given
    from vcli.config.schema import Values


class Distro(StrEnum):
    """What runs as the control plane."""

    K8S = "k8s"
    K3S = "k3s"
    K0S = "k0s"


class Expose(StrEnum):
    """How the API server is reached from outside the host."""

    NODEPORT = "nodeport"
    LOADBALANCER = "loadbalancer"


Files: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--values",
        "-f",
        metavar="FILE",
        help="Values in the shape of vcluster.yaml; '-' is stdin. May be repeated, the last one wins.",
    ),
]
Sets: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set one value, as with Helm: a.b=c, a[0]=x, a={x,y}."),
]
DistroOption: TypeAlias = Annotated[
    Distro | None, typer.Option("--distro", metavar="NAME", help="What runs as the control plane: k8s.")
]
Version: TypeAlias = Annotated[
    str | None,
    typer.Option("--kubernetes-version", metavar="VERSION", help="Kubernetes version, such as v1.36.3."),
]
Ephemeral: TypeAlias = Annotated[
    bool, typer.Option("--ephemeral", help="Keep no data: it ends with the pod, and starts faster.")
]
SyncerImage: TypeAlias = Annotated[
    str | None,
    typer.Option("--syncer-image", metavar="IMAGE", help="Run the syncer from this image of its own."),
]
ExposeOption: TypeAlias = Annotated[
    Expose | None, typer.Option("--expose", metavar="HOW", help="nodeport or loadbalancer.")
]

ResetValues: TypeAlias = Annotated[
    bool,
    typer.Option("--reset-values", help="Start from the defaults, not from the values it was made with."),
]
Yes: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--yes", "-y", help="Go on where data is lost: what is stored in a pod only ends with the pod."
    ),
]

_SERVICE_TYPES = {Expose.NODEPORT: "NodePort", Expose.LOADBALANCER: "LoadBalancer"}


def load(
    *,
    files: list[str] | None,
    sets: list[str] | None,
    distro: Distro | None,
    version: str | None,
    ephemeral: bool,
    syncer_image: str | None,
    expose: Expose | None,
) -> "Values":
    """Values from files, ``--set`` and the options of their own; the options win.

    Raises:
        UsageError: they make no sense, alone or together.
    """
    return read(
        files=files,
        sets=sets,
        distro=distro,
        version=version,
        ephemeral=ephemeral,
        syncer_image=syncer_image,
        expose=expose,
    ).values()


def read(
    *,
    files: list[str] | None,
    sets: list[str] | None,
    distro: Distro | None,
    version: str | None,
    ephemeral: bool,
    syncer_image: str | None,
    expose: Expose | None,
) -> "Given":
    """As `load`, for values that are laid over others.

    Raises:
        UsageError: a file can't be read, or a ``--set`` can't be understood.
    """
    from pathlib import Path  # noqa: PLC0415  --help must be quick

    from vcli.config import read as read_values  # noqa: PLC0415

    options: dict[str, dict[str, Any]] = {}
    if distro is not None:
        options["--distro"] = _plane("distro", {distro.value: {"enabled": True}})
    if version:
        options["--kubernetes-version"] = _plane("distro", {"k8s": {"version": version}})
    if ephemeral:
        claim = {"volumeClaim": {"enabled": False}}
        options["--ephemeral"] = _plane("statefulSet", {"persistence": claim})
    if syncer_image:
        options["--syncer-image"] = _plane("statefulSet", {"image": syncer_image})
    if expose is not None:
        options["--expose"] = _plane("service", {"spec": {"type": _SERVICE_TYPES[expose]}})
    sources = ["-" if file == "-" else Path(file) for file in files or ()]
    return read_values(sources, sets or (), options=options)  # type: ignore[arg-type]


def _plane(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"controlPlane": {key: value}}
