"""The PKI of a virtual cluster: two CAs, and a leaf for each component that speaks or listens.

All keys are EC P-256 but the one that signs service account tokens: that is RSA, because consumers of tokens
outside the cluster (cloud identity providers) often know RS256 only.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from vcli.bootstrap.spec import Spec

Files = dict[str, bytes]

CA_LIFE: Final = dt.timedelta(days=3650)
LEAF_LIFE: Final = dt.timedelta(days=365)
RENEW_BEFORE: Final = dt.timedelta(days=30)
CLOCK_SKEW: Final = dt.timedelta(hours=1)
TOKEN_KEY_BITS: Final = 2048

AUTHORITIES: Final = ("ca", "front-proxy-ca")
PEERS_AUTHORITY: Final = "etcd-ca"
"""The CA of the members of a store, where there are several: nobody else has a certificate of it."""
SIGNING: Final = "ca-signing.pem"
"""The one CA that signs: `ca.crt` has the former one as well while they change."""
CROSS: Final = {name: f"{name}-cross.pem" for name in (*AUTHORITIES, PEERS_AUTHORITY)}
"""By the name of a CA: its certificate as the former one has signed it, for those that know only that."""
MASTERS: Final = "system:masters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A certificate: ``NAME.crt`` and ``NAME.key``."""

    name: str
    common_name: str
    organization: str = ""
    ca: str = "ca"
    server: bool = False


LEAVES: Final = (
    Leaf(name="apiserver", common_name="kube-apiserver", server=True),
    Leaf(name="apiserver-host", common_name="kube-apiserver", server=True),
    Leaf(name="kubelet", common_name="vcli-kubelet", server=True),
    Leaf(name="kubelet-client", common_name="kube-apiserver-kubelet-client", organization=MASTERS),
    Leaf(name="front-proxy", common_name="front-proxy-client", ca="front-proxy-ca"),
    Leaf(name="kube-controller-manager", common_name="system:kube-controller-manager"),
    Leaf(name="kube-scheduler", common_name="system:kube-scheduler"),
    Leaf(name="syncer", common_name="vcli-syncer", organization=MASTERS),
    Leaf(name="admin", common_name="kubernetes-admin", organization=MASTERS),
)


PEER: Final = "etcd-peer"
PEER_LEAVES: Final = (
    Leaf(name=PEER, common_name=PEER, ca=PEERS_AUTHORITY, server=True),
    # Without names: etcd compares those of a client with the address that it comes from.
    Leaf(name="etcd-peer-client", common_name=PEER, ca=PEERS_AUTHORITY),
)


def authorities(sans: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The CAs of a cluster whose serving certificates have these names, see `sans`."""
    return (*AUTHORITIES, PEERS_AUTHORITY) if PEER in sans else AUTHORITIES


def leaves(sans: Mapping[str, Iterable[str]]) -> tuple[Leaf, ...]:
    """The leaves of such a cluster."""
    return (*LEAVES, *PEER_LEAVES) if PEER in sans else LEAVES


def authority_name(name: str) -> str:
    """The common name of a CA."""
    return f"vcli-{name}"


def sans(spec: Spec, service_ips: Iterable[str]) -> Mapping[str, list[str]]:
    """The names and addresses that each serving certificate must have.

    Any client is shown a certificate, tenants included. So those with the host namespace in their names
    have one of their own, which kube-apiserver shows only to clients that ask for such a name.
    """

    def of_service(name: str, namespace: str) -> list[str]:
        dotted = f"{name}.{namespace}"
        return [name, dotted, f"{dotted}.svc", f"{dotted}.svc.cluster.local"]

    kubernetes = [*of_service("kubernetes", "default"), f"kubernetes.default.svc.{spec.domain}"]
    local = ["localhost", "127.0.0.1", "::1"]
    short, *dotted = of_service(spec.service, spec.namespace)
    # The same name inside: metrics.k8s.io, and the kubelets for a metrics-server.
    inside = of_service(spec.headless, "kube-system")
    return {
        "apiserver": [short, *kubernetes, *local, *service_ips, *spec.extra_sans],
        "apiserver-host": dotted,
        "kubelet": [spec.headless, f"*.{spec.headless}", *inside, spec.pod, *local],
        **({PEER: [f"*.{spec.headless}"]} if spec.members > 1 else {}),
    }
