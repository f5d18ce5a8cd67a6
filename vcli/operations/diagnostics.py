"""Why a pod does not become ready, as far as its events and logs tell."""

from vcli.controlplane.apply import together
from vcli.controlplane.roles import statuses_of
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.resources import EVENTS
from vcli.kube.types import Object

_LOG_LINES = 10
_EVENTS = 5
_WIDTH = 300


async def diagnostics(client: Client, pod: Object) -> str:
    """Events of a pod and the last log lines of what fails, as an appendix to a message; empty if none."""
    events, *logs = await together(
        [_events(client, pod), *(_log(client, pod, name) for name in _suspects(pod))]
    )
    return "".join(f"\n{text}" for text in (events, *logs) if text)


def _suspects(pod: Object) -> list[str]:
    """The containers whose logs may tell: those that crash, or else those that are not ready."""
    behind = [each for each in statuses_of(pod) if not each.get("ready") and each.get("containerID")]
    crashing = [each for each in behind if "waiting" in each.get("state", {})]
    return [each["name"] for each in crashing or behind][:2]


async def _events(client: Client, pod: Object) -> str:
    # Failed probes say no more than that it is not ready.
    selector = f"involvedObject.uid={pod['metadata']['uid']},type=Warning,reason!=Unhealthy"
    try:
        found = await client.list(EVENTS, namespace=pod["metadata"]["namespace"], field_selector=selector)
    except (ApiError, Unreachable):
        return ""
    scheduled = bool(pod["spec"].get("nodeName"))
    items = [item for item in found["items"] if not (scheduled and item.get("reason") == "FailedScheduling")]
    lines = [
        _clip(f"  {item.get('reason')}: {' '.join(str(item.get('message')).split())}")
        for item in items[-_EVENTS:]
    ]
    return "\n".join(["events of the pod:", *lines]) if lines else ""


async def _log(client: Client, pod: Object, container: str) -> str:
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    for previous in (False, True):
        try:
            text = await client.log(
                name, namespace=namespace, container=container, tail=_LOG_LINES, previous=previous
            )
        except (ApiError, Unreachable):
            continue
        if text.strip():
            lines = [_clip(f"  {line}") for line in text.strip().splitlines()]
            return "\n".join([f"last lines of {container}:", *lines])
    return ""


def _clip(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
