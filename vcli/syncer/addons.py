"""What every virtual cluster has inside: CoreDNS. Applied when the syncer starts; then it is the tenant's."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.resources import Resource
from vcli.syncer.engine.log import Log

log = Log("vcli.syncer.addons")

Object = dict[str, Any]

FIELD_MANAGER: Final = "vcli-addons"
_FIRST: Final = ("Namespace", "ServiceAccount", "ConfigMap", "ClusterRole", "ClusterRoleBinding", "Service")
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
