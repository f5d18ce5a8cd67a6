"""Which pod a tunnel goes to. Pure."""

from collections.abc import Iterable

from vcli.kube.types import Object, is_terminating, is_true


def choose(pods: Iterable[Object], *, but_not: str | None = None) -> str | None:
    """The name of the pod to try next, None if none can answer.

    A Ready one first, the youngest of several (after a roll-out the older ones are about to go). One that
    is Running but not Ready is better than none: the API server may answer while another container of its
    pod doesn't.

    Args:
        pods: Pod objects.
        but_not: the pod that has just failed; taken only if there is no other.
    """
    running = [
        pod for pod in pods if pod.get("status", {}).get("phase") == "Running" and not is_terminating(pod)
    ]
    running.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True)
    running.sort(key=lambda pod: (not is_true(pod, "Ready"), pod["metadata"]["name"] == but_not))
    return str(running[0]["metadata"]["name"]) if running else None
