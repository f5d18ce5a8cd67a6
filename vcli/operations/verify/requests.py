"""Requests to the virtual API that lead out of it: by proxies, by nodes, to the control plane's pod."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.resources import NODES, PODS
from vcli.operations.verify.model import Attempt, Closed
from vcli.operations.verify.observed import Observed, got_through, held, skipped
from vcli.operations.verify.probe_pod import PORT
from vcli.operations.verify.scene import Scene, short

_WAIT: Final = 8.0
_TRIES: Final = 20
_WITHOUT_ADDRESS: Final = "address not allowed"
_KUBELET: Final = 10250
_WORD: Final = re.compile(r"[a-z0-9.-]+")

Answer = tuple[int, str]
Path = Callable[[Scene], str]


async def _get(scene: Scene, path: str) -> Answer:
    """Status and body of a request to the virtual API; 0 for no answer."""
    try:
        response = await scene.inside.send("GET", path, retries=0, timeout=_WAIT)
    except ApiError as error:
        return error.status, error.message
    except Unreachable as error:
        return 0, error.message
    return response.status, response.text


def _refused(status: int, text: str) -> Observed:
    return held(f"answered {status}: {short(text, 80)}" if status else f"no answer: {short(text, 80)}")


def _request(name: str, title: str, path: Path, *, closed_by: Closed = Closed.ALWAYS) -> Attempt:
    """A GET that must not be answered with success."""

    async def run(scene: Scene) -> Observed:
        status, text = await _get(scene, path(scene))
        return got_through(f"answered 200: {short(text, 60)}") if status == 200 else _refused(status, text)  # noqa: PLR2004

    return Attempt(name, "api", title, closed_by, run)


async def _a_node(scene: Scene) -> str:
    """A node of the virtual cluster; that of the probe pod is there at the latest when it has run."""
    await scene.probe
    found = await scene.inside.list(NODES)
    return next((str(each["metadata"]["name"]) for each in found["items"]), "")


def _by_node(name: str, title: str, rest: Path, harm: Callable[[Scene, str], str]) -> Attempt:
    """A request through the proxy of a node.

    Args:
        name: of the attempt.
        title: what is tried.
        rest: path behind ``proxy/``.
        harm: what a successful answer gives away; empty for nothing.
    """

    async def run(scene: Scene) -> Observed:
        node = await _a_node(scene)
        if not node:
            return skipped("there is no node inside")
        status, text = await _get(scene, f"/api/v1/nodes/{node}/proxy/{rest(scene)}")
        if status != 200:  # noqa: PLR2004
            return _refused(status, text)
        seen = harm(scene, text)
        return got_through(seen) if seen else held("it answers for this virtual cluster alone")

    return Attempt(name, "api", title, Closed.ALWAYS, run)


def _of_others(scene: Scene, text: str) -> str:
    # By its whole name: the name of a namespace may begin like that of a pod.
    return "it shows the control plane's pod" if scene.places.plane.pod in _WORD.findall(text) else ""


def _plane_path(scene: Scene) -> str:
    return f"{scene.names.namespace}/{scene.places.plane.pod}/{scene.places.plane.containers[0]['name']}"


# --- the proxy of a pod, in whose status a tenant writes an address; that of a Service takes pods alone


async def _to(scene: Scene, key: str, address: str, port: int, path: str, *, tls: bool) -> Answer:
    name = f"try-proxy-{key}"
    spec = {"schedulingGates": [{"name": "vcli.dev/none"}], "containers": [{"name": "a", "image": "none"}]}
    status = {"status": {"podIP": address, "podIPs": [{"ip": address}]}}
    where = f"/api/v1/namespaces/{scene.namespace}/pods/{'https:' if tls else ''}{name}:{port}/proxy{path}"
    answer = (0, "")
    try:
        await scene.inside.create(PODS, {"metadata": {"name": name}, "spec": spec}, namespace=scene.namespace)
        for _ in range(_TRIES):  # the syncer takes the address away again
            await scene.inside.patch(PODS, name, status, namespace=scene.namespace, subresource="status")
            answer = await _get(scene, where)
            if _WITHOUT_ADDRESS not in answer[1]:
                break
    except ApiError as error:
        return error.status, error.message
    finally:
        with suppress(ApiError):
            await scene.inside.delete(PODS, name, namespace=scene.namespace, grace=0)
    return answer


def _through(
    name: str,
    title: str,
    where: Callable[[Scene], tuple[str, int]],
    path: str,
    *,
    closed_by: Closed,
    tls: bool = True,
) -> Attempt:
    async def run(scene: Scene) -> Observed:
        address, port = where(scene)
        if not address:
            return skipped("the address that it takes is not known")
        status, text = await _to(scene, name, address, port, path, tls=tls)
        if status == 200:  # noqa: PLR2004
            return got_through(f"answered 200: {short(text, 60)}")
        return _refused(status, text)

    return Attempt(name, "api", title, closed_by, run)


async def _own_node(scene: Scene) -> Observed:
    """A Node of the tenant with the address of a host's: the API server would ask the kubelet there."""
    name = f"vcli-verify-{scene.namespace[-6:]}"
    address = scene.places.plane.node_ip
    if not address:
        return skipped("the address of the node is not known")
    status: dict[str, Any] = {
        "addresses": [{"type": "InternalIP", "address": address}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": _KUBELET}},
    }
    taint = {"key": "vcli.dev/verify", "effect": "NoSchedule"}
    scene.cleanup.append((NODES, name))
    try:
        await scene.inside.create(NODES, {"metadata": {"name": name}, "spec": {"taints": [taint]}})
        await scene.inside.patch(NODES, name, {"status": status}, subresource="status")
        code, text = await _get(scene, f"/api/v1/nodes/{name}/proxy/pods")
    except ApiError as error:
        return held(f"refused: {short(error.message)}")
    finally:
        with suppress(ApiError):
            await scene.gone(NODES, name)
    return got_through("the host's kubelet lists its pods") if code == 200 else _refused(code, text)  # noqa: PLR2004


async def _answers_of_logs(scene: Scene) -> Observed:
    path = PODS.path(namespace=scene.names.namespace, name=scene.places.plane.pod, subresource="log")
    status, text = await _get(scene, path)
    return got_through("the log is shown") if status == 200 else _refused(status, text)  # noqa: PLR2004


_NETWORK: Final = Closed.NETWORK
ATTEMPTS: Final = (
    Attempt("plane-logs", "api", "logs of the control plane's pod", Closed.ALWAYS, _answers_of_logs),
    _request(
        "plane-exec", "a command in the control plane's pod",
        lambda scene: PODS.path(
            namespace=scene.names.namespace, name=scene.places.plane.pod, subresource="exec"
        ) + "?command=id&stdout=true",
    ),
    _request(
        "plane-proxy", "the control plane's pod, by its proxy",
        lambda scene: PODS.path(
            namespace=scene.names.namespace, name=f"{scene.places.plane.pod}:8080", subresource="proxy"
        ) + "/metrics",
    ),
    _by_node("node-pods", "pods of the node, by its proxy", lambda _: "pods", _of_others),
    _by_node("node-logs", "files of the node, by its proxy", lambda _: "logs/", lambda _, __: "files"),
    _by_node("node-configz", "the kubelet's configuration", lambda _: "configz", lambda _, __: "it is shown"),
    _by_node(
        "node-container-logs", "logs of the control plane, by the node's proxy",
        lambda scene: f"containerLogs/{_plane_path(scene)}", lambda _, __: "they are shown",
    ),
    _by_node(
        "node-exec", "a command in the control plane, by the node's proxy",
        lambda scene: f"exec/{_plane_path(scene)}?command=id&output=1", lambda _, __: "it ran",
    ),
    Attempt("own-node", "api", "the host's kubelet, as a Node of one's own", Closed.ALWAYS, _own_node),
    _through(
        "proxy-kubelet", "the host's kubelet, by a pod's proxy",
        lambda scene: (scene.places.plane.node_ip, _KUBELET), "/pods", closed_by=Closed.ALWAYS,
    ),
    _through(
        "proxy-host-version", "the host's version, by a pod's proxy",
        lambda scene: (scene.places.api, 443), "/version", closed_by=Closed.NEVER,
    ),
    _through(
        "proxy-host-secrets", "Secrets of the host, by a pod's proxy",
        lambda scene: (scene.places.api, 443), "/api/v1/secrets", closed_by=Closed.ALWAYS,
    ),
    _through(
        "proxy-neighbour", "a neighbour's pod, by a pod's proxy",
        lambda scene: (scene.neighbour.pod_ip if scene.neighbour else "", PORT), "/",
        closed_by=_NETWORK, tls=False,
    ),
    _through(
        "proxy-metadata", "the metadata server, by a pod's proxy",
        lambda _: ("169.254.169.254", 80), "/", closed_by=Closed.ALWAYS, tls=False,
    ),
)  # fmt: skip
