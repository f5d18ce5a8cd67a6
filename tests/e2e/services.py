"""Services and the pods behind them, and what a client pod is answered."""

from polling import eventually
from space import Object, Space, pod, serving

HTTP: Object = {"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}


def service(name: str, **spec) -> Object:
    body = {"selector": {"app": name}, "ports": [HTTP], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": body}


def web(name: str, *, app: str = "web", **fields) -> Object:
    """A pod that answers with its own name."""
    return pod(name, serving(name), labels={"app": app}, **fields)


def on_host(space: Space, name: str) -> Object:
    found: Object = space.host.get("service", space.host_name(name), "-n", space.cluster.namespace)
    return found


def answers(space: Space, url: str, *, times: int = 1) -> set[str]:
    """What a few requests from the pod `client` are answered."""
    script = f"for i in $(seq {times}); do timeout 5 wget -qO- {url} || echo none; done"
    return set(space.sh("client", script).split())


def answered(space: Space, url: str, *expected: str) -> None:
    """Wait until each of the expected answers has come, and no other; the host's rules take a moment."""
    eventually(lambda: answers(space, url, times=4 * len(expected)) == set(expected))
