"""What the pods of a control plane tell: ready, on the way, or never to be ready. Pure."""

import re
import time
from collections.abc import Iterable
from typing import Final

from vcli.controlplane.roles import Role, in_role, roles_of, statuses_of
from vcli.kube.types import Condition, Object, conditions, is_terminating, is_true

_UNRECOVERABLE: Final = {
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
}
_NO_IMAGE: Final = {"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff"}
# A controller manager of its own waits ten seconds for the API server, then ends and is started again: on a
# slow machine that is no crash.
_FREE_RESTARTS: Final = 3
# Not created before the keys are there, which the syncer makes if they do not exist.
_WAITS_FOR_KEYS: Final = frozenset({Role.API_SERVER, Role.CONTROLLER_MANAGER, Role.SCHEDULER})
# Nor is a member of a store; what else a store may lack is nothing that the syncer makes.
_OWN_KEYS: Final = re.compile(r'"(\S+-certs|vc-facts-\S+)" not found')
_UNSCHEDULABLE_FOR: Final = 10.0  # seconds
# A cloud's disk takes its time, and a claim that was missed at first is looked at again after 15 seconds.
_WITHOUT_VOLUME_FOR: Final = 90.0
# Pods that are being deleted keep their room until they end; an autoscaler adds a node in a minute.
_WITHOUT_ROOM_FOR: Final = 90.0
_NO_ROOM: Final = ("Insufficient ", "Too many pods")
# Clusters of loft-sh's CLI may have no container for the API server: there the syncer serves it.
_SERVING: Final = (Role.API_SERVER, Role.SYNCER)


def serves(pod: Object) -> bool:
    """Whether the API server in this pod is ready; the syncer beside it may not be."""
    status = pod.get("status", {})
    if is_terminating(pod) or status.get("phase") != "Running":
        return False
    if has_condition_ready(pod):
        return True
    serving = [each for role in _SERVING for each in in_role(role, statuses_of(pod))]
    return bool(serving and serving[0].get("ready"))


def has_condition_ready(pod: Object) -> bool:
    """Whether the kubelet has said that all of the pod is ready."""
    return is_true(pod, "Ready")


def unrecoverable_reason(pods: Iterable[Object], *, now: float | None = None) -> str | None:
    """Why the pods will not become ready by waiting; None while they may.

    Args:
        pods: of the control plane.
        now: seconds since the epoch.
    """
    for pod in pods:
        for container in statuses_of(pod):
            waiting = container.get("state", {}).get("waiting") or {}
            reason = waiting.get("reason")
            if reason in _UNRECOVERABLE and not _may_restart(container, reason) and not _awaits(container):
                return _container_trouble(container, waiting)
        if unschedulable := _unschedulable(pod):
            since = (now or time.time()) - _seconds(unschedulable.get("lastTransitionTime"))
            message = unschedulable.get("message", "")
            if since > _unschedulable_for(message):
                return f"no node takes its pod: {message}"
    return None


def lacks_image(pods: Iterable[Object], container: str = "") -> bool:
    """Whether a container, or the one of that name, waits for an image that its node can't get."""
    statuses = [each for pod in pods for each in statuses_of(pod) if container in ("", each["name"])]
    waiting = (each.get("state", {}).get("waiting") or {} for each in statuses)
    return any(each.get("reason") in _NO_IMAGE for each in waiting)


def _unschedulable(pod: Object) -> Condition | None:
    """The condition by which a scheduler says that no node takes a pod."""
    found = (each for each in conditions(pod) if each["type"] == "PodScheduled")
    return next((each for each in found if each.get("reason") == "Unschedulable"), None)


def _unschedulable_for(message: str) -> float:
    """How many seconds a pod may be unschedulable for that reason before that is unrecoverable."""
    if "PersistentVolumeClaim" in message:
        return _WITHOUT_VOLUME_FOR
    return _WITHOUT_ROOM_FOR if any(each in message for each in _NO_ROOM) else _UNSCHEDULABLE_FOR


def progress(pods: Iterable[Object]) -> str:
    """What the control plane is at, in a few words."""
    for pod in pods:
        if not pod.get("spec", {}).get("nodeName"):
            unschedulable = _unschedulable(pod)
            why = unschedulable.get("message", "").partition(". ")[0] if unschedulable else ""
            return f"pod {pod['metadata']['name']} waits for a node" + (f": {why}" if why else "")
        for container in statuses_of(pod):
            state = container.get("state", {})
            if "waiting" in state and state["waiting"].get("reason") and _awaits(container):
                return "keys and certificates are being made"
            if "waiting" in state and state["waiting"].get("reason") not in {"PodInitializing", None}:
                return f"container {container['name']}: {state['waiting']['reason']}"
            if "running" in state and not container.get("ready"):
                return f"container {container['name']} is starting"
        return f"pod {pod['metadata']['name']} is starting"
    return "its pod does not exist yet"


def _may_restart(container: Object, reason: str) -> bool:
    roles = roles_of(container["name"])
    waits = roles & {Role.CONTROLLER_MANAGER, Role.SCHEDULER} and Role.API_SERVER not in roles
    free = _FREE_RESTARTS if waits else 0
    return reason == "CrashLoopBackOff" and container.get("restartCount", 0) <= free


def _awaits(container: Object) -> bool:
    """Whether it is not created because Secret or ConfigMap are yet to be made."""
    waiting = container["state"]["waiting"]
    unmade = waiting["reason"] == "CreateContainerConfigError" and "not found" in str(waiting.get("message"))
    roles = roles_of(container["name"])
    is_member = Role.STORE in roles and bool(_OWN_KEYS.search(str(waiting.get("message"))))
    return unmade and (is_member or bool(_WAITS_FOR_KEYS & roles))


def _container_trouble(container: Object, waiting: Object) -> str:
    last = (container.get("lastState") or {}).get("terminated") or {}
    text = f"container {container['name']}: {waiting['reason']}"
    if last:
        said = str(last.get("message") or "").strip().rpartition("\n")[2]
        ended = f"{text}, last ended with exit code {last.get('exitCode')} ({last.get('reason')})"
        return f"{ended}: {said}" if said else ended
    message = str(waiting.get("message") or "").partition("\n")[0]
    return f"{text}: {message}" if message else text


def _seconds(timestamp: str | None) -> float:
    import datetime as dt  # noqa: PLC0415  rarely needed

    return dt.datetime.fromisoformat(timestamp).timestamp() if timestamp else time.time()
