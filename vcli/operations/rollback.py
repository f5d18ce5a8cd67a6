"""Back to the objects from before an upgrade that failed."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from vcli.controlplane.apply import apply
from vcli.controlplane.names import FIELD_MANAGER, Names
from vcli.controlplane.ownership import applied
from vcli.errors import VcliError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, NotFound
from vcli.kube.resources import Resource
from vcli.kube.types import Object
from vcli.operations.cancelling import finished
from vcli.operations.changes import Planned
from vcli.operations.planning import Plan
from vcli.operations.resolve import cluster_of
from vcli.operations.steps import Steps
from vcli.operations.wait import wait_ready

_TIMEOUT = 180.0

# These were missing, which no upgrade does: they are repairs, and with a StatefulSet its claims would go too.
_KEPT = ("StatefulSet", "Secret")


class Rollback:
    """A block in which an upgrade is done: when it fails or is cancelled, what was before is applied again.

    A second cancellation ends the rolling back. How it went is added to the error's message, or said as a
    warning where there is none.

    Args:
        client: of the host.
        names: of the virtual cluster.
        plan: what the block does.
        steps: shows the rolling back.
        keeps: do not roll back.
        waits: until what was there before is ready again, if it was.
    """

    def __init__(
        self, client: Client, names: Names, plan: Plan, steps: Steps, *, keeps: bool, waits: bool
    ) -> None:
        self._client = client
        self._names = names
        self._plan = plan
        self._steps = steps
        self._keeps = keeps
        self._waits = waits and plan.changes.restarts and plan.was_ready
        self._armed = True
        self._applied = False

    def disarm(self) -> None:
        """Nothing was changed: there is nothing to go back to."""
        self._armed = False

    def applied(self) -> None:
        """All objects are applied."""
        self._applied = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None or not self._armed:
            return
        if self._keeps:
            self._steps.warn("the objects and values stay as the upgrade has left them")
            return
        outcome: list[str] = []
        try:
            await finished(self._run(outcome))
        except asyncio.CancelledError:
            names = self._names
            self._steps.warn(
                f"rolling back was interrupted: virtual cluster {names.cluster!r} in namespace"
                f" {names.namespace!r} may have objects and values of before and after; see "
                + vcli("upgrade", names.cluster, "--dry-run", namespace=names.namespace)
            )
            raise
        if isinstance(error, VcliError):
            error.message = "\n".join([error.message, *outcome])
        else:
            for text in outcome:
                self._steps.warn(text)

    async def _run(self, outcome: list[str]) -> None:
        names = self._names
        with self._steps.step("Roll back to what was there before") as step:
            try:
                restored = workload_of(await restore(self._client, self._plan.touched))
            except VcliError as error:
                again = f"{vcli('describe', names.cluster, namespace=names.namespace)} shows the state"
                outcome.append(f"rolling back failed as well: {error.message}\n{again}")
                return
            if not restored or not self._waits:
                outcome.append(f"rolled back: it has the objects and values from before{self._lost()}")
                return
            try:
                cluster = cluster_of(restored, kind=restored["kind"])
                await wait_ready(self._client, cluster, updated=True, timeout=_TIMEOUT, detail=step.detail)
            except VcliError as error:
                outcome.append(
                    f"rolled back: it has the objects and values from before{self._lost()}, but is not ready:"
                    f" {error.message}"
                )
                return
        outcome.append(f"rolled back: it runs with the objects and values from before{self._lost()}")

    def _lost(self) -> str:
        if not self._plan.changes.loses_data:
            return ""
        if self._applied:
            return "; its data is lost, because its pod was replaced"
        return "; its data is lost if its pod was replaced already"


async def restore(client: Client, planned: Sequence[Planned]) -> list[Object]:
    """Apply again what was applied before, and delete what the upgrade made.

    What was applied is read from the objects as they were: their fields that are ours by server-side apply.
    So nothing that others wrote is touched, and a later upgrade finds the same owners as ever.

    Args:
        client: of the host.
        planned: the objects that the upgrade was about to change.

    Returns:
        The restored objects as the host answered.

    Raises:
        ApiError: the host refuses one.
        Unreachable: it does not answer.
    """
    before = [former(each.live) for each in planned if each.action == "changed" and each.live]
    restored = await apply(client, before)
    for each in planned:
        if each.action == "created" and each.wanted["kind"] not in _KEPT:
            await _delete(client, each.wanted)
    return restored


def workload_of(objects: Sequence[Object]) -> Object | None:
    """The StatefulSet among objects."""
    return next((obj for obj in objects if obj.get("kind") == "StatefulSet"), None)


def former(live: Object) -> Object:
    """An object as it was applied before; all of it if that can't be known."""
    found = applied(live, manager=FIELD_MANAGER)
    if found is not None:
        return found
    metadata = {
        key: value
        for key, value in live["metadata"].items()
        if key in {"name", "namespace", "labels", "annotations", "ownerReferences"}
    }
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


async def _delete(client: Client, obj: Object) -> None:
    metadata = obj["metadata"]
    try:
        await client.delete(Resource.of(obj), metadata["name"], namespace=metadata.get("namespace"))
    except (NotFound, Conflict):
        return
