"""What a pod reaches: asked of the one probe pod, which runs once for all of them."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from vcli.contract import ports
from vcli.operations.verify.model import Attempt, Closed
from vcli.operations.verify.observed import Observed, got_through, held, skipped, unknown
from vcli.operations.verify.places import Neighbour, Places
from vcli.operations.verify.probe_pod import PORT
from vcli.operations.verify.scene import Scene

METADATA: Final = "169.254.169.254"
_KUBELET: Final = 10250
FLOOD: Final = 120
"""Connections of the one flood, about twice as many as the syncer holds open."""

Where = Callable[[Places, Neighbour | None], str]


def _of(find: Callable[[Neighbour], str]) -> Where:
    return lambda _, neighbour: find(neighbour) if neighbour else ""


_node: Where = lambda places, _: places.plane.node_ip  # noqa: E731  a table's columns
_plane: Where = lambda places, _: places.plane.ip  # noqa: E731
_neighbour: Where = _of(lambda each: each.plane.ip)
_TCP: Final[tuple[tuple[str, str, Closed, Where, int], ...]] = (
    ("host-api", "the host's API, by its Service", Closed.NETWORK, lambda places, _: places.api, 443),
    ("kubelet", "the node's kubelet", Closed.NETWORK, _node, _KUBELET),
    ("kubelet-read-only", "the node's kubelet, without authentication", Closed.NETWORK, _node, 10255),
    ("node-ssh", "the node's SSH", Closed.NETWORK, _node, 22),
    ("node-api", "an API server on the node", Closed.NETWORK, _node, 6443),
    ("node-etcd", "etcd on the node", Closed.NETWORK, _node, 2379),
    ("node-proxy", "kube-proxy's health port on the node", Closed.NETWORK, _node, 10256),
    ("metadata", "the metadata server", Closed.NETWORK, lambda _, __: METADATA, 80),
    ("plane-etcd", "the store of the control plane", Closed.ALWAYS, _plane, 2379),
    ("plane-health", "health and metrics of the syncer", Closed.NETWORK, _plane, ports.HEALTH),
    ("plane-controllers", "the controller manager", Closed.NETWORK, _plane, 10257),
    ("neighbour-pod", "a neighbour's pod", Closed.NETWORK, _of(lambda each: each.pod_ip), PORT),
    ("neighbour-service", "a neighbour's Service", Closed.NETWORK, _of(lambda each: each.service_ip), 80),
    ("neighbour-api", "a neighbour's API", Closed.NETWORK, _neighbour, ports.API),
    (
        "neighbour-api-service", "a neighbour's API, by its Service", Closed.NETWORK,
        _of(lambda each: each.plane.service_ip), 443,
    ),
    ("neighbour-kubelet", "a neighbour's syncer", Closed.NETWORK, _neighbour, ports.KUBELET),
    ("neighbour-health", "health of a neighbour's syncer", Closed.NETWORK, _neighbour, ports.HEALTH),
    ("neighbour-etcd", "the store of a neighbour", Closed.ALWAYS, _neighbour, 2379),
)  # fmt: skip


def questions(places: Places, neighbour: Neighbour | None, *, cluster: str, namespace: str) -> dict[str, Any]:
    """What the probe pod is asked, by key.

    Args:
        places: addresses.
        neighbour: if one was named.
        cluster: name of the virtual cluster.
        namespace: of the host.
    """
    asked: dict[str, Any] = {
        name: {"ask": "tcp", "host": where(places, neighbour), "port": port}
        for name, _, _, where, port in _TCP
        if where(places, neighbour)
    }
    asked["control-api"] = {"ask": "api"}
    asked["flood"] = {"ask": "flood", "host": places.plane.ip, "port": ports.KUBELET, "count": FLOOD}
    asked["kubelet-anonymous"] = {
        "ask": "http",
        "url": f"https://{_bracketed(places.plane.ip)}:{ports.KUBELET}/pods",
    }
    if places.plane.node_ip:
        url = f"https://{_bracketed(places.plane.node_ip)}:{_KUBELET}/pods"
        asked["kubelet-token"] = {"ask": "http", "url": url, "token": True}
    if places.api:
        url = f"https://{_bracketed(places.api)}/api/v1/namespaces/{namespace}/secrets"
        asked["host-api-token"] = {"ask": "http", "url": url, "token": True}
    own = f"{cluster}.{namespace}.svc.cluster.local"
    other = f"{neighbour.name}.{neighbour.namespace}.svc.cluster.local" if neighbour else own
    asked["own-dns"] = {"ask": "resolve", "name": other}
    if places.dns:
        asked["host-dns"] = {"ask": "dns", "server": places.dns, "name": other}
    return asked


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


async def _answer(scene: Scene, key: str) -> Any:
    return (await scene.probe).get(key)


def _tcp(name: str, title: str, closed_by: Closed, where: Where, port: int) -> Attempt:
    async def run(scene: Scene) -> Observed:
        address = where(scene.places, scene.neighbour)
        if not address:
            needs = "no neighbour was named" if name.startswith("neighbour") else "its address is not known"
            return skipped(needs)
        answers = await scene.probe
        opened = answers.get(name)
        if opened:
            return got_through(f"a connection to {_bracketed(address)}:{port} opens")
        if not answers.get("control-api"):
            return unknown("the pod does not even reach its own API")
        return held(f"no connection to {_bracketed(address)}:{port}")

    return Attempt(name, "network", title, closed_by, run)


def _status(name: str, title: str, allowed: str) -> Attempt:
    """A request that has to be refused, or get no answer."""

    async def run(scene: Scene) -> Observed:
        answers = await scene.probe
        if name not in answers:
            return skipped("its address is not known")
        status = answers[name]
        if 200 <= status < 300:  # noqa: PLR2004  success in HTTP
            return got_through(allowed)
        return held(f"answered {status}" if status else "no answer")

    return Attempt(name, "network", title, Closed.ALWAYS, run)


def _dns(name: str, title: str, closed_by: Closed) -> Attempt:
    async def run(scene: Scene) -> Observed:
        answers = await scene.probe
        if name not in answers:
            return skipped("the address of the host's DNS is not known")
        return got_through(f"it says {answers[name]}") if answers[name] else held("it says nothing")

    return Attempt(name, "network", title, closed_by, run)


async def _environment(scene: Scene) -> Observed:
    found = (await _answer(scene, "surroundings")) or {}
    known = {*found.get("env", {}).values()}
    known.update(*(found.get(file, "").split() for file in ("resolv", "hosts")))
    of_host = {f"{scene.names.namespace}.svc.cluster.local", scene.places.api} - {""}
    seen = sorted(known & of_host)
    if seen:
        return got_through(f"the pod knows {', '.join(seen)}")
    return held("environment, /etc/hosts and /etc/resolv.conf are the virtual cluster's")


def _network() -> Iterator[Attempt]:
    for row in _TCP:
        yield _tcp(*row)
    yield _dns("host-dns", "names of tenants, from the host's DNS", Closed.NETWORK)
    yield _dns("own-dns", "names of tenants, from the virtual cluster's DNS", Closed.ALWAYS)
    yield _status("kubelet-token", "the node's kubelet, with a token of the virtual cluster", "it lists pods")
    yield _status("kubelet-anonymous", "the syncer's kubelet, without credentials", "it lists pods")
    yield _status("host-api-token", "the host's API, with a token of the virtual cluster", "it lists Secrets")
    yield Attempt(
        "environment", "network", "learn of the host from environment and files", Closed.ALWAYS, _environment
    )


ATTEMPTS: Final = tuple(_network())
