"""Exchanging one control plane for another of the same name: each change, and what undoes it."""

from collections.abc import Sequence
from typing import Final

from vcli.contract import labels as ours
from vcli.contract.labels import CLUSTER, control_plane
from vcli.controlplane.apply import apply, find_metadata, together
from vcli.errors import TimedOutError
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, NotFound
from vcli.kube.resources import PODS, STATEFULSETS, Resource
from vcli.kube.types import Object, labels
from vcli.operations import removal
from vcli.operations.adopt import marks
from vcli.operations.adopt.peer import Peer, find_synced
from vcli.operations.cancelling import answered
from vcli.operations.undo import Undo

_TIMEOUT: Final = 120.0
_OF_SERVER: Final = ("resourceVersion", "managedFields", "creationTimestamp", "generation", "uid", "selfLink")


class Exchange:
    """The changes, in their order. All raise `ApiError` as the host answers.

    Args:
        client: of the host.
        peer: what is there.
        undo: is given what undoes each change, before it is made.
    """

    def __init__(self, client: Client, peer: Peer, undo: Undo) -> None:
        self._client = client
        self._peer = peer
        self._names = peer.names
        self._undo = undo

    async def stop(self) -> None:
        """End the control plane that is there; the pods of its tenants run on.

        Raises:
            TimedOutError: its pod does not end.
        """
        self._undo.add(self._put_back)
        await answered(self._scale(0))
        await self._pods_gone()

    async def mark(self) -> int:
        """Make ours what its syncer has made on the host; says how many objects that is.

        They are listed again: until it was stopped, it may have made more.
        """
        self._undo.add(self._unmark)
        found = await find_synced(self._client, self._names)
        patches = [(obj, patch) for obj in found if (patch := marks.marks(obj, self._names))]
        await answered(together(self._patch(obj, patch) for obj, patch in patches))
        return len(patches)

    async def replace(self, objects: Sequence[Object]) -> list[Object]:
        """Have our objects, some in the place of others of the same name; the StatefulSet is the last.

        The claim of the store stays as it is, without an owner until there is the new StatefulSet.

        Raises:
            TimedOutError: the StatefulSet that is there does not go.
        """
        before = [each for each in await together(map(self._find, objects[:-1])) if each is not None]
        self._undo.add(lambda: self._restore(objects[:-1], before))
        self._undo.add(self._remove_ours)
        await answered(self._orphan())
        return await answered(apply(self._client, objects))

    # --- undoing

    async def _put_back(self) -> None:
        try:
            await self._scale(self._peer.cluster.replicas)
        except NotFound:
            await self._client.create(STATEFULSETS, _created_again(self._peer.workload))

    async def _unmark(self) -> None:
        found = await find_synced(self._client, self._names)
        patches = [(obj, patch) for obj in found if (patch := marks.marks(obj, self._names))]
        await together(self._patch(obj, marks.without_marks(patch)) for obj, patch in patches)
        for obj in await removal.find_all(self._client, self._names):  # what our syncer has made meanwhile
            if labels(obj).get(ours.MANAGED_BY) and not labels(obj).get(marks.MANAGED_BY):
                await self._delete(obj)

    async def _restore(self, wanted: Sequence[Object], before: Sequence[Object]) -> None:
        for obj in before:
            metadata = _own_metadata(obj)
            found = await find_metadata(self._client, Resource.of(obj), obj)
            if found is not None:
                metadata["resourceVersion"] = found["metadata"]["resourceVersion"]
                await self._client.replace(Resource.of(obj), {**obj, "metadata": metadata})
        there = {(obj["kind"], obj["metadata"]["name"]) for obj in before}
        for obj in wanted:
            if (obj["kind"], obj["metadata"]["name"]) not in there:
                await self._delete(obj)

    async def _remove_ours(self) -> None:
        found = await self._workload()
        if found is not None and CLUSTER in labels(found):
            await self._scale(0)
            await self._pods_gone()
            await self._orphan()

    # --- requests

    async def _scale(self, replicas: int) -> None:
        names = self._names
        await self._client.patch(
            STATEFULSETS, names.stateful_set, {"spec": {"replicas": replicas}}, namespace=names.namespace
        )

    async def _pods_gone(self) -> None:
        names = self._names

        async def gone() -> bool:
            found = await self._client.list(
                PODS, namespace=names.namespace, label_selector=control_plane(names.cluster)
            )
            return not found["items"]

        if not await removal.until(gone, timeout=_TIMEOUT):
            raise TimedOutError(f"pod {names.pod} in namespace {names.namespace!r} does not end")

    async def _orphan(self) -> None:
        """Delete the StatefulSet, and leave its claim."""
        names = self._names
        try:
            await self._client.delete(
                STATEFULSETS, names.stateful_set, namespace=names.namespace, propagation="Orphan"
            )
        except NotFound:
            return

        async def gone() -> bool:
            return await self._workload() is None

        if not await removal.until(gone, timeout=_TIMEOUT):
            where = f"namespace {names.namespace!r}"
            raise TimedOutError(f"StatefulSet {names.stateful_set} in {where} does not go")

    async def _workload(self) -> Object | None:
        names = self._names
        try:
            return await self._client.get(STATEFULSETS, names.stateful_set, namespace=names.namespace)
        except NotFound:
            return None

    async def _find(self, obj: Object) -> Object | None:
        metadata = obj["metadata"]
        try:
            return await self._client.get(
                Resource.of(obj), metadata["name"], namespace=metadata.get("namespace")
            )
        except NotFound:
            return None

    async def _patch(self, obj: Object, patch: Object) -> None:
        metadata = obj["metadata"]
        body = {"metadata": {**patch["metadata"], "uid": metadata["uid"]}}
        try:
            await self._client.patch(
                Resource.of(obj), metadata["name"], body, namespace=metadata["namespace"]
            )
        except (NotFound, Conflict):  # gone, or another one by now
            return

    async def _delete(self, obj: Object) -> None:
        metadata = obj["metadata"]
        try:
            await self._client.delete(Resource.of(obj), metadata["name"], namespace=metadata.get("namespace"))
        except NotFound:
            return


def _created_again(obj: Object) -> Object:
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": _own_metadata(obj)}


def _own_metadata(obj: Object) -> Object:
    """The metadata without what the API server writes."""
    return {key: value for key, value in obj["metadata"].items() if key not in _OF_SERVER}
