"""The values ``sync.toHost.pods``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass, field

from vcli.config.fields import doc, section
from vcli.config.image import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsContainer:
    """The init container that writes it."""

    image: Image = field(
        default_factory=Image, metadata={"doc": "An image with Python; the syncer's if empty."}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteHosts:
    """/etc/hosts of pods with a subdomain: their full name, as on a plain cluster."""

    enabled: bool = doc(True, "Give such pods an init container that writes their full name to /etc/hosts.")
    init_container: HostsContainer = section(HostsContainer)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedPods:
    """Pods."""

    rewrite_hosts: RewriteHosts = section(RewriteHosts)
