"""The values of ``sync.toHost.services``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass

from vcli.config.fields import doc, section


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIPs:
    """`spec.externalIPs`: addresses whose traffic every node of the host would take, from any sender."""

    allowed_cidrs: tuple[str, ...] = doc(
        (),
        "Ranges that Services may take externalIPs of, set aside by the host's administrator; never those of"
        " ClusterIPs, nodes or pods. Others are left out on the host, with an event.",
        name="allowedCIDRs",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedServices:
    """Services."""

    external_ips: ExternalIPs = section(ExternalIPs, name="externalIPs")
