"""What this process remembers of each pod beside the caches.

None of it is needed to be right: a process that starts without it asks or writes once more than it had to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from vcli.syncer.engine.context import Object
from vcli.syncer.kinds.pods.burst import AdmissionLimiter, QuotaQueue, StartingPods
from vcli.syncer.translate.configs import Token
from vcli.syncer.translate.metadata import virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.scope import Scope


@dataclass(slots=True, eq=False)
class PodState:
    """Of one virtual pod; another pod of the same name has another uid, and a state of its own.

    Attributes:
        uid: of the virtual pod.
        bound: whether this process has bound the virtual pod; the cache says so a moment later.
        unsaved_tokens: tokens that were issued and are not in the Secret on the host yet, by key.
        status_versions: resourceVersions of the virtual and the host pod whose statuses are the same.
        status_delayed_since: when the status began to wait for more; seconds of the loop's clock.
        last_synced: what of the virtual pod was last synced to the host pod.
        host_mark: what of the host pod another client may change, as it was when it was last synced.
        final_host_pod: the host pod as it was when it was deleted.
    """

    uid: str
    bound: bool = False
    unsaved_tokens: dict[str, Token] | None = field(default=None, repr=False)
    status_versions: tuple[str, str] | None = None
    status_delayed_since: float | None = None
    last_synced: tuple[Any, ...] | None = None
    host_mark: tuple[Any, ...] | None = None
    final_host_pod: Object | None = None


class PodStates:
    """The states of all pods, and the queues that pods stand in.

    A state is created when a controller first sees a pod, and dropped when it is gone, out of the queues too.

    Args:
        scope: the virtual cluster.
        slots: of the admission limiter.
        retry: called with the name of a pod whose turn has come.

    Attributes:
        starting: the pods whose containers the host creates now.
        admission: lets few pods at a time onto the host.
        over_quota: the pods that a quota of the host rejects.
    """

    def __init__(self, scope: Scope, *, slots: int, retry: Callable[[VirtualName], None]) -> None:
        self._scope = scope
        self._states: dict[VirtualName, PodState] = {}
        self.starting = StartingPods()
        self.admission = AdmissionLimiter(slots, on_slot=retry)
        self.over_quota = QuotaQueue(retry=retry)

    def items(self) -> Iterable[tuple[VirtualName, PodState]]:
        """All of them."""
        return self._states.items()

    def of(self, name: VirtualName, uid: str) -> PodState:
        """The state of a virtual pod that is in the cache; another one of its name is forgotten."""
        state = self._states.get(name)
        if state is not None and state.uid != uid:
            self.drop(name)
            state = None
        if state is None:
            state = self._states[name] = PodState(uid)
        return state

    def drop(self, name: VirtualName) -> None:
        """The pod is gone, or another one has its name."""
        if self._states.pop(name, None) is not None:
            self.starting.discard(name)
            self.admission.release(name)
            self.over_quota.discard(name)

    def host_pod_changed(self, old: Object | None, new: Object | None) -> None:
        """Keep a host pod that was deleted: its final status may have come together with its end.

        The same event enqueues the pod; where there is no virtual pod, the reconcile drops the state.
        """
        if old is None or new is not None:
            return
        name, uid = virtual_name_of(old, scope=self._scope, kind="Pod"), virtual_uid_of(old)
        if name is None or uid is None:
            return
        known = self._states.get(name)
        if known is None or known.uid == uid:
            self.of(name, uid).final_host_pod = old
