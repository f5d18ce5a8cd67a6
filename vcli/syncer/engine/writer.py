"""Writing to either cluster: caches know it, nothing is sent twice, nobody else's object is changed."""

import hashlib
import json
from collections.abc import Callable

from vcli.kube.client import Client, Strategy
from vcli.kube.errors import AlreadyExists, Conflict, NotFound
from vcli.kube.resources import Resource
from vcli.kube.types import Object, annotations, uid
from vcli.syncer.engine.budget import Budget
from vcli.syncer.engine.kept import Kept, with_owners_left
from vcli.syncer.translate import keys

FIELD_MANAGER = "vcli-syncer"


def fingerprint(desired: Object) -> str:
    """A hash of everything that we want an object to be."""
    canonical = json.dumps(desired, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def stamped(desired: Object) -> Object:
    """`desired` with its own fingerprint in an annotation, by which `is_applied` knows it again."""
    noted = {**annotations(desired), keys.APPLIED: fingerprint(desired)}
    return {**desired, "metadata": {**desired["metadata"], "annotations": noted}}


def is_applied(current: Object | None, desired: Object) -> bool:
    """Whether `desired` is what was last applied to `current`.

    What host controllers and admission made of it since is theirs: comparing the objects would start a
    ping-pong.
    """
    return current is not None and annotations(current).get(keys.APPLIED) == fingerprint(desired)


class Writer:
    """Writes to one cluster. Each answer is stored, so that the next look at the cache finds it.

    All methods raise `ApiError` as the server answers, and `Unreachable`; those that write an object,
    `WriteLaterError` where that happens too often.

    Args:
        client: of the cluster.
        store: takes an answer into the cache of its resource.
        kept: knows what was written, and restores it; by default nothing is.
        budget: bounds how often that is; by default nothing does.
    """

    def __init__(
        self,
        client: Client,
        store: Callable[[Resource, Object], None],
        *,
        kept: Kept | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._kept = kept
        self._budget = budget
        self._client = client
        self._store = store

    async def create(self, resource: Resource, desired: Object) -> Object:
        """Create an object."""
        self._admit(resource, desired)
        return self._stored(resource, await self._client.create(resource, desired))

    async def apply(self, resource: Resource, desired: Object, *, current: Object | None) -> Object:
        """Make an object what is desired; costs nothing when it was the last time, and still is.

        Raises:
            RestoreLaterError: another client changes or deletes it again and again.
        """
        kept = self._kept
        if current is not None and is_applied(current, desired):
            if kept is None or not kept.is_changed(resource, desired, current):
                return current
            kept.admit(resource, desired)
            wanted = with_owners_left(stamped(desired), current)
        else:
            if current is None and kept is not None and kept.was_written(resource, desired):
                kept.admit(resource, desired)
            wanted = stamped(desired)
        self._admit(resource, desired)
        answer = await self._client.apply(resource, wanted, field_manager=FIELD_MANAGER)
        if kept is not None:
            kept.wrote(resource, desired, answer)
        return self._stored(resource, answer)

    async def create_or_replace(
        self, resource: Resource, desired: Object, *, current: Object | None
    ) -> Object:
        """Write an object that nobody but us ever touches: half the work of an apply.

        Raises:
            NotFound: `current` was out of date.
        """
        if current is None:
            try:
                return await self.create(resource, desired)
            except AlreadyExists:  # somebody took off the label by which the cache knows it
                pass
        if current is not None:
            self._admit(resource, desired)
        return self._stored(resource, await self._client.replace(resource, desired))

    async def patch(
        self,
        resource: Resource,
        obj: Object,
        patch: Object,
        *,
        subresource: str | None = None,
        strategy: Strategy = "merge",
    ) -> Object:
        """Patch this very object.

        Raises:
            Conflict: another object has the name by now.
        """
        self._admit(resource, obj)
        metadata = obj["metadata"]
        answer = await self._client.patch(
            resource,
            metadata["name"],
            {**patch, "metadata": {**(patch.get("metadata") or {}), "uid": uid(obj)}},
            namespace=metadata.get("namespace"),
            subresource=subresource,
            strategy=strategy,
        )
        return self._stored(resource, answer)

    async def patch_status(
        self, resource: Resource, obj: Object, status: Object, *, strategy: Strategy = "merge"
    ) -> Object:
        """Patch the status of this very object."""
        return await self.patch(resource, obj, {"status": status}, subresource="status", strategy=strategy)

    async def delete(self, resource: Resource, obj: Object, *, grace: int | None = None) -> None:
        """Delete this very object, not another of its name. That it is gone already is fine.

        Args:
            resource: its resource.
            obj: the object.
            grace: seconds, None for the object's own.
        """
        metadata = obj["metadata"]
        if self._kept is not None:
            self._kept.forget(resource, obj)
        try:
            await self._client.delete(
                resource,
                metadata["name"],
                namespace=metadata.get("namespace"),
                uid=uid(obj),
                grace=grace,
            )
        except (NotFound, Conflict):  # another object may have the name by now; the watch will say so
            return

    def _admit(self, resource: Resource, obj: Object) -> None:
        if self._budget is not None:
            self._budget.admit(resource, obj)

    def _stored(self, resource: Resource, answer: Object) -> Object:
        self._store(resource, answer)
        return answer
