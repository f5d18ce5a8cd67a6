"""A local copy of a collection, kept up to date by a watch."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing

from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.resources import Resource
from vcli.kube.store import Indexer, Store
from vcli.kube.types import Object
from vcli.kube.watch import Event, Pace, list_watch

logger = logging.getLogger(__name__)

Handler = Callable[[Object | None, Object | None], None]


class Informer:
    """Lists and watches a collection, and answers reads of it from memory.

    Objects are shared: whoever reads one must not change it. ``metadata.managedFields`` are dropped on the
    way in, being half of a pod's size and of use to nobody here.

    Args:
        client: whose credentials are used.
        resource: the kind.
        namespace: None for all.
        label_selector: only these; an object that stops to match counts as deleted.
        field_selector: only these.
        indexers: name → function that gives the values under which ``by_index`` finds an object.
        transform: makes of each object what is kept (it may drop fields, and may change its argument).
        pace: of the watch, for tests.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        indexers: Mapping[str, Indexer] | None = None,
        transform: Callable[[Object], Object] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.resource = resource
        self._client = client
        self._namespace = namespace
        self._label_selector = label_selector
        self._field_selector = field_selector
        self._transform = transform
        self._pace = pace
        self._store = Store(indexers or {})
        self._handlers: list[Handler] = []
        self._synced = asyncio.Event()
        self._tried = asyncio.Event()
        self._refusal: ApiError | None = None
        self._availability_handlers: list[Callable[[ApiError | None], None]] = []

    @property
    def synced(self) -> bool:
        """Has the first list been taken in, and every handler called for it?"""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Wait until ``synced``; ``run`` must be running."""
        await self._synced.wait()

    @property
    def available(self) -> bool:
        """Is what is here the collection as it is: listed, and not refused since?"""
        return self.synced and self._refusal is None

    @property
    def refusal(self) -> ApiError | None:
        """Why the last list was refused; None where it was not."""
        return self._refusal

    async def wait_tried(self) -> None:
        """Wait until ``synced``, or until a list was refused; ``run`` must be running."""
        await self._tried.wait()

    def subscribe_availability(self, handler: Callable[[ApiError | None], None]) -> None:
        """Call ``handler(error)`` when a list is refused, and ``handler(None)`` when one succeeds after that.

        Refused means that we have no right to it, or that there is no such API; it is tried again for ever.
        It is called for the first list as well.
        """
        self._availability_handlers.append(handler)

    def get(self, namespace: str | None, name: str) -> Object | None:
        """The object, None if there is none; namespace None for cluster-scoped kinds."""
        return self._store.get((namespace or "", name))

    def items(self) -> list[Object]:
        """All objects, in no order."""
        return self._store.items()

    def by_index(self, index: str, value: str) -> list[Object]:
        """The objects that the indexer ``index`` filed under ``value``, in no order."""
        return self._store.by_index(index, value)

    def subscribe(self, handler: Handler) -> None:
        """Call ``handler(old, new)`` at every change, and at once for each object already here (old None).

        Handlers are called on the event loop, and must be quick; what they raise is logged and goes no
        further. After a relist they are called for the differences to what was known.
        """
        self._handlers.append(handler)
        for obj in self._store.items():
            self._call(handler, None, obj)

    def store(self, obj: Object) -> None:
        """Take in the server's answer to a write of ours, before the watch delivers it.

        Kept only if it is newer than what is here and than the last event: an older one has been overtaken,
        and may even be deleted by now. The object must match the informer's namespace and selectors, else
        no event would ever remove it.
        """
        self._notify(self._store.write_through(self._intern(obj)))

    async def run(self) -> None:
        """Follow the collection until cancelled."""
        events = list_watch(
            self._client,
            self.resource,
            namespace=self._namespace,
            label_selector=self._label_selector,
            field_selector=self._field_selector,
            transform=self._intern,
            pace=self._pace,
            refused=self._refused,
        )
        async with aclosing(events):
            async for event in events:
                self._notify(self._take(event))
                if event.type == "LISTED" and not self.available:
                    self._synced.set()
                    self._set_refusal(None)

    def _refused(self, error: ApiError) -> None:
        if self._refusal is None:
            self._set_refusal(error)

    def _set_refusal(self, error: ApiError | None) -> None:
        self._refusal = error
        self._tried.set()
        for handler in self._availability_handlers:
            handler(error)

    def _take(self, event: Event) -> Iterable[tuple[Object | None, Object | None]]:
        match event.type:
            case "LISTED":
                return self._store.replace(
                    event.object["items"], version=event.object["metadata"]["resourceVersion"]
                )
            case "BOOKMARK":
                return self._store.seen(event.object["metadata"]["resourceVersion"])
            case "DELETED":
                return self._store.delete(event.object)
            case _:
                return self._store.put(event.object)

    def _notify(self, changes: Iterable[tuple[Object | None, Object | None]]) -> None:
        for old, new in changes:
            for handler in self._handlers:
                self._call(handler, old, new)

    def _call(self, handler: Handler, old: Object | None, new: Object | None) -> None:
        try:
            handler(old, new)
        except Exception:
            metadata = (new or old or {}).get("metadata", {})
            logger.exception(
                "handler failed",
                extra={
                    "resource": self.resource.plural,
                    "namespace": metadata.get("namespace"),
                    "object": metadata.get("name"),
                },
            )

    def _intern(self, obj: Object) -> Object:
        metadata = obj["metadata"]
        known = self._store.get((metadata.get("namespace", ""), metadata["name"]))
        if known is not None and known["metadata"]["resourceVersion"] == metadata["resourceVersion"]:
            return known  # an echo of our own write, or listed again
        metadata.pop("managedFields", None)
        return self._transform(obj) if self._transform else obj
