"""What the embedded host consists of. The go.mod files beside are the pins; a test holds both together."""

from vcli import inputs
from vcli.errors import UsageError

# Of Kubernetes, a patch release of each minor version. A further one is its place here and pins in
# `modules/kubernetes-MINOR`.
KUBERNETES_RELEASES = ("v1.33.13", "v1.34.4", "v1.35.4", "v1.36.3")
KUBERNETES = "v1.36.3"  # unless another one is asked for

CONTAINERD = "v2.4.2"
ETCD = "v3.6.8"
COREDNS = "v1.14.2"
# Of add-ons.
KINE = "v0.17.2"  # of virtual clusters, too: see vcli.config.schema_database
KUBE_ROUTER = "v2.1.0"
METRICS_SERVER = "v0.9.0"
TRAEFIK = "v3.7.13"
GATEWAY_API = "v1.6.1"  # which that Traefik knows

PAUSE_IMAGE = "registry.k8s.io/pause:3.10.1"
ETCD_IMAGE = "registry.k8s.io/etcd:3.6.8-0"
COREDNS_IMAGE = "registry.k8s.io/coredns/coredns:v1.14.2"
BUSYBOX_IMAGES = ("docker.io/library/busybox:1.36", "docker.io/library/busybox:latest")


def minor_of(version: str) -> str:
    """``v1.35`` of ``v1.35.4``."""
    return version.rpartition(".")[0]


def completed(version: str) -> str:
    """The release of a minor version, ``v1.34.4`` of ``1.34``; anything else as it is."""
    named = f"v{version.removeprefix('v')}"
    return next((each for each in KUBERNETES_RELEASES if named == minor_of(each)), version)


def release(wanted: str) -> str:
    """The release that a user means: by its minor version, ``1.35`` or ``v1.35``, or exactly, ``1.35.4``.

    Raises:
        UsageError: hosts run no such release; the hint has those that they run.
    """
    version = f"v{inputs.not_empty(wanted, '--kubernetes').removeprefix('v')}"
    for each in KUBERNETES_RELEASES:
        if version in {each, minor_of(each)}:
            return each
    raise UsageError(
        f"the embedded host has no Kubernetes {inputs.shown(wanted)}",
        hint=f"it has {', '.join(KUBERNETES_RELEASES)}; the first two numbers are enough",
    )
