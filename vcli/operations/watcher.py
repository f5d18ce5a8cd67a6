"""What the watches of a control plane that is waited for have seen."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from vcli.controlplane.roles import Role, in_role, statuses_of
from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.resources import EVENTS, PODS, STATEFULSETS
from vcli.kube.types import Object, is_terminating, labels
from vcli.kube.watch import Pace, list_watch
from vcli.operations.probe import is_ready
from vcli.operations.readiness import has_condition_ready, progress, serves, unrecoverable_reason
from vcli.operations.resolve import VirtualCluster

_CHECK_INTERVAL: Final = 1.0
_PROBE_RETRY_DELAY: Final = 0.1
_FIRST_GENERATION: Final = 1
_REJECTED: Final = "FailedCreate"
# A claim may be refused or a pod be forbidden for a moment, while other controllers still make what it needs.
_PASSING: Final = (
    "serviceaccount",
    "object has been modified",
    "already exists",
    "object is being deleted",
)
# Who may list and not watch lists again and again.
_PACE: Final = Pace(longest_backoff=1.0)


class Watcher:
    """Follows a control plane in several coroutines; each ends when there is nothing left to wait for.

    Args:
        client: of the host.
        cluster: with the workload as the host answered it.
        updated: wait for the pods of the present generation only, and for all of each.
        detail: called with what it waits for, whenever that changes.

    Attributes:
        pods: of the control plane, as they are now.
        reason: why it will not become ready; None while it may, and when it is.
    """

    def __init__(
        self, client: Client, cluster: VirtualCluster, *, updated: bool, detail: Callable[[str], None]
    ) -> None:
        self._client = client
        self._cluster = cluster
        self._updated = updated
        self._detail = detail
        metadata = cluster.workload["metadata"]
        self._uid = metadata["uid"]
        self._generation = metadata.get("generation", _FIRST_GENERATION)
        self._revision: str | None = None
        self._wanted = max(cluster.replicas, 1) if updated else 1
        self._progress = ""
        self.pods: list[Object] = []
        self.reason: str | None = None

    def followers(self) -> list[Coroutine[Any, Any, None]]:
        """What is to run at once, until the first one ends."""
        work = [self._follow_pods(), self._follow_rejections(), self._follow_time()]
        if self._cluster.ours and self._wanted == 1:
            work.append(self._follow_syncer())
        if self._updated:
            work.append(self._follow_workload())
        return work

    async def _follow_workload(self) -> None:
        """Learn by which revision the new pod is known."""
        selector = f"metadata.name={self._cluster.workload['metadata']['name']}"
        async for event in list_watch(
            self._client, STATEFULSETS, namespace=self._cluster.namespace, field_selector=selector, pace=_PACE
        ):
            items = event.object.get("items", [event.object])
            if event.type == "DELETED" or not items:
                self.reason = "its StatefulSet was deleted meanwhile"
                return
            for item in items:
                status = item.get("status", {})
                if status.get("observedGeneration", 0) >= self._generation:
                    self._revision = status.get("updateRevision")
            if self._is_over():
                return

    async def _follow_pods(self) -> None:
        """Keep the pods up to date.

        Raises:
            Forbidden: we may not list them.
        """
        known: dict[str, Object] = {}
        async for event in list_watch(
            self._client,
            PODS,
            namespace=self._cluster.namespace,
            label_selector=self._cluster.selector,
            pace=_PACE,
            refused=_raise,
        ):
            if event.type == "LISTED":
                known = {pod["metadata"]["uid"]: pod for pod in event.object["items"]}
            elif event.type == "DELETED":
                known.pop(event.object["metadata"]["uid"], None)
            elif event.type != "BOOKMARK":
                known[event.object["metadata"]["uid"]] = event.object
            self.pods = list(known.values())
            if self._is_over():
                return

    async def _follow_rejections(self) -> None:
        """Notice when the host rejects the pod or its claim."""
        name = self._cluster.workload["metadata"]["name"]
        selector = f"involvedObject.kind={self._cluster.kind},involvedObject.name={name}"
        async for event in list_watch(
            self._client,
            EVENTS,
            namespace=self._cluster.namespace,
            field_selector=selector,
            pace=_PACE,
            refused=lambda _: None,
        ):
            # Those that were there before an update are about the pod from before.
            old = self._updated and self._generation > _FIRST_GENERATION and event.type == "LISTED"
            for item in [] if old else event.object.get("items", [event.object]):
                self._note_rejection(item)
            if self.reason:
                return

    async def _follow_time(self) -> None:
        """Look again now and then: that no node takes a pod is bad after a while, and nothing says so."""
        while not self._is_over():  # noqa: ASYNC110  time gives no signal
            await asyncio.sleep(_CHECK_INTERVAL)

    async def _follow_syncer(self) -> None:
        """Hear it from the syncer itself, which is up to a second earlier than from the kubelet."""
        while True:
            running = (pod for pod in self._candidates() if _runs(pod, Role.SYNCER))
            pod = next(running, None)
            namespace = self._cluster.namespace
            if pod and await is_ready(self._client, namespace=namespace, pod=pod["metadata"]["name"]):
                return
            await asyncio.sleep(_PROBE_RETRY_DELAY)

    def _note_rejection(self, event: Object) -> None:
        if event.get("reason") != _REJECTED or event["involvedObject"].get("uid") != self._uid:
            return
        message = str(event.get("message", ""))
        if not any(word in message for word in _PASSING) and not self.pods:
            self.reason = f"its pod is rejected by the host: {message}"

    def _is_over(self) -> bool:
        candidates = self._candidates()
        ready = sum(map(has_condition_ready if self._updated else serves, candidates))
        if ready >= self._wanted:
            return True
        self.reason = self.reason or unrecoverable_reason(candidates)
        terminating = not candidates and any(map(is_terminating, self.pods))
        state = "the pod from before is ending" if terminating else progress(candidates or self.pods)
        if self._wanted > 1:
            others = [pod for pod in candidates if not has_condition_ready(pod)]
            state = f"{ready} of {self._wanted} pods are ready" + (f"; {progress(others)}" if others else "")
        if state != self._progress:
            self._progress = state
            self._detail(state)
        return self.reason is not None

    def _candidates(self) -> list[Object]:
        """The pods that may become what is waited for."""
        return [pod for pod in self.pods if self._is_candidate(pod)]

    def _is_candidate(self, pod: Object) -> bool:
        if is_terminating(pod):
            return False
        return not self._updated or (
            self._revision is not None and labels(pod).get("controller-revision-hash") == self._revision
        )


def _runs(pod: Object, role: Role) -> bool:
    return any("running" in each.get("state", {}) for each in in_role(role, statuses_of(pod)))


def _raise(error: ApiError) -> None:
    raise error
