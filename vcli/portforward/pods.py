"""Which pod a tunnel goes to. Pure."""

from collections.abc import Iterable, Sequence

from vcli.kube.types import Object, is_terminating, is_true


def in_order(pods: Iterable[Object], *, failed: Sequence[str] = ()) -> list[str]:
    """The names of the pods to try, the best first.

    A Ready one first, the youngest of several (after a roll-out the older ones are about to go). One that
    is Running but not Ready is better than none: the API server may answer while another container of its
    pod doesn't. A pod of a node that died stays Ready for most of a minute, so those that failed come after
    the others, the last to fail at the end.

    Args:
        pods: Pod objects.
        failed: names of pods that did not answer, in the order in which they failed.
    """
    running = [
        pod for pod in pods if pod.get("status", {}).get("phase") == "Running" and not is_terminating(pod)
    ]
    running.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True)
    rank = {name: number for number, name in enumerate(failed, 1)}
    running.sort(key=lambda pod: (not is_true(pod, "Ready"), rank.get(pod["metadata"]["name"], 0)))
    return [str(pod["metadata"]["name"]) for pod in running]
