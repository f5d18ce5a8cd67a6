"""What one wants to see of a cluster when a test has failed in it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from vcli.escape import visible

if TYPE_CHECKING:
    from vcli.sdk import VirtualCluster

_LINES = 20
_EVENTS = 30

Section = tuple[str, str]


def diagnostics(cluster: "VirtualCluster", namespace: str | None) -> list[Section]:
    """Titles and texts for a test report; a part that can't be had says why.

    Args:
        cluster: where it happened.
        namespace: of the test in there; None looks at all namespaces.
    """
    from kubernetes.client import CoreV1Api  # noqa: PLC0415

    with cluster.client() as api:
        core = CoreV1Api(api)
        return [
            _section(f"vcli: events in {namespace or cluster.name}", lambda: _events(core, namespace)),
            _section(f"vcli: pods in {namespace or cluster.name}", lambda: _pods(core, namespace)),
        ]


def _section(title: str, collect: Callable[[], Iterable[str]]) -> Section:
    try:
        return title, visible("\n".join(collect())) or "none"
    except Exception as error:  # noqa: BLE001  the test's own failure is the news
        return title, f"not to be had: {error}"


def _events(core: Any, namespace: str | None) -> Iterable[str]:
    listed = core.list_namespaced_event(namespace) if namespace else core.list_event_for_all_namespaces()
    events = sorted(listed.items, key=lambda event: event.metadata.creation_timestamp)
    for event in events[-_EVENTS:]:
        about = f"{event.involved_object.kind}/{event.involved_object.name}"
        yield f"{event.type} {event.reason} {about}: {event.message}"


def _pods(core: Any, namespace: str | None) -> Iterable[str]:
    listed = core.list_namespaced_pod(namespace) if namespace else core.list_pod_for_all_namespaces()
    for pod in listed.items:
        yield f"{pod.metadata.namespace}/{pod.metadata.name}: {pod.status.phase}"
        for status in pod.status.container_statuses or ():
            yield f"  {status.name}: ready={status.ready} restarts={status.restart_count}"
            if namespace:
                yield from _log(core, pod, status.name)


def _log(core: Any, pod: Any, container: str) -> Iterable[str]:
    name, namespace = pod.metadata.name, pod.metadata.namespace
    read = core.read_namespaced_pod_log
    _, text = _section("", lambda: [read(name, namespace, container=container, tail_lines=_LINES)])
    for line in text.splitlines():
        yield f"    {line}"
