"""The values of ``policies``: what tenants are kept from; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from vcli.config.fields import doc, section
from vcli.kube.types import Object

Auto: TypeAlias = bool | Literal["auto"]

PRIVATE: Final = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
)
"""Where pods, Services, nodes and metadata servers are: RFC 1918, 6598, 3927."""

_RANGE: dict[str, Any] = {
    "pattern": r"^([0-9a-fA-F.:]+/[0-9]{1,3})?$",
    "form": "a range of addresses, such as 203.0.113.0/24",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """Labels and annotations of what is made on the host."""

    labels: dict[str, str] = doc({}, "Labels to add.")
    annotations: dict[str, str] = doc({}, "Annotations to add.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceQuotaPolicy(_Made):
    """How much of the host the virtual cluster may use, its control plane included."""

    enabled: Auto = doc("auto", "Make a ResourceQuota; auto: if limitRange.enabled is true.")
    quota: Object = doc(
        {}, "Amounts by resource, over the default ones; an empty text takes a default one away."
    )
    scope_selector: Object = doc({}, "Scope selector; with it, or with scopes, there are no default amounts.")
    scopes: tuple[str, ...] = doc((), "Scopes.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRangePolicy(_Made):
    """What a container gets that asks for nothing, and how much it may ask for."""

    enabled: Auto = doc("auto", "Make a LimitRange; auto: if resourceQuota.enabled is true.")
    default: Object = doc({}, "Limits of containers without, over the default ones.")
    default_request: Object = doc({}, "Requests of containers without, over the default ones.")
    max: Object = doc({}, "The most that a container may have.")
    min: Object = doc({}, "The least that a container must have.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IpBlock:
    """Addresses."""

    cidr: str = doc("0.0.0.0/0", "The range; empty for none.", **_RANGE)
    except_: tuple[str, ...] = doc(
        PRIVATE, "Ranges in it that stay closed; by default those that clusters use.", name="except"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingConnections:
    """What pods may reach beside the virtual cluster itself."""

    ip_block: IpBlock = section(IpBlock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """More of what may come in."""

    ingress: tuple[Object, ...] = doc((), "More ingress rules, as in a NetworkPolicy.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicyPolicy(_Made):
    """Keep pods and control plane to their own virtual cluster; the host has to enforce NetworkPolicies."""

    enabled: bool = doc(
        False,
        "Make NetworkPolicies on the host; tenants' own stay inside then, as they would add to them.",
    )
    fallback_dns: str = doc(
        "",
        "Address of the DNS server that the virtual cluster's asks; empty for the node's own.",
        name="fallbackDns",
        pattern=r"^[0-9a-fA-F.:]*$",
        form="an IP address",
    )
    outgoing_connections: OutgoingConnections = section(OutgoingConnections)
    control_plane: Incoming = section(Incoming)
    workload: Incoming = section(Incoming)
    extra_control_plane_rules: tuple[Object, ...] = doc(
        (), "More egress rules of the control plane, such as to a database."
    )
    extra_workload_rules: tuple[Object, ...] = doc((), "More egress rules of the pods.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMetadataPolicy:
    """Keep from the host's controllers what tenants say in labels and annotations.

    What passes in any case is in `vcli.syncer.translate.allowed`.
    """

    enabled: bool = doc(
        False,
        "Pass on only what Kubernetes itself and the synced kinds need; selectors work nevertheless."
        " Without, all labels and annotations pass, but those of ConfigMaps and Secrets.",
    )
    annotations: tuple[str, ...] = doc(
        (), "Annotations that pass as well; * is any text without a slash, as in example.com/*."
    )
    labels: tuple[str, ...] = doc((), "Labels that pass as well, in the same way.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What tenants are kept from; --isolate turns all of it on."""

    pod_security_standard: Literal["", "privileged", "baseline", "restricted"] = doc(
        "",
        "Pod Security Standard of namespaces that say nothing, and of what reaches the host; pods are then"
        " placed by the host's scheduler alone, and tolerate no taint that keeps nodes to the host."
        " privileged is none, as ''.",
    )
    resource_quota: ResourceQuotaPolicy = section(ResourceQuotaPolicy)
    limit_range: LimitRangePolicy = section(LimitRangePolicy)
    network_policy: NetworkPolicyPolicy = section(NetworkPolicyPolicy)
    host_metadata: HostMetadataPolicy = section(HostMetadataPolicy)

    @property
    def enforced_standard(self) -> str:
        """The Pod Security Standard, or nothing: privileged forbids nothing."""
        return "" if self.pod_security_standard == "privileged" else self.pod_security_standard

    @property
    def has_quota(self) -> bool:
        """Whether there is a ResourceQuota."""
        return self.resource_quota.enabled is True or (
            self.resource_quota.enabled == "auto" and self.limit_range.enabled is True
        )

    @property
    def has_limits(self) -> bool:
        """Whether there is a LimitRange."""
        return self.limit_range.enabled is True or (
            self.limit_range.enabled == "auto" and self.resource_quota.enabled is True
        )
