"""What every virtual cluster has inside: CoreDNS. It is the tenant's: what was changed in it stays changed.

An object is written when it is missing, or when what we want of it is another than the last time. Then too,
fields that somebody else has set keep their values, and an object that can't be had that way is left alone;
once deleted, it is recreated when the syncer starts.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, Invalid
from vcli.kube.resources import Resource
from vcli.kube.types import Object
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.writer import is_applied, stamped

log = Log("vcli.syncer.addons")


FIELD_MANAGER: Final = "vcli-addons"
TIMEOUT: Final = 30.0
"""Seconds. Admission of the tenant's own may reject an addon for as long as it likes."""
_FIRST: Final = ("Namespace", "ServiceAccount", "ConfigMap", "ClusterRole", "ClusterRoleBinding", "Service")
_HOST_DNS: Final = "HOST_DNS"
_SERVICE_CIDRS: Final = "SERVICE_CIDRS"
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0


async def apply_addons(
    client: Client,
    addons: Sequence[Object],
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109  no error: those that were not taken are returned
) -> list[Object]:
    """Apply all objects, those first that others need; returns those that were not taken in time.

    A fresh API server makes its system namespaces a moment after it is ready: what it rejects is tried again.
    """
    order = {kind: place for place, kind in enumerate(_FIRST)}
    wanted = sorted(addons, key=lambda each: order.get(each["kind"], len(order)))
    until = asyncio.get_running_loop().time() + timeout
    found = await asyncio.gather(*(_find(client, addon) for addon in wanted))
    changed = [(addon, now) for addon, now in zip(wanted, found, strict=True) if not is_applied(now, addon)]
    return [addon for addon, now in changed if not await _apply_until(client, addon, now, until=until)]


async def _find(client: Client, addon: Object) -> Object | None:
    metadata = addon["metadata"]
    with suppress(VcliError):
        return await client.get(Resource.of(addon), metadata["name"], namespace=metadata.get("namespace"))
    return None


async def _apply_until(client: Client, addon: Object, current: Object | None, *, until: float) -> bool:
    name, pause = addon["metadata"]["name"], _FIRST_PAUSE
    while True:
        try:
            await _apply(client, addon)
        except VcliError as error:
            if current is not None and isinstance(error, (Conflict, Invalid)):
                log.warning("addon left as it was changed", kind=addon["kind"], name=name, error=error)
                return True
            say = log.debug if pause < 1 else log.warning
            say("addon not applied yet", kind=addon["kind"], name=name, error=error)
            if asyncio.get_running_loop().time() + pause > until:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            return True


async def _apply(client: Client, addon: Object) -> None:
    resource, desired = Resource.of(addon), stamped(addon)
    try:
        await client.apply(resource, desired, field_manager=FIELD_MANAGER, force=False)
    except Conflict:
        if "replicas" not in addon.get("spec", {}):
            raise
        # Scaled: no reason to keep it from a new image.
        spec = {key: value for key, value in desired["spec"].items() if key != "replicas"}
        await client.apply(resource, {**desired, "spec": spec}, field_manager=FIELD_MANAGER, force=False)


def filled_in(
    addons: Sequence[Object],
    *,
    service_cidrs: Sequence[str],
    resolv_conf: Path = Path("/etc/resolv.conf"),
) -> list[Object]:
    """Fill in what only the host knows where a ConfigMap of the addons says so.

    ``HOST_DNS`` becomes the host's name servers. They are those of our own pod: the cluster DNS of the host,
    wherever it is. A pod with dnsPolicy Default would get those of its node, which may be none.
    ``SERVICE_CIDRS`` becomes the ranges of Service IPs.
    """
    words = [line.split() for line in resolv_conf.read_text().splitlines()]
    servers = " ".join(each[1] for each in words if len(each) > 1 and each[0] == "nameserver")
    by_word = {_HOST_DNS: servers or str(resolv_conf), _SERVICE_CIDRS: " ".join(service_cidrs)}
    return [_filled(addon, by_word) if addon["kind"] == "ConfigMap" else addon for addon in addons]


def _filled(config_map: Object, by_word: Mapping[str, str]) -> Object:
    data: dict[str, str] = dict(config_map.get("data", {}))
    for word, text in by_word.items():
        data = {key: value.replace(word, text) for key, value in data.items()}
    return {**config_map, "data": data}
