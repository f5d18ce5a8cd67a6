"""The host's `metrics.k8s.io`, for the pods of one virtual cluster."""

import asyncio
from typing import Final

from vcli.errors import VcliError
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import PODMETRICS, PODS
from vcli.kube.types import labels
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.pods.lookup import find_pod
from vcli.syncer.metrics_api.documents import PodUsage
from vcli.syncer.translate import keys
from vcli.syncer.translate.names import HostName

log = Log(__name__)

# Seconds. A metrics-server measures every 15; of those who ask, some ask once for each pod.
_FRESH: Final = 5.0


class HostUsage:
    """What pods use, from the host, in the names of the virtual cluster."""

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._asking = asyncio.Lock()
        self._known: dict[HostName, Object] = {}
        self._until = 0.0

    async def is_offered(self) -> bool | None:
        """Whether the host has metrics, and lets us read them; None if that is not known now."""
        try:
            # Of no pod at all: only whether it answers is of interest.
            await self._list(field_selector="metadata.name=-")
        except (NotFound, Forbidden):
            return False
        except VcliError as error:
            log.debug("metrics of the host not readable", error=error)
            return None
        return True

    async def usages(self) -> list[PodUsage]:
        """What each virtual pod uses of which that is known.

        Raises:
            VcliError: as the host answers.
        """
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now >= self._until:
                found = await self._list()
                self._known = {HostName(item["metadata"]["name"]): item for item in found["items"]}
                self._until = now + _FRESH
        return [usage for pod in self._ctx.virtual[PODS].items() if (usage := self._usage(pod)) is not None]

    async def _list(self, field_selector: str | None = None) -> Object:
        return await self._ctx.host.client.list(
            PODMETRICS,
            namespace=self._ctx.namespace,
            label_selector=f"{keys.MANAGED_BY}={self._ctx.scope.cluster}",
            field_selector=field_selector,
        )

    def _usage(self, pod: Object) -> PodUsage | None:
        name = name_of(pod)
        host = find_pod(self._ctx, name)
        item = self._known.get(host.name) if host is not None else None
        if host is None or item is None:
            return None
        # What the host has injected is no part of the tenant's pod.
        containers = {
            each["name"]: each["usage"] for each in item["containers"] if each["name"] in host.containers
        }
        return PodUsage(
            name=name,
            uid=host.uid,
            node=host.node,
            labels=labels(pod),
            timestamp=item["timestamp"],
            window=item["window"],
            containers=containers,
        )
