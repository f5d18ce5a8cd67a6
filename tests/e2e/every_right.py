"""What a tenant does that takes each right that a syncer has by default."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from audit import Object
from embedded import Program, run
from polling import eventually
from services import service, web
from space import BUSYBOX, IDLE, Space, pod

_SPDY: Mapping[str, str] = {
    "KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false",
    "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false",
}
_HIDDEN_PORT = "8080"
_GATE = "example.com/gate"


def claim(name: str, **spec: Any) -> Object:
    base = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    metadata = {"name": name}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": {**base, **spec},
    }


def of(version: str, kind: str, name: str, **fields: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **fields}


def _needy() -> Object:
    """A pod that refers to whatever a pod may refer to, and has two tokens."""
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "more", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "a"}}]}},
    ]
    mounts = [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in volumes]
    sources = [{"configMapRef": {"name": "conf"}}, {"secretRef": {"name": "key"}}]
    resources = {"requests": {"cpu": "10m"}}
    return web(
        "web",
        volumes=volumes,
        terminationGracePeriodSeconds=1,
        container={"volumeMounts": mounts, "envFrom": sources, "resources": resources},
    )


def plain(space: Space) -> None:
    """Use what a virtual cluster has by default."""
    space.apply(
        of("v1", "ConfigMap", "conf", data={"A": "1"}),
        of("v1", "Secret", "key", stringData={"B": "2"}),
        claim("data"),
        _needy(),
        pod("gated", readinessGates=[{"conditionType": _GATE}], terminationGracePeriodSeconds=1),
        *_services(),
        _ingress(),
        of(
            "policy/v1",
            "PodDisruptionBudget",
            "web",
            spec={"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        ),
    )
    space.wait("condition=Ready", "pod/web")
    eventually(lambda: space.on_host("ingresses,poddisruptionbudgets,endpointslices"))
    _streams(space)
    _changes(space)
    _repairs(space)
    _bind(space)
    # A pod that goes on the host alone goes inside as well.
    at_once = ("-n", space.cluster.namespace, "--grace-period=0", "--force")
    space.host.kubectl("delete", "pod", space.host_name("gated"), *at_once)
    eventually(lambda: space.run("get", "pod", "gated").returncode != 0)
    kinds = "pods,services,ingresses,poddisruptionbudgets,persistentvolumeclaims"
    space.kubectl("delete", f"{kinds},configmaps,secrets,endpointslices", "--all")
    left = f"{kinds},endpointslices"
    eventually(lambda: space.on_host(left) == [])
    eventually(lambda: space.on_host("secrets") == [])


def _services() -> list[Object]:
    slices = of("discovery.k8s.io/v1", "EndpointSlice", "manual", addressType="IPv4")
    slices["metadata"]["labels"] = {"kubernetes.io/service-name": "manual"}
    slices |= {"endpoints": [{"addresses": ["192.0.2.1"]}], "ports": [{"name": "http", "port": 80}]}
    return [
        service("web"),
        service("headless", clusterIP="None"),
        service("node-port", type="NodePort"),
        service("balanced", type="LoadBalancer"),
        service("elsewhere", type="ExternalName", externalName="example.com", selector=None, ports=None),
        service("manual", selector=None),
        slices,
    ]


def _ingress() -> Object:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return of("networking.k8s.io/v1", "Ingress", "web", spec={"defaultBackend": backend})


def _streams(space: Space) -> None:
    """By kubectl both ways, and as clients do that open a WebSocket of the kubelet's own protocol."""
    space.kubectl("logs", "web")
    for more in ({}, _SPDY):
        env = {**os.environ, **space.host.env, "KUBECONFIG": str(space.cluster.kubeconfig), **more}
        kubectl = ["kubectl", "--namespace", space.name]
        done = subprocess.run([*kubectl, "exec", "web", "--", "true"], env=env, check=False, timeout=60)
        assert done.returncode == 0
        space.apply(pod("short", "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 1; done"))
        space.wait("condition=Ready", "pod/short")
        attach = subprocess.run(
            [*kubectl, "attach", "short"], env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert "8" in attach.stdout, attach.stderr
        space.kubectl("delete", "pod", "short", "--grace-period=1")
        forward = [*kubectl, "port-forward", "pod/web", f":{_HIDDEN_PORT}"]
        with Program(forward, env=env, stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout is not None
            assert "Forwarding" in program.stdout.readline()
            program.terminate()
    _web_sockets(space)


_WEB_SOCKETS = """
import sys
from kubernetes import client, config, stream
api = client.CoreV1Api(config.new_client_from_config(sys.argv[1]))
pod, said = ("web", sys.argv[2]), dict(stdout=True, stderr=False, stdin=False, tty=False)
assert "hi" in stream.stream(api.connect_get_namespaced_pod_exec, *pod, command=["echo", "hi"], **said)
stream.stream(api.connect_get_namespaced_pod_attach, *pod, _preload_content=False, **said).close()
stream.portforward(api.connect_get_namespaced_pod_portforward, *pod, ports="8080").close()
"""
"""By the official client, in a process of its own: it leaves sockets open."""


def _web_sockets(space: Space) -> None:
    argv = [sys.executable, "-c", _WEB_SOCKETS, str(space.cluster.kubeconfig), space.name]
    run(argv, env=space.host.env)


def _changes(space: Space) -> None:
    space.kubectl("label", "pod", "web", "changed=yes")
    debug = ("debug", "pod/web", f"--image={BUSYBOX}", "--container=debugger", "--attach=false")
    space.kubectl(*debug, "--", "sh", "-c", IDLE)
    resized = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "20m"}}}]}}
    space.kubectl("patch", "pod", "web", "--subresource=resize", "--patch", json.dumps(resized))
    condition = {"status": {"conditions": [{"type": _GATE, "status": "True"}]}}
    space.kubectl("patch", "pod", "gated", "--subresource=status", "--patch", json.dumps(condition))
    space.wait("condition=Ready", "pod/gated")

    def followed() -> bool:
        found = space.host.get("pod", space.host_name("web"), "-n", space.cluster.namespace)
        spec, metadata = found["spec"], found["metadata"]
        cpu = spec["containers"][0]["resources"]["requests"]["cpu"]
        return bool(spec.get("ephemeralContainers")) and cpu == "20m" and metadata["labels"]["changed"]

    eventually(followed)


def _bind(space: Space) -> None:
    """As a scheduler of the tenant's own does, with a pod for which the host's finds no node."""
    space.apply(pod("bound", nodeSelector={_GATE: "none"}, terminationGracePeriodSeconds=1))
    eventually(lambda: space.host_name("bound") in space.on_host("pods"))
    node = space.get("pod", "web")["spec"]["nodeName"]
    target = {"apiVersion": "v1", "kind": "Node", "name": node}
    path = f"/api/v1/namespaces/{space.name}/pods/bound/binding"
    binding = json.dumps(of("v1", "Binding", "bound", target=target))
    space.kubectl("create", "--raw", path, "--filename", "-", stdin=binding)
    where = ("pod", space.host_name("bound"), "-n", space.cluster.namespace)
    eventually(lambda: space.host.get(*where)["spec"].get("nodeName") == node)


def _repairs(space: Space) -> None:
    """What pods have of their own on the host, as it changes."""
    items = [{"path": "annotations", "fieldRef": {"fieldPath": "metadata.annotations"}}]
    large = pod("large", volumes=[{"name": "about", "downwardAPI": {"items": items}}])
    large["metadata"]["annotations"] = {"example.org/text": "y" * 100_000}
    space.kubectl("create", "-f", "-", stdin=json.dumps(large))
    space.wait("condition=Ready", "pod/large")
    change = json.dumps({"metadata": {"annotations": {"example.org/text": "y" * 90_000}}})
    space.kubectl("patch", "pod", "large", "--type=merge", "--patch-file=/dev/stdin", stdin=change)

    def shorter() -> bool:
        maps = space.host.get("configmaps", "-n", space.cluster.namespace)["items"]
        return any(re.search("y{90000}", json.dumps(each)) and "y" * 90_001 not in json.dumps(each)
                   for each in maps)  # fmt: skip

    eventually(shorter)
    tokens = next(
        each
        for each in space.host.get("secrets", "-n", space.cluster.namespace)["items"]
        if "vcli.dev/tokens" in (each["metadata"].get("annotations") or {}) and len(each["data"]) > 1
    )
    name, lost = tokens["metadata"]["name"], min(tokens["data"])
    patch = json.dumps({"data": {lost: None}})
    space.host.kubectl("patch", "secret", name, "-n", space.cluster.namespace, "--patch", patch)
    eventually(lambda: lost in space.host.get("secret", name, "-n", space.cluster.namespace)["data"])
