"""Services that must have what the host gave: a ClusterIP, or a port for health checks.

Neither can be changed in a Service. So the virtual one is deleted and comes back as another object, and what
comes back stands in an annotation of the host Service first: whoever is killed in between finds it there. A
finalizer holds the new one until that annotation is gone, so that a tenant's deletion is never undone.
"""

import json
import re
from contextlib import suppress
from typing import Final

from vcli.kube.errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound, ServerError
from vcli.kube.resources import SERVICES
from vcli.kube.types import annotations, uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.log import Log
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.translate.services import (
    CLUSTER_IP,
    HEALTH_CHECK,
    RECREATION,
    addresses,
    immutable_fields_match,
    numbers,
    recreate_as,
    trials,
)

log = Log("vcli.syncer.services")

SUCCESSOR: Final = "vcli.dev/successor"
"""Annotation of a host Service: JSON of the virtual Service to be created in place of a deleted one."""
_CHANGED: Final = "AddressChanged"
_NUMBER: Final = re.compile(r"clusterIP|[nN]odePort\Z")


class ServiceRecreation:
    """Recreates virtual Services whose immutable fields must be those of their host Services and are not."""

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx

    async def reconcile_immutable_fields(self, virtual: Object, host: Object) -> bool:
        """Give the virtual Service what the host chose; True if it has that already, or can't have it.

        Raises:
            Conflict: another virtual Service has it now; the host is to choose again.
            ApiError: as either API server answers.
        """
        ctx = self._ctx
        if immutable_fields_match(virtual, host):
            return True
        if not await self._are_free(virtual, host):
            if addresses(virtual) == addresses(host):
                return True
            # Another virtual Service sits on the address, and will get one of its own in its turn. If it
            # never does, trying is to become less frequent.
            await ctx.host.writer.delete(SERVICES, host)
            message = f"another Service has {', '.join(addresses(host))} already"
            raise Conflict(message, status=409, reason="Conflict")
        successor = recreate_as(virtual, host)
        body = {"metadata": {"annotations": {SUCCESSOR: json.dumps(successor, separators=(",", ":"))}}}
        name = name_of(virtual)
        log.info("service becomes another one, as the host has it", service=name, addresses=addresses(host))
        await ctx.host.writer.patch(SERVICES, host, body)
        try:
            await ctx.virtual.client.delete(SERVICES, name.name, namespace=name.namespace, uid=uid(virtual))
        except (NotFound, Conflict):
            # The tenant was quicker: what is deleted has no successor.
            await ctx.host.writer.delete(SERVICES, host)
            return False
        created = await self._create(successor)
        if created is not None:
            message = (
                f"created again with {numbers(created)}, as the host does not give it {numbers(virtual)}"
            )
            await emit_warning(ctx, SERVICES, created, message, reason=_CHANGED)
        return False

    async def restore(self, host: Object) -> bool:
        """Create the virtual Service that corresponds to the host one, if it was deleted to be recreated."""
        text = annotations(host).get(SUCCESSOR)
        if not text:
            return False
        await self._create(json.loads(text))
        return True

    async def finish(self, virtual: Object, host: Object | None) -> None:
        """The virtual Service is there: nothing is to come in its place any more."""
        if host is not None and SUCCESSOR in annotations(host):
            gone: Object = {"metadata": {"annotations": {SUCCESSOR: None}}}
            await self._ctx.host.writer.patch(SERVICES, host, gone)
        metadata = virtual["metadata"]
        if RECREATION in (metadata.get("finalizers") or ()):
            # Only now: who deletes it from here on does not get it back.
            kept = [each for each in metadata["finalizers"] if each != RECREATION]
            body = {"metadata": {"finalizers": kept, "resourceVersion": metadata["resourceVersion"]}}
            await self._ctx.virtual.writer.patch(SERVICES, virtual, body)

    async def _are_free(self, virtual: Object, host: Object) -> bool:
        """Whether the virtual API would give the host's numbers; asked before the Service is deleted."""
        try:
            for trial in trials(virtual, host):
                await self._ctx.virtual.client.create(SERVICES, trial, dry_run=True)
        except (Invalid, ServerError) as error:
            if taken(error):
                return False
            raise
        return True

    async def _create(self, successor: Object) -> Object | None:
        with suppress(AlreadyExists):
            return await self._ctx.virtual.writer.create(SERVICES, successor)
        return None


def taken(error: ApiError) -> set[str]:
    """The fields whose number somebody else has, or which is out of range; by their path."""
    if isinstance(error, ServerError):  # no 422, for this one alone
        return {HEALTH_CHECK} if "HealthCheck NodePort" in error.message else set()
    fields = error.fields if isinstance(error, Invalid) else []
    return {CLUSTER_IP if "clusterIP" in each else each for each in fields if _NUMBER.search(each)}
