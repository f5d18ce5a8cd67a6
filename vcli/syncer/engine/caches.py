"""One cluster as controllers see it: its client, the caches of what it holds, and the writes to it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.informer import Informer
from vcli.kube.resources import Resource
from vcli.kube.types import Object
from vcli.syncer.engine.availability import Availability
from vcli.syncer.engine.budget import Budget
from vcli.syncer.engine.kept import Kept
from vcli.syncer.engine.memory import intern
from vcli.syncer.engine.prometheus import Sample
from vcli.syncer.engine.writer import Writer

Index = Callable[[Object], Iterable[str]]


class Caches:
    """The informers of one cluster, each under its resource, or under a name of its own.

    Args:
        client: of the cluster.
        name: of the cluster, for messages.
        availability: learns of the kinds that can't be listed.
        budget: bounds how often an object is written; by default nothing does.

    Attributes:
        client: of the cluster.
        availability: which kinds can't be listed.
        kept: knows what was written, as the caches keep it.
        writer: writes to the cluster, and stores the answers here.
    """

    needs_leadership = False

    def __init__(
        self,
        client: Client,
        *,
        name: str,
        availability: Availability | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.client = client
        self.name = name
        self.availability = availability or Availability()
        self._forms: dict[Resource, Callable[[Object], Object]] = {}
        self.kept = Kept(lambda resource, obj: self._forms[resource](obj) if resource in self._forms else obj)
        self._budget = budget
        self.writer = Writer(client, self.store, kept=self.kept, budget=budget)
        self._informers: dict[Resource | str, Informer] = {}
        self._optional: set[Informer] = set()

    def __getitem__(self, key: Resource | str) -> Informer:
        return self._informers[key]

    def __contains__(self, key: Resource | str) -> bool:
        return key in self._informers

    def watch(
        self,
        resource: Resource,
        *,
        key: str = "",
        title: str = "",
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        indexers: Mapping[str, Index] | None = None,
        keep: Callable[[Object], Object] = intern,
        optional: bool = False,
    ) -> Informer:
        """Keep a cache of `resource`, once for each key; `run` runs it if this is called before.

        Args:
            resource: what to list and watch.
            key: under which it is found here, if not under its resource.
            title: what is said to be unavailable where it can't be listed, if not its plural; for tenants.
            namespace: None for all.
            label_selector: only these.
            field_selector: only these.
            indexers: by name, what `Informer.by_index` finds objects by.
            keep: makes of each object what is kept of it.
            optional: whether `wait_synced` goes on without it where it can't be listed.
        """
        informer = Informer(
            self.client,
            resource,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
            indexers=indexers or {},
            transform=keep,
        )
        informer.subscribe_availability(partial(self.changed, resource, title=title))
        self._informers[key or resource] = informer
        if not key:
            self._forms[resource] = keep
        if optional:
            self._optional.add(informer)
        return informer

    def forget(self, resource: Resource) -> None:
        """Drop the cache of a kind that `run` does not run."""
        self._informers.pop(resource, None)

    def changed(self, resource: Resource, error: ApiError | None, *, title: str = "") -> None:
        """The cluster lets us list a kind again (None), or does not: said once each time."""
        self.availability.changed(f"{self.name} {title or resource.plural}", error)

    def store(self, resource: Resource, obj: Object) -> None:
        """Take in the server's answer to a write, if the kind has a cache."""
        informer = self._informers.get(resource)
        if informer is not None:
            informer.store(obj)

    def samples(self) -> Iterator[Sample]:
        """For the metrics: what was restored, and what had to wait."""
        yield from self.kept.samples()
        if self._budget is not None:
            yield from self._budget.samples()

    async def run(self) -> None:
        """Keep all caches up to date until cancelled."""
        async with asyncio.TaskGroup() as group:
            for informer in self._informers.values():
                group.create_task(informer.run(), name=f"informer of {informer.resource.plural}")

    async def wait_synced(self) -> None:
        """Until every cache has had its first list; an optional one may have been refused it."""
        for informer in self._informers.values():
            await (informer.wait_tried() if informer in self._optional else informer.wait_synced())
