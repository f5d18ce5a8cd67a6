"""Pods that serve and pods that ask, policies between them."""

from typing import Any

import space
from embedded import Host


def pod(name: str, script: str = "exec sleep 10000", **spec: Any) -> dict[str, Any]:
    """A pod of the host that runs again when its node comes back, and ends at once."""
    usual = {"terminationGracePeriodSeconds": 0, "restartPolicy": "Always"}
    return space.pod(name, script, labels={"app": name}, **(usual | spec))


def web(name: str) -> dict[str, Any]:
    """A pod that serves its name at port 8080."""
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
    ports = [{"name": "web", "containerPort": 8080}]
    script = f"mkdir /w; echo {name} > /w/index.html; exec httpd -f -p 8080 -h /w"
    return pod(name, script, container={"readinessProbe": probe, "ports": ports})


def service(name: str, **spec: Any) -> dict[str, Any]:
    ports = [{"port": 80, "targetPort": "web"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports, **spec},
    }


def policy(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def ready(host: Host, namespace: str, *names: str) -> None:
    host.kubectl(
        "wait", "-n", namespace, "--for=condition=Ready", *(f"pod/{x}" for x in names), "--timeout=110s"
    )


def fetch(host: Host, namespace: str, client: str, url: str, *options: str) -> str:
    """What a pod reads there; nothing when it can't."""
    wget = ["timeout", "3", "wget", "-q", "-O", "-", *options, url]
    return host.kubectl("exec", "-n", namespace, client, "--", *wget, check=False)


def external(host: Host, namespace: str, name: str) -> str:
    ingress = host.get("service", name, "-n", namespace)["status"]["loadBalancer"].get("ingress") or []
    return ingress[0]["ip"] if ingress else ""
