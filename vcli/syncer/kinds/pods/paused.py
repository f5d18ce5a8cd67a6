"""Pods that pausing has removed from the host: those that no controller makes again run once more."""

from contextlib import suppress

from vcli.contract.labels import PAUSED_AT
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import SERVICES
from vcli.kube.types import annotations
from vcli.syncer.engine.context import Object, SyncContext


class Paused:
    """When the virtual cluster was last paused: while this process was not there."""

    def __init__(self) -> None:
        self._at = ""

    async def read(self, ctx: SyncContext) -> None:
        """Ask the host, once."""
        settings = ctx.settings
        with suppress(Forbidden, NotFound):
            service = await ctx.host.client.get(SERVICES, settings.service, namespace=settings.namespace)
            self._at = annotations(service).get(PAUSED_AT, "")

    def removed(self, virtual: Object) -> bool:
        """Whether a pod that ran, and has no host pod, is to run again under the same name.

        A controller makes another one of its own, which counts the end of the first; and a pod that is not to
        be restarted must not run twice.
        """
        owners = virtual["metadata"].get("ownerReferences") or ()
        return (
            virtual.get("status", {}).get("startTime", self._at) < self._at
            and virtual["spec"].get("restartPolicy") == "Always"
            and not any(owner.get("controller") for owner in owners)
        )
