"""What every virtual cluster has inside: CoreDNS. Applied when the syncer starts; then it is the tenant's."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.resources import Resource
from vcli.syncer.engine.log import Log

log = Log("vcli.syncer.addons")

Object = dict[str, Any]

FIELD_MANAGER: Final = "vcli-addons"
_FIRST: Final = ("Namespace", "ServiceAccount", "ConfigMap", "ClusterRole", "ClusterRoleBinding", "Service")
_HOST_DNS: Final = "HOST_DNS"
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0


async def apply_addons(client: Client, addons: Sequence[Object]) -> None:
    """Apply all objects, those first that others need; returns when each was taken.

    A fresh API server makes its system namespaces a moment after it is ready: what it refuses is tried again.
    """
    order = {kind: place for place, kind in enumerate(_FIRST)}
    for addon in sorted(addons, key=lambda each: order.get(each["kind"], len(order))):
        pause = _FIRST_PAUSE
        while True:
            try:
                await client.apply(Resource.of(addon), addon, field_manager=FIELD_MANAGER)
                break
            except VcliError as error:
                say = log.debug if pause < 1 else log.warning
                say("addon not applied yet", kind=addon["kind"], name=addon["metadata"]["name"], error=error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


def with_host_dns(addons: Sequence[Object], resolv_conf: Path = Path("/etc/resolv.conf")) -> list[Object]:
    """Write the host's name servers where a ConfigMap of the addons says ``HOST_DNS``.

    They are those of our own pod: the cluster DNS of the host, wherever it is. A pod with dnsPolicy Default
    would get those of its node, which may be none.
    """
    words = [line.split() for line in resolv_conf.read_text().splitlines()]
    servers = " ".join(each[1] for each in words if len(each) > 1 and each[0] == "nameserver")
    servers = servers or str(resolv_conf)
    return [_filled(addon, servers) if addon["kind"] == "ConfigMap" else addon for addon in addons]


def _filled(config_map: Object, servers: str) -> Object:
    data: dict[str, str] = config_map.get("data", {})
    return {**config_map, "data": {key: text.replace(_HOST_DNS, servers) for key, text in data.items()}}
