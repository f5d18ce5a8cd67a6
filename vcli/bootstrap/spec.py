"""Which keys and facts one virtual cluster gets: written into settings.json, read by its own pod."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from vcli.contract import ports
from vcli.kube.types import Object, ObjectMeta

SERVER: Final = f"https://localhost:{ports.API}"
CONTEXT: Final = "my-vcluster"
"""What a kubeconfig says where the values say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """All that is needed, beside the host itself, to make them.

    Attributes:
        namespace: on the host, of all objects.
        service: the Service that clients use; it owns what is made.
        headless: the Service by which kube-apiserver finds the syncer.
        pod: the control plane's pod.
        certificates: name of the Secret with the PKI that the control plane reads.
        access: name of the Secret with the user's kubeconfig.
        facts: name of the ConfigMap with the facts about the host.
        domain: DNS domain of the virtual cluster.
        extra_sans: more names and addresses for the API server's certificate.
        server: URL in the user's kubeconfig.
        context: name of its context.
        insecure: whether it says not to verify the certificate of ``server``.
        labels: of all objects.
        annotations: of all objects.
        members: how many control-plane pods, each with a member of the store.
        service_cidrs: ranges of Service IPs that the values name; empty where they are only found out.
    """

    namespace: str
    service: str
    headless: str
    pod: str
    certificates: str
    access: str
    facts: str
    domain: str = "cluster.local"
    extra_sans: tuple[str, ...] = ()
    server: str
    context: str
    insecure: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    members: int = 1
    service_cidrs: tuple[str, ...] = ()

    def dump(self) -> Object:
        """The JSON that `load` reads."""
        dumped = {**asdict(self), "extra_sans": list(self.extra_sans)}
        if not self.insecure:  # an update of vcli that brings a key is no reason for a restart
            del dumped["insecure"]
        if self.members == 1:
            del dumped["members"]
        cidrs = list(dumped.pop("service_cidrs"))
        return {**dumped, "service_cidrs": cidrs} if cidrs else dumped

    @classmethod
    def load(cls, data: Object) -> "Spec":
        """Read what `dump` wrote.

        Raises:
            TypeError: a key is missing, or there is one that this version does not know.
        """
        return cls(**{**data, **{key: tuple(data.get(key, ())) for key in ("extra_sans", "service_cidrs")}})

    def finished(self, obj: Object, *, owner: str) -> Object:
        """An object with what all of them have: namespace, labels, annotations, owner.

        Args:
            obj: with its name.
            owner: uid of the Service.
        """
        own: ObjectMeta = obj["metadata"]
        metadata: ObjectMeta = {
            **own,
            "namespace": self.namespace,
            "labels": dict(self.labels),
        }
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        metadata["ownerReferences"] = [
            {"apiVersion": "v1", "kind": "Service", "name": self.service, "uid": owner}
        ]
        return {**obj, "metadata": metadata}
