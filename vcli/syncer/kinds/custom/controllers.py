"""All custom resources that the values name, put together."""

import asyncio
from functools import partial

from vcli.syncer.engine.context import SyncContext
from vcli.syncer.kinds.custom.definitions import Definitions
from vcli.syncer.kinds.custom.from_host import synced_from_host
from vcli.syncer.kinds.custom.lifecycle import Lifecycle
from vcli.syncer.kinds.custom.resources import resources_of
from vcli.syncer.kinds.custom.to_host import KindsToHost
from vcli.syncer.kinds.events import Events
from vcli.syncer.sync.references import ReferenceIndex


class CustomResources:
    """Keeps them in sync; as a `Runnable`.

    Args:
        ctx: both clusters.
        references: counts the ConfigMaps and Secrets that they name.
        events: passes on the events of their host objects; None where none are.

    Attributes:
        definitions: copies their CustomResourceDefinitions.
    """

    name = "custom resources"
    needs_leadership = True

    def __init__(self, ctx: SyncContext, references: ReferenceIndex, events: Events | None) -> None:
        to_host = list(resources_of(ctx.settings, "toHost"))
        from_host = list(resources_of(ctx.settings, "fromHost"))
        self.definitions = Definitions(ctx, [each.name for each in (*to_host, *from_host)])
        kinds = KindsToHost(ctx, references, events)
        self._lifecycles = [
            *(Lifecycle(ctx, each, self.definitions, partial(kinds.synced, each)) for each in to_host),
            *(
                Lifecycle(ctx, each, self.definitions, partial(synced_from_host, ctx, each))
                for each in from_host
            ),
        ]

    async def run(self) -> None:
        """Sync until cancelled; the caches must be full."""
        async with asyncio.TaskGroup() as group:
            for each in self._lifecycles:
                group.create_task(each.run(), name=each.name)
