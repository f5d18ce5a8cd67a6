"""The values of ``sync.toHost.services``; a part of `vcli.config.schema`."""

from dataclasses import dataclass, field

_ALLOWED = (
    "Ranges that Services may take externalIPs of, set aside by the host's administrator; never those of"
    " ClusterIPs, nodes or pods. Others are left out on the host, with an event."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIPs:
    """`spec.externalIPs`: addresses whose traffic every node of the host would take, whoever sends it."""

    allowed_cidrs: tuple[str, ...] = field(default=(), metadata={"doc": _ALLOWED, "name": "allowedCIDRs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedServices:
    """Services."""

    external_ips: ExternalIPs = field(default_factory=ExternalIPs, metadata={"name": "externalIPs"})
