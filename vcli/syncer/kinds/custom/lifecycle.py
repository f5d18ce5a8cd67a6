"""From when both clusters serve a custom resource in the same way, for as long as they do.

The host may get its CustomResourceDefinition at any time, or another version of it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

from vcli.errors import VcliError
from vcli.kube.discovery import Served, served
from vcli.kube.errors import NotFound
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.custom.resources import CustomResource
from vcli.syncer.sync.definitions import Definitions

log = Log("vcli.syncer.custom")

Synced: TypeAlias = Callable[[Served], AbstractAsyncContextManager[None]]

_NOT_FOUND: Final = 404
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_LONGEST_PAUSE_WHILE_SYNCED: Final = 60.0
"""Seconds until it is asked again how a resource is served, at most, where no definition has changed."""


class Lifecycle:
    """One custom resource.

    Args:
        ctx: both clusters.
        custom: the resource.
        definitions: say when a definition has changed.
        synced: a context in which it is synced as it is served.
    """

    def __init__(
        self, ctx: SyncContext, custom: CustomResource, definitions: Definitions, synced: Synced
    ) -> None:
        self.name = f"custom resource {custom.name}"
        self._ctx = ctx
        self._custom = custom
        self._definitions = definitions
        self._synced = synced
        self._changed = asyncio.Event()
        self._said = ""
        definitions.subscribe(custom.name, self._changed.set)

    async def run(self) -> None:
        """Sync it whenever both clusters have it, until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            found = await self._find()
            if found is not None:
                log.info("custom resource is synced", name=self._custom.name, version=found.resource.version)
                async with self._synced(found):
                    await self._until_served_otherwise(found)
                pause = _FIRST_PAUSE
            pause = await self._wait(pause, longest=_LONGEST_PAUSE)

    async def _wait(self, seconds: float, *, longest: float) -> float:
        """Until a definition changes, or so long; gives for how long to wait the next time.

        A server offers a resource some time after its definition has changed: it is asked soon, then later
        and later.
        """
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return min(2 * seconds, longest)
        self._changed.clear()
        return _FIRST_PAUSE

    async def _find(self) -> Served | None:
        """How both clusters serve it; None where they do not, or do not answer."""
        custom = self._custom
        try:
            on_host = await served(self._ctx.host.client, group=custom.group, plural=custom.plural)
            inside = await served(self._ctx.virtual.client, group=custom.group, plural=custom.plural)
        except VcliError as error:
            log.debug("not known how it is served", name=custom.name, error=error)
            return None
        in_both = [each for each in inside if any(each.resource == other.resource for other in on_host)]
        missing = self._missing(on_host, inside, in_both)
        self._say(missing)
        return None if missing or not in_both else in_both[0]

    def _missing(self, on_host: list[Served], inside: list[Served], in_both: list[Served]) -> str:
        """What stands in the way, in words; empty for nothing, or for what is being seen to."""
        name = self._custom.name
        if not on_host:
            return f"the host has no {name}: is its CustomResourceDefinition installed there?"
        if not inside:
            if self._definitions.may_be_read(name):
                return ""
            return (
                f"the virtual cluster has no {name}, and its syncer may not read the"
                " CustomResourceDefinition of the host: allow it, or install one inside"
            )
        if not in_both:
            return f"the {name} of the virtual cluster has another kind, scope or version than the host's"
        if in_both[0].resource.namespaced != self._custom.namespaced:
            scope = "Namespaced" if in_both[0].resource.namespaced else "Cluster"
            return f"its scope is {scope}: say so in sync.{self._custom.path}.scope"
        return ""

    def _say(self, missing: str) -> None:
        """Have what is missing in `vcli describe`, once."""
        if missing == self._said:
            return
        availability, key = self._ctx.host.availability, f"host {self._custom.name}"
        if self._said:
            availability.changed(key, None)
        if missing:
            availability.changed(key, NotFound(missing, status=_NOT_FOUND))
        self._said = missing

    async def _until_served_otherwise(self, found: Served) -> None:
        pause = _FIRST_PAUSE
        while await self._find() in (None, found):
            # While one of the clusters lacks it, its cache says so, and the controller waits.
            pause = await self._wait(pause, longest=_LONGEST_PAUSE_WHILE_SYNCED)
