"""What only the host knows and the control plane has to: kept in ConfigMap ``vc-facts-NAME``."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from vcli.bootstrap import node_ports, service_cidr
from vcli.bootstrap.spec import Spec
from vcli.kube.client import Client
from vcli.kube.types import Object, uid

SERVICE_CIDRS = "SERVICE_CIDRS"
NODE_PORTS = "NODE_PORTS"
_SERVICE_IPS = "SERVICE_IPS"
_SERVICE_UID = "SERVICE_UID"
KEYS = (SERVICE_CIDRS, NODE_PORTS, _SERVICE_IPS, _SERVICE_UID)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """The host's network, and the control plane's place in it.

    Attributes:
        service_cidrs: ranges of the host's Service IPs, one for each IP family, ``10.96.0.0/16``.
        node_ports: range of the host's node ports, ``30000-32767``.
        service_ips: ClusterIPs of the control plane's Service.
        service_uid: its uid.
    """

    service_cidrs: tuple[str, ...]
    service_ips: tuple[str, ...]
    service_uid: str
    node_ports: str = node_ports.DEFAULT

    def dump(self) -> dict[str, str]:
        """The data of the ConfigMap; kube-apiserver gets the first two as environment."""
        return {
            SERVICE_CIDRS: ",".join(self.service_cidrs),
            NODE_PORTS: self.node_ports,
            _SERVICE_IPS: ",".join(self.service_ips),
            _SERVICE_UID: self.service_uid,
        }

    @classmethod
    def load(cls, data: Mapping[str, str]) -> "HostFacts":
        """Read what `dump` wrote.

        Raises:
            KeyError: one of the facts is missing.
        """
        return cls(
            service_cidrs=tuple(data[SERVICE_CIDRS].split(",")),
            service_ips=tuple(data[_SERVICE_IPS].split(",")),
            service_uid=data[_SERVICE_UID],
            node_ports=data[NODE_PORTS],
        )


async def find(client: Client, service: Object, *, cidrs: tuple[str, ...] = ()) -> HostFacts:
    """Ask the host.

    Args:
        client: of the host.
        service: the control plane's, as the host answered it.
        cidrs: ranges of Service IPs that the values name.

    Raises:
        NoServiceCidrError: the range of Service IPs can't be found out, or is not the one of the values.
    """
    namespace = service["metadata"]["namespace"]
    ips = tuple(service["spec"].get("clusterIPs") or [service["spec"]["clusterIP"]])
    found, ports = await asyncio.gather(
        service_cidr.find(client, namespace=namespace, service_ips=ips, named=cidrs),
        node_ports.find(client, service),
    )
    return HostFacts(service_cidrs=found, node_ports=ports, service_ips=ips, service_uid=uid(service))


def config_map(spec: Spec, facts: HostFacts) -> Object:
    """The ConfigMap."""
    obj: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": spec.facts},
        "data": facts.dump(),
    }
    return spec.finished(obj, owner=facts.service_uid)
