"""What tests of ``vcli upgrade`` have in common: the virtual cluster ``demo``, as the host has it."""

import base64
import subprocess
import uuid
from typing import Any

import yaml
from embedded import Host
from test_create import NO_DNS, on_host

CLAIM = ["--no-connect", *NO_DNS, "--set", "controlPlane.statefulSet.persistence.volumeClaim.enabled=true"]
POD_ONLY = ["--no-connect", "--ephemeral", *NO_DNS]


def another() -> str:
    """A value that nothing had before."""
    return f"v{uuid.uuid4().hex[:8]}"


def restarting(value: str) -> list[str]:
    """A change that restarts the pod."""
    return ["--set", f"controlPlane.statefulSet.pods.labels.x={value}"]


def values_kind(host: Host, namespace: str) -> str:
    """The kind of object that has the values."""
    items = on_host(host, "configmaps,secrets", "-n", namespace)["items"]
    return str(next(item["kind"] for item in items if item["metadata"]["name"] == "vc-config-demo"))


def stored(host: Host, namespace: str) -> Any:
    """The values as the host keeps them."""
    kind = values_kind(host, namespace)
    kept = on_host(host, kind, "vc-config-demo", "-n", namespace)["data"]["config.yaml"]
    return yaml.safe_load(base64.b64decode(kept) if kind == "Secret" else kept)


def pod(host: Host, namespace: str, name: str = "demo-0") -> Any:
    return on_host(host, "pod", name, "-n", namespace)


def precious(host: Host, namespace: str) -> str:
    """Something that must not get lost; its name."""
    name = another()
    inside(host, namespace, "create", "configmap", name)
    return name


def inside(host: Host, namespace: str, *kubectl: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return host.vcli("connect", "demo", "-n", namespace, "--", "kubectl", *kubectl, check=check)


def certificates(host: Host, namespace: str) -> dict[str, str]:
    data: dict[str, str] = on_host(host, "secret", "demo-certs", "-n", namespace)["data"]
    return data


def comparable(host: Host, namespace: str) -> dict[str, Any]:
    """The control plane's objects, without what every write counts up."""
    items = on_host(host, "services,statefulsets,secrets,configmaps", "-n", namespace)["items"]
    counted = ("resourceVersion", "generation", "managedFields")
    return {
        f"{item['kind']}/{item['metadata']['name']}": {
            **{key: value for key, value in item.items() if key != "status"},
            "metadata": {key: value for key, value in item["metadata"].items() if key not in counted},
        }
        for item in items
    }
