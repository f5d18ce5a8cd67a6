"""Waiting for a new control plane: watched, not polled, and given up as soon as waiting is in vain."""

import asyncio
from collections.abc import Callable
from typing import Any

from vcli import invocation
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role, in_role, statuses_of
from vcli.errors import TimedOutError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import Object
from vcli.kube.resources import EVENTS, PODS, STATEFULSETS
from vcli.kube.watch import list_watch
from vcli.operations.evidence import evidence
from vcli.operations.probe import is_ready
from vcli.operations.readiness import NotReadyError, has_condition_ready, progress, unrecoverable_reason

_LOOK_AGAIN = 1.0
_ASK_AGAIN = 0.1
_EVIDENCE_TIMEOUT = 1.5  # seconds, as the time for the command may be over
_REFUSED = "FailedCreate"
# A claim may be refused or a pod be forbidden for a moment, while other controllers still make what it needs.
_PASSING = ("serviceaccount", "object has been modified", "already exists", "object is being deleted")


async def wait_ready(
    client: Client,
    names: Names,
    workload: Object,
    *,
    timeout: float,  # noqa: ASYNC109  it becomes an error that tells why
    detail: Callable[[str], None] = lambda _: None,
) -> None:
    """Wait until the pod of this version of the StatefulSet is ready.

    Args:
        client: of the host.
        names: of the virtual cluster.
        workload: the StatefulSet as the host answered it.
        timeout: seconds.
        detail: told what it waits for, whenever that changes.

    Raises:
        NotReadyError: it never will be: an image, a crash, no node, quota… with events and last log lines.
        TimedOutError: it took too long.
    """
    watcher = _Watcher(workload, detail)
    try:
        async with asyncio.timeout(invocation.within(timeout)):
            await _first(
                watcher.follow_workload(client, names),
                watcher.follow_pods(client, names),
                watcher.follow_refusals(client, names),
                watcher.follow_time(),
                watcher.follow_syncer(client, names),
            )
    except TimeoutError:
        trouble = watcher.trouble or f"not ready after {timeout:g} seconds: {progress(watcher.pods)}"
        kind = TimedOutError
    else:
        if watcher.trouble is None:
            return
        trouble, kind = watcher.trouble, NotReadyError
    raise kind(
        f"virtual cluster {names.cluster!r} in namespace {names.namespace!r}: {trouble}"
        + (await _evidence(client, watcher.pods[-1]) if watcher.pods else ""),
        hint=vcli("describe", names.cluster, namespace=names.namespace)
        + " shows it; a new one is removed again, unless --keep-on-failure is given",
    )


async def _evidence(client: Client, pod: Object) -> str:
    try:
        async with asyncio.timeout(_EVIDENCE_TIMEOUT):
            return await evidence(client, pod)
    except TimeoutError:
        return ""


class _Watcher:
    """What the watches have seen; ends each of them when there is nothing left to wait for."""

    def __init__(self, workload: Object, detail: Callable[[str], None]) -> None:
        self._uid = workload["metadata"]["uid"]
        self._generation = workload["metadata"]["generation"]
        self._detail = detail
        self._said = ""
        self._revision: str | None = None
        self.pods: list[Object] = []
        self.trouble: str | None = None

    async def follow_workload(self, client: Client, names: Names) -> None:
        """Learn by which revision the new pod is known."""
        selector = f"metadata.name={names.stateful_set}"
        async for event in list_watch(
            client, STATEFULSETS, namespace=names.namespace, field_selector=selector
        ):
            items = event.object.get("items", [event.object])
            if event.type == "DELETED" or not items:
                self.trouble = "its StatefulSet was deleted meanwhile"
                return
            for item in items:
                status = item.get("status", {})
                if status.get("observedGeneration", 0) >= self._generation:
                    self._revision = status.get("updateRevision")
            if self._settled():
                return

    async def follow_pods(self, client: Client, names: Names) -> None:
        """Keep the pods up to date."""
        selector = ",".join(f"{key}={value}" for key, value in names.selector.items())
        known: dict[str, Object] = {}
        async for event in list_watch(client, PODS, namespace=names.namespace, label_selector=selector):
            if event.type == "LISTED":
                known = {pod["metadata"]["uid"]: pod for pod in event.object["items"]}
            elif event.type == "DELETED":
                known.pop(event.object["metadata"]["uid"], None)
            elif event.type != "BOOKMARK":
                known[event.object["metadata"]["uid"]] = event.object
            self.pods = list(known.values())
            if self._settled():
                return

    async def follow_refusals(self, client: Client, names: Names) -> None:
        """Notice when the host rejects the pod or its claim."""
        selector = f"involvedObject.kind=StatefulSet,involvedObject.name={names.stateful_set}"
        async for event in list_watch(client, EVENTS, namespace=names.namespace, field_selector=selector):
            for item in event.object.get("items", [event.object]):
                self._refused(item)
            if self.trouble:
                return

    async def follow_time(self) -> None:
        """Look again now and then: that no node takes a pod is bad after a while, and nothing says so."""
        while not self._settled():  # noqa: ASYNC110  time gives no signal
            await asyncio.sleep(_LOOK_AGAIN)

    async def follow_syncer(self, client: Client, names: Names) -> None:
        """Hear it from the syncer itself, which is up to a second earlier than from the kubelet."""
        while True:
            pod = next((pod for pod in self.pods if self._current(pod) and _runs(pod, Role.SYNCER)), None)
            if pod and await is_ready(client, namespace=names.namespace, pod=pod["metadata"]["name"]):
                return
            await asyncio.sleep(_ASK_AGAIN)

    def _refused(self, event: Object) -> None:
        if event.get("reason") != _REFUSED or event["involvedObject"].get("uid") != self._uid:
            return
        message = str(event.get("message", ""))
        if not any(word in message for word in _PASSING) and not self.pods:
            self.trouble = f"its pod is rejected by the host: {message}"

    def _settled(self) -> bool:
        ours = [pod for pod in self.pods if self._current(pod)]
        if any(map(has_condition_ready, ours)):
            return True
        self.trouble = self.trouble or unrecoverable_reason(ours)
        ending = not ours and any("deletionTimestamp" in pod["metadata"] for pod in self.pods)
        state = "the pod from before is ending" if ending else progress(ours or self.pods)
        if state != self._said:
            self._said = state
            self._detail(state)
        return self.trouble is not None

    def _current(self, pod: Object) -> bool:
        labels = pod["metadata"].get("labels") or {}
        return (
            "deletionTimestamp" not in pod["metadata"]
            and self._revision is not None
            and labels.get("controller-revision-hash") == self._revision
        )


def _runs(pod: Object, role: Role) -> bool:
    return any("running" in each.get("state", {}) for each in in_role(role, statuses_of(pod)))


async def _first(*work: Any) -> None:
    """Run until the first one ends; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
