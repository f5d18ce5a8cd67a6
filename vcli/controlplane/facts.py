"""What rendering must know of the host, found out by the operations."""

from dataclasses import dataclass

from vcli.controlplane import node_ports
from vcli.errors import VcliError

# Volumes of these are plain directories of the node, root's whatever the pod's fsGroup.
_ROOT_ONLY = frozenset({"kubernetes.io/host-path", "k8s.io/minikube-hostpath"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The StorageClass that the claim will get.

    Attributes:
        name: of the class, empty when it is that of a claim that is there already.
        root_only: whether only root may write to its volumes.
        certain: whether that is known; the class may be hidden from us.
    """

    name: str
    root_only: bool = False
    certain: bool = True

    @classmethod
    def of(cls, name: str, *, provisioner: str | None) -> "Storage":
        """A class by its provisioner; None when that can't be known.

        Then root it is: that works on the other volumes too.
        """
        if provisioner is None:
            return cls(name=name, root_only=True, certain=False)
        return cls(name=name, root_only=provisioner in _ROOT_ONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The host, as far as the control plane's objects depend on it.

    Attributes:
        service_cidrs: ranges of the host's Service IPs, one for each IP family, ``10.96.0.0/16``.
        node_ports: range of the host's node ports, ``30000-32767``.
        service_ips: ClusterIPs of the control plane's Service.
        service_uid: its uid.
        storage: the class that a claim gets, None if a claim would get none.
        features: names of those in `vcli.controlplane.rights` whose rights can be given to the syncer.
    """

    service_cidrs: tuple[str, ...]
    service_ips: tuple[str, ...]
    service_uid: str
    node_ports: str = node_ports.DEFAULT
    storage: Storage | None = None
    features: frozenset[str] = frozenset()


class NoServiceCidrError(VcliError):
    """The range of the host's Service IPs could not be found out."""
