"""The programs of the host, by product: one Go module each, because their dependencies' versions conflict."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vcli.host.oci import architecture
from vcli.host.versions import CONTAINERD, COREDNS, ETCD, KUBERNETES, minor_of

MODULES = Path(__file__).parent / "modules"
_STRIP = "-s -w"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Programs that are built from one pinned module.

    Attributes:
        name: of the programs' folder in the cache.
        version: of the upstream release; empty for our own.
        packages: program to the Go package that it is built from.
        tests: those of the programs that are a package's tests (``go test -c``).
        overlaid: folder below `module` to the Go module, pinned in ``sources/go.mod`` there, that it is laid
            over before the build: go.mod has it in place of that module.
        modules: where its folder with go.mod and go.sum is.
        folder: name of that folder; when not given, the product's.
        stamps: Go variables to set at link time: without them components report v0.0.0 and refuse each other.
    """

    name: str
    version: str = ""
    packages: Mapping[str, str]
    tests: Collection[str] = ()
    stamps: Mapping[str, str] = field(default_factory=dict)
    overlaid: Mapping[str, str] = field(default_factory=dict)
    modules: Path = MODULES
    folder: str = ""

    @property
    def module(self) -> Path:
        """The folder with go.mod."""
        return self.modules / (self.folder or self.name)

    @property
    def ldflags(self) -> str:
        """Flags for Go's linker."""
        return " ".join([_STRIP, *(f"-X {k}={v}" for k, v in self.stamps.items())])

    @property
    def key(self) -> str:
        """Changes with all that the programs depend on."""
        sha = hashlib.sha256(f"{architecture()} {self.ldflags} {sorted(self.packages.items())}".encode())
        for path in sorted(x for x in self.module.rglob("*") if x.is_file()):
            sha.update(f"\0{path.relative_to(self.module)}\0".encode())
            sha.update(path.read_bytes())
        return sha.hexdigest()[:12]

    def bin_dir(self, cache: Path) -> Path:
        """Where its programs are kept. A program that lies there is complete."""
        return cache / "host" / f"{self.name}-{self.key}" / "bin"


def kubernetes_stamps(version: str = KUBERNETES) -> dict[str, str]:
    """The version of Kubernetes, in all the places where its programs look for it."""
    major, minor, _ = version.removeprefix("v").split(".")
    stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return {
        f"{package}.{name}": value
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in stamps.items()
    }


def kubernetes(version: str = KUBERNETES) -> Product:
    """The programs of one version of Kubernetes.

    Args:
        version: one of `versions.KUBERNETES_RELEASES`.
    """
    programs = (
        "kubectl",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
    )
    return Product(
        name="kubernetes",
        version=version,
        packages={x: f"k8s.io/kubernetes/cmd/{x}" for x in programs},
        stamps=kubernetes_stamps(version),
        folder=f"kubernetes-{minor_of(version).removeprefix('v')}",
    )


_CONTAINERD_MODULE = "github.com/containerd/containerd/v2"
_BESIDE: tuple[Product, ...] = (
    Product(name="pause", packages={"pause": "."}),
    Product(name="relay", packages={"relay": "."}),
    Product(name="etcd", version=ETCD, packages={"etcd": "go.etcd.io/etcd/server/v3"}),
    Product(
        name="containerd",
        version=CONTAINERD,
        packages={
            x: f"{_CONTAINERD_MODULE}/cmd/{x}" for x in ("containerd", "containerd-shim-runc-v2", "ctr")
        },
        stamps={f"{_CONTAINERD_MODULE}/version.Version": CONTAINERD},
    ),
    Product(name="coredns", version=COREDNS, packages={"coredns": "github.com/coredns/coredns"}),
)


def products(version: str = KUBERNETES) -> tuple[Product, ...]:
    """All that a host of that version of Kubernetes is made of."""
    return (*_BESIDE, kubernetes(version))


PRODUCTS: tuple[Product, ...] = products()
