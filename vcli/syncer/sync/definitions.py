"""CustomResourceDefinitions: the virtual cluster gets the host's of the custom resources that are synced.

One that a tenant has made is the tenant's, and stays as it is. A copy stays too when its kind is turned off:
without it the tenant's objects would be gone.
"""

import asyncio
from collections.abc import Collection
from typing import Final

from vcli.errors import VcliError
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import CRDS, Resource
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.writer import FIELD_MANAGER, is_applied, stamped
from vcli.syncer.translate import definitions as translate
from vcli.syncer.translate.mirrors import is_mirror

log = Log("vcli.syncer.definitions")

_MISSING: Final = 10.0
"""Seconds until the host is asked again for a definition that it does not have, or did not give."""
_KNOWN: Final = 300.0
"""Seconds until it is asked whether one has changed: nobody watches them."""


class Definitions:
    """Copies definitions, until cancelled.

    What the host does not have, or does not let us read, is no error here: the kind itself is unavailable
    then, which is said.

    Args:
        ctx: both clusters.
        resources: the custom resources.
    """

    name = "definitions"
    needs_leadership = True

    def __init__(self, ctx: SyncContext, resources: Collection[Resource]) -> None:
        self._ctx = ctx
        self._resources = resources

    async def run(self) -> None:
        """Copy them again and again, as the host's may change."""
        while True:
            known = [await self._sync(resource) for resource in self._resources]
            await asyncio.sleep(_KNOWN if all(known) else _MISSING)

    async def _sync(self, resource: Resource) -> bool:
        """Copy one; gives whether the virtual cluster has it now."""
        try:
            return await self._copy(resource)
        except (Forbidden, NotFound):
            return False
        except VcliError as error:
            log.warning("definition not copied", kind=resource.kind, error=error)
            return False

    async def _copy(self, resource: Resource) -> bool:
        ctx, name = self._ctx, f"{resource.plural}.{resource.group}"
        host = await ctx.host.client.get(CRDS, name)
        if not translate.is_served(host):
            return False
        desired = translate.to_virtual(host)
        current = await self._current(name)
        if current is not None and not is_mirror(current):
            return True
        if not is_applied(current, desired):
            await ctx.virtual.client.apply(CRDS, stamped(desired), field_manager=FIELD_MANAGER)
            log.info("definition copied from the host", kind=resource.kind)
        return True

    async def _current(self, name: str) -> Object | None:
        try:
            return await self._ctx.virtual.client.get(CRDS, name)
        except NotFound:
            return None
