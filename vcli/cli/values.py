"""The options by which create, upgrade and template take values, and those by which one is changed."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from vcli import inputs
from vcli.cli.completing import complete_files

if TYPE_CHECKING:
    from vcli.config.load import Given
    from vcli.config.schema import Values


class Distro(StrEnum):
    """What runs as the control plane."""

    K8S = "k8s"
    K3S = "k3s"
    K0S = "k0s"


class Store(StrEnum):
    """Where the objects are kept."""

    ETCD = "etcd"
    EXTERNAL_ETCD = "external-etcd"
    SQLITE = "sqlite"
    EXTERNAL_DATABASE = "external-database"


class Profile(StrEnum):
    """What it is for: values below all that are given."""

    CI = "ci"


class Expose(StrEnum):
    """How the API server is reached from outside the host."""

    NODEPORT = "nodeport"
    LOADBALANCER = "loadbalancer"
    INGRESS = "ingress"


Files: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--values",
        "-f",
        metavar="FILE",
        help="Values in the shape of vcluster.yaml, also at an https:// address; '-' is stdin. May be"
        " repeated, the last one wins.",
        autocompletion=complete_files,
    ),
]
Sets: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set one value, as with Helm: a.b=c, a[0]=x, a={x,y}."),
]
SetStrings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set-string", metavar="KEY=VALUE", help="The same, but true, 1 and null stay text: a.b=1.30."
    ),
]
SetJsons: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set-json", metavar="KEY=JSON", help='Set one value to JSON: a.b={"c":[1,2]}.'),
]
SetFiles: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set-file", metavar="KEY=FILE", help="Set one value to the text of a file."),
]
DistroOption: TypeAlias = Annotated[
    Distro | None,
    typer.Option("--distro", metavar="NAME", help="What runs as the control plane: k8s or k3s."),
]
Version: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--kubernetes-version",
        metavar="VERSION",
        help="Kubernetes version, such as v1.36.3, or 1.34; or a release of the distribution: v1.36.3+k3s1.",
    ),
]
StoreOption: TypeAlias = Annotated[
    Store | None,
    typer.Option(
        "--store",
        metavar="NAME",
        help="Where the objects are kept: etcd or sqlite in the control plane's pod, or external-etcd or"
        " external-database, of which controlPlane.backingStore says where it is.",
    ),
]
Ephemeral: TypeAlias = Annotated[
    bool, typer.Option("--ephemeral", help="Keep no data: it ends with the pod, and starts faster.")
]
ProfileOption: TypeAlias = Annotated[
    Profile | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Start from values for a purpose, which -f and --set may change: ci keeps no data and runs fewer"
        " controllers; 'vcli values profile ci' prints them.",
    ),
]
Isolate: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--isolate",
        help="Keep its pods from nodes, from other namespaces and within limits: all of the values' policies,"
        " which -f and --set may change.",
    ),
]
SyncerImage: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--syncer-image",
        metavar="IMAGE",
        help="Run the syncer from this image of its own.",
        parser=inputs.image,
    ),
]
HighlyAvailable: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--ha", help="Run three control-plane pods, each with a member of the store, and two CoreDNS."
    ),
]
ExposeOption: TypeAlias = Annotated[
    Expose | None,
    typer.Option(
        "--expose",
        metavar="[HOW]",
        help="Reach its API without a tunnel: nodeport, loadbalancer (when HOW is left out) or ingress.",
    ),
]

ResetValues: TypeAlias = Annotated[
    bool,
    typer.Option("--reset-values", help="Start from the defaults, not from the values it was made with."),
]
_STORES = {
    Store.ETCD: ("etcd", "embedded"),
    Store.EXTERNAL_ETCD: ("etcd", "external"),
    Store.SQLITE: ("database", "embedded"),
    Store.EXTERNAL_DATABASE: ("database", "external"),
}
_SERVICE_TYPES = {Expose.NODEPORT: "NodePort", Expose.LOADBALANCER: "LoadBalancer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueOptions:
    """All of them: a command with a parameter of this type has these options (`vcli.cli.options.command`)."""

    values: Files = None
    sets: Sets = None
    set_strings: SetStrings = None
    set_jsons: SetJsons = None
    set_files: SetFiles = None
    distro: DistroOption = None
    kubernetes_version: Version = None
    store: StoreOption = None
    ephemeral: Ephemeral = False
    isolate: Isolate = False
    profile: ProfileOption = None
    ha: HighlyAvailable = False
    expose: ExposeOption = None
    syncer_image: SyncerImage = None

    def load(self, *, warn: Callable[[str], None]) -> "Values":
        """Values from files, the ``--set`` family and the options of their own; the options win.

        Args:
            warn: is called for keys in an older shape.

        Raises:
            UsageError: they make no sense, alone or together.
        """
        from vcli.config.complaints import ValuesError  # noqa: PLC0415  --help must be quick

        try:
            loaded = self.read().values()
        except ValuesError as error:
            for warning in error.warnings:
                warn(warning)
            raise
        for warning in loaded.warnings:
            warn(warning)
        return loaded

    def read(self) -> "Given":
        """As `load`, for values that are laid over others.

        Raises:
            UsageError: a file can't be read, or a ``--set`` can't be understood.
        """
        from vcli.config import read  # noqa: PLC0415  --help must be quick

        given = read(self.values or (), self.settings(), options=self.options())
        if self.profile is not None:
            from vcli.config.profiles import profiled  # noqa: PLC0415  --help must be quick

            given = profiled(given, self.profile.value)
        if not self.isolate:
            return given
        from vcli.config.isolate import isolated  # noqa: PLC0415  --help must be quick

        return isolated(given)

    def settings(self) -> list[tuple[str, str]]:
        """The ``--set`` family in the order in which Helm applies it: option, expression."""
        given = {
            "--set-json": self.set_jsons,
            "--set": self.sets,
            "--set-string": self.set_strings,
            "--set-file": self.set_files,
        }
        return [(option, expression) for option, many in given.items() for expression in many or ()]

    def options(self) -> dict[str, dict[str, Any]]:
        """The options that set one value each: the option's name to a mapping of values."""
        found: dict[str, dict[str, Any]] = {}
        if self.distro is not None:
            others: dict[str, Any] = {each.value: {"enabled": None} for each in Distro}
            found["--distro"] = _plane("distro", {**others, self.distro.value: {"enabled": True}})
        if self.kubernetes_version:
            from vcli.host.versions import completed  # noqa: PLC0415  --help must be quick

            version = completed(self.kubernetes_version)
            found["--kubernetes-version"] = _plane("distro", {"k8s": {"version": version}})
        if self.store is not None:
            section, kind = _STORES[self.store]
            found["--store"] = _plane("backingStore", {section: {kind: {"enabled": True}}})
        if self.ephemeral:
            claim = {"volumeClaim": {"enabled": False}}
            found["--ephemeral"] = _plane("statefulSet", {"persistence": claim})
        if self.ha:
            several = _plane("statefulSet", {"highAvailability": {"replicas": 3}})
            several["controlPlane"]["coredns"] = {"deployment": {"replicas": 2}}
            found["--ha"] = several
        if self.syncer_image:
            found["--syncer-image"] = _plane("statefulSet", {"image": self.syncer_image})
        if self.expose is not None:
            found["--expose"] = _exposed(self.expose)
        return found


def _exposed(how: Expose) -> dict[str, Any]:
    if how is Expose.INGRESS:
        return _plane("ingress", {"enabled": True})
    return _plane("service", {"spec": {"type": _SERVICE_TYPES[how]}})


def _plane(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"controlPlane": {key: value}}
