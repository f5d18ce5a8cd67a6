"""What the host objects of a virtual cluster are called."""

import re
from dataclasses import dataclass

from vcli import inputs
from vcli.contract.labels import CLUSTER, access_secret, cluster_role, of_control_plane
from vcli.errors import UsageError

# The pod's label controller-revision-hash is NAME, a dash and up to ten characters, 63 at most; with it every
# other name fits as well (NAME-headless as a Service, vcluster-NAME as a namespace).
LONGEST_NAME = 52
# A Service's name is a DNS-1035 label: it begins with a letter.
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")

FIELD_MANAGER = "vcli"


@dataclass(frozen=True, slots=True)
class Names:
    """All names that follow from the virtual cluster's name and its host namespace."""

    cluster: str
    namespace: str

    @property
    def service(self) -> str:
        """The Service that clients use, and that owns everything else."""
        return self.cluster

    @property
    def headless(self) -> str:
        """The Service by which kube-apiserver finds the syncer."""
        return f"{self.cluster}-headless"

    @property
    def stateful_set(self) -> str:
        """The control plane."""
        return self.cluster

    @property
    def pod(self) -> str:
        """The control plane's pod."""
        return f"{self.cluster}-0"

    @property
    def certificates(self) -> str:
        """Secret: everything of the PKI that the control plane reads."""
        return f"{self.cluster}-certs"

    @property
    def access(self) -> str:
        """Secret: the kubeconfig and its parts, by the name that loft-sh's CLI looks for."""
        return access_secret(self.cluster)

    @property
    def service_account(self) -> str:
        """ServiceAccount, Role and RoleBinding of the syncer."""
        return f"vc-{self.cluster}"

    @property
    def workload_service_account(self) -> str:
        """ServiceAccount of every synced pod; it has no rights."""
        return f"vc-workload-{self.cluster}"

    @property
    def cluster_role(self) -> str:
        """ClusterRole and ClusterRoleBinding of the syncer; no other cluster's, in no other namespace."""
        return cluster_role(self.cluster, self.namespace)

    @property
    def values(self) -> str:
        """ConfigMap: the values that the user gave."""
        return f"vc-config-{self.cluster}"

    @property
    def settings(self) -> str:
        """ConfigMap: settings of the syncer."""
        return f"vc-syncer-{self.cluster}"

    @property
    def facts(self) -> str:
        """ConfigMap: what only the host knows, see `vcli.bootstrap.facts`."""
        return f"vc-facts-{self.cluster}"

    @property
    def data_source(self) -> str:
        """Secret: where the database is that has the objects, password and all."""
        return f"vc-datasource-{self.cluster}"

    @property
    def admission(self) -> str:
        """ConfigMap: how kube-apiserver judges pods, see `vcli.controlplane.policies`."""
        return f"vc-admission-{self.cluster}"

    def network_policy(self, part: str) -> str:
        """NetworkPolicy of the control plane (``cp``), of synced pods (``work``), or of the DNS server's."""
        return f"vc-{part}-{self.cluster}"

    def bundle(self, digest: str, part: int) -> str:
        """ConfigMap: a part of the syncer's code."""
        return f"vc-bundle-{digest}-{part}-{self.cluster}"

    @property
    def selector(self) -> dict[str, str]:
        """The labels by which the control plane's pods are found."""
        return of_control_plane(self.cluster)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of every object."""
        return {**self.selector, CLUSTER: self.cluster}


def check_name(name: str) -> None:
    """See whether all names that follow from it are valid. One that is to be found, not made, may be longer.

    Raises:
        UsageError: it is not a DNS label that begins with a letter, or is too long.
    """
    inputs.not_empty(name, "the name")
    if len(name) > LONGEST_NAME:
        raise UsageError(
            f"the name {inputs.shown(name)} has {len(name)} characters, {LONGEST_NAME} are the most",
            hint="names of pods, Services and labels are made from it, which end at 63",
        )
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"the name {inputs.shown(name)} is not a DNS label",
            hint="use a-z, 0-9 and dashes, a letter first and no dash at the end",
        )
