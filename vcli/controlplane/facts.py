"""What rendering must know of the host, found out by the operations."""

from dataclasses import dataclass

from vcli.errors import VcliError


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The StorageClass that the claim will get.

    Attributes:
        name: of the class.
        provisioner: who makes the volume; empty when the class can't be read.
    """

    name: str
    provisioner: str = ""

    @property
    def ignores_fs_group(self) -> bool:
        """Whether volumes belong to root whatever the pod's fsGroup: plain directories of the node."""
        return self.provisioner in {"kubernetes.io/host-path", "k8s.io/minikube-hostpath"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The host, as far as the control plane's objects depend on it.

    Attributes:
        service_cidrs: ranges of the host's Service IPs, one for each IP family, ``10.96.0.0/16``.
        service_ips: ClusterIPs of the control plane's Service.
        service_uid: its uid.
        storage: the class that a claim gets, None if a claim would get none.
    """

    service_cidrs: tuple[str, ...]
    service_ips: tuple[str, ...]
    service_uid: str
    storage: Storage | None = None


class NoServiceCidrError(VcliError):
    """The range of the host's Service IPs could not be found out."""
