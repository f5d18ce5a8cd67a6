"""Names of the virtual cluster that lead out of it: in the Corefile among the addons."""

from pathlib import Path

from vcli.contract.settings import Settings
from vcli.kube.types import Object
from vcli.syncer.translate.corefile import host_domain_of, with_names

_CONFIG = ("ConfigMap", "coredns")


def addons_with_names(settings: Settings, *, resolv_conf: Path = Path("/etc/resolv.conf")) -> list[Object]:
    """The addons of the settings, with the names that the settings map.

    Args:
        settings: what the CLI handed over.
        resolv_conf: our own pod's: its search list has the host's domain.

    Raises:
        OSError: it can't be read.
    """
    if not settings.networking:
        return settings.addons
    lines = [line.split() for line in resolv_conf.read_text().splitlines()]
    host_domain = host_domain_of(word for line in lines if line[:1] == ["search"] for word in line[1:])

    def extended(addon: Object) -> Object:
        if (addon["kind"], addon["metadata"]["name"]) != _CONFIG:
            return addon
        corefile = with_names(
            addon["data"]["Corefile"],
            settings.networking,
            domain=settings.cluster_domain,
            host_domain=host_domain,
        )
        return {**addon, "data": {**addon["data"], "Corefile": corefile}}

    return [extended(addon) for addon in settings.addons]
