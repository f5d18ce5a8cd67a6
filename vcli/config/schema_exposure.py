"""The values of ``controlPlane.ingress``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc makes fields

from dataclasses import dataclass
from typing import Literal

from vcli.config.fields import doc
from vcli.kube.types import Object

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """The part of the Service that may be chosen; its port and selector are the control plane's."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = doc("ClusterIP", "Type of the Service.")
    external_traffic_policy: Literal["", "Cluster", "Local"] = doc(
        "", "Whether nodes without the control plane's pod take connections; not with ClusterIP."
    )
    load_balancer_class: str = doc("", "What implements the load balancer; it stays as it is.")
    load_balancer_ip: str = doc("", "Address that is asked of the load balancer.", name="loadBalancerIP")
    load_balancer_source_ranges: tuple[str, ...] = doc((), "Ranges of clients that it lets through.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """An Ingress that passes TLS through to the API server."""

    enabled: bool = doc(False, "Make an Ingress for the control plane's Service.")
    host: str = doc(
        "",
        "Name that clients use; must be given if it is enabled.",
        pattern=rf"^({_LABEL}(\.{_LABEL})*)?$",
        form="a DNS name without wildcards, such as demo.example.com",
    )
    path_type: Literal["ImplementationSpecific", "Prefix", "Exact"] = doc(
        "ImplementationSpecific", "How the path / is matched."
    )
    labels: dict[str, str] = doc({}, "Labels to add.")
    annotations: dict[str, str] = doc(
        {}, "Annotations to add; those by which ingress-nginx passes TLS through are there without."
    )
    spec: Object = doc(
        {}, "The rest of its spec, such as ingressClassName and tls; the rule is that of host."
    )
