"""The values of ``networking`` that cross the border of the two clusters; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc, required and section make fields

from dataclasses import dataclass
from typing import Any

from vcli.config.fields import doc, required, section

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_HOST_NAME = rf"{_LABEL}(\.{_LABEL})*"
_SERVICE: dict[str, Any] = {
    "pattern": rf"^{_LABEL}/{_LABEL}$",
    "form": "a Service as NAMESPACE/NAME",
}
_OR_NOT: dict[str, Any] = {**_SERVICE, "pattern": rf"^({_LABEL}/{_LABEL})?$"}
_OWN_OR_OTHER: dict[str, Any] = {
    "pattern": rf"^({_LABEL}/)?{_LABEL}$",
    "form": "a Service as NAME or NAMESPACE/NAME",
}
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ADDRESS = rf"^(({_BYTE}\.){{3}}{_BYTE}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)?$"
CIDRS = r"^([0-9a-fA-F.:]+/[0-9]{1,3}(,[0-9a-fA-F.:]+/[0-9]{1,3})?)?$"
_NAMESPACE: dict[str, Any] = {"pattern": rf"^({_LABEL})?$", "form": "the name of a namespace"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceToHost:
    """A Service of the virtual cluster, and its name on the host."""

    from_: str = required("NAMESPACE/NAME in the virtual cluster.", name="from", **_SERVICE)
    to: str = required("NAME in the host namespace.", **_OWN_OR_OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFromHost:
    """A Service of the host, and its name in the virtual cluster."""

    from_: str = required(
        "NAMESPACE/NAME on the host; NAME alone is in the host namespace. Another namespace takes a"
        " ClusterRole, see rbac.clusterRole.enabled.",
        name="from",
        **_OWN_OR_OTHER,
    )
    to: str = required("NAMESPACE/NAME in the virtual cluster; the namespace is made.", **_SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateServices:
    """Services that the other cluster has as well, by a name of its own."""

    to_host: tuple[ServiceToHost, ...] = doc((), "Services of the virtual cluster.")
    from_host: tuple[ServiceFromHost, ...] = doc((), "Services of the host.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsTarget:
    """What a name leads to: one of these."""

    hostname: str = doc(
        "",
        "Another name, which the virtual cluster's DNS looks up.",
        pattern=rf"^({_HOST_NAME})?$",
        form="a host name, such as www.example.com",
    )
    ip: str = doc("", "An address.", pattern=_ADDRESS, form="an IPv4 or IPv6 address")
    host_service: str = doc("", "NAMESPACE/NAME of a Service of the host.", **_OR_NOT)
    host_namespace: str = doc("", "A namespace of the host: all names in it; for a namespace.", **_NAMESPACE)
    v_cluster_service: str = doc(
        "",
        "HOSTNAMESPACE/CLUSTER/NAMESPACE/NAME of a Service of another virtual cluster that vcli made.",
        pattern=rf"^({_LABEL}/{_LABEL}/{_LABEL}/{_LABEL})?$",
        form="a Service as HOSTNAMESPACE/CLUSTER/NAMESPACE/NAME",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsMapping:
    """A name in the virtual cluster: one of hostname, service and namespace; and its target."""

    hostname: str = doc(
        "",
        "A name outside the cluster domain; with *. in front, all names below it.",
        pattern=rf"^((\*\.)?{_HOST_NAME})?$",
        form="a host name, such as db.example.com or *.example.com",
    )
    service: str = doc("", "NAMESPACE/NAME of a Service, which need not exist.", **_OR_NOT)
    namespace: str = doc("", "A namespace: all names of Services in it.", **_NAMESPACE)
    target: DnsTarget = section(DnsTarget)
