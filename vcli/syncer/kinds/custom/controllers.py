"""All custom resources that the values name, put together."""

import asyncio
from functools import partial

from vcli.syncer.engine.context import SyncContext
from vcli.syncer.kinds.custom.from_host import synced_from_host
from vcli.syncer.kinds.custom.lifecycle import Lifecycle
from vcli.syncer.kinds.custom.resources import resources_of
from vcli.syncer.kinds.custom.to_host import KindsToHost
from vcli.syncer.kinds.events import Events
from vcli.syncer.sync.definitions import Definitions
from vcli.syncer.sync.references import ReferenceIndex


class CustomResources:
    """Keeps them in sync; as a `Runnable`.

    Args:
        ctx: both clusters.
        definitions: copies their CustomResourceDefinitions.
        references: counts the ConfigMaps and Secrets that they name.
        events: passes on the events of their host objects; None where none are.
    """

    name = "custom resources"
    needs_leadership = True

    def __init__(
        self,
        ctx: SyncContext,
        definitions: Definitions,
        references: ReferenceIndex,
        events: Events | None,
    ) -> None:
        kinds = KindsToHost(ctx, references, events)
        self._lifecycles = [
            *(
                Lifecycle(ctx, each, definitions, partial(kinds.synced, each))
                for each in resources_of(ctx.settings, "toHost")
            ),
            *(
                Lifecycle(ctx, each, definitions, partial(synced_from_host, ctx, each))
                for each in resources_of(ctx.settings, "fromHost")
            ),
        ]

    async def run(self) -> None:
        """Sync until cancelled; the caches must be full."""
        async with asyncio.TaskGroup() as group:
            for each in self._lifecycles:
                group.create_task(each.run(), name=each.name)
