"""The environment variables that kubelet makes of Services (``pkg/kubelet/envvars``)."""

import re
from collections.abc import Iterator
from typing import Any, Final

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pods.context import PodContext

_ENVIRONMENT_NAME: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


def api_variables(context: PodContext) -> dict[str, str]:
    """``KUBERNETES_*``: whatever of these a pod lacked, the host's kubelet would fill in with the host's."""
    api = [{"name": "https", "protocol": "TCP", "port": context.api_port}]
    return dict(_of_service("kubernetes", context.api_host, api))


def service_variables(pod: Object, context: PodContext) -> dict[str, str]:
    """Name to value: ``KUBERNETES_*`` always, the namespace's Services when the pod enables links."""
    namespace = pod["metadata"]["namespace"]
    services: dict[str, tuple[str, list[Any]]] = {}
    if pod["spec"].get("enableServiceLinks", True):
        for service in context.services:
            name, spec = service["metadata"]["name"], service["spec"]
            # Elsewhere a Service named kubernetes hides the API server's; kubelet does it that way.
            if spec.get("clusterIP") not in (None, "", "None") and (namespace, name) != (
                "default",
                "kubernetes",
            ):
                services[name] = (spec["clusterIP"], spec.get("ports") or [])
    variables = api_variables(context)
    for name, (address, ports) in sorted(services.items()):
        variables |= {
            variable: value
            for variable, value in _of_service(name, address, ports)
            # A Service may start with a digit since 1.34, a variable on an older host may not.
            if _ENVIRONMENT_NAME.fullmatch(variable)
        }
    return variables


def _of_service(service: str, address: str, ports: list[Any]) -> Iterator[tuple[str, str]]:
    prefix = _variable_name(service)
    yield f"{prefix}_SERVICE_HOST", address
    host = f"[{address}]" if ":" in address else address
    for index, entry in enumerate(ports):
        port, protocol = entry["port"], entry.get("protocol") or "TCP"
        url = f"{protocol.lower()}://{host}:{port}"
        if index == 0:
            yield f"{prefix}_SERVICE_PORT", str(port)
            yield f"{prefix}_PORT", url
        if entry.get("name"):
            yield f"{prefix}_SERVICE_PORT_{_variable_name(entry['name'])}", str(port)
        link = f"{prefix}_PORT_{port}_{protocol.upper()}"
        yield link, url
        yield f"{link}_PROTO", protocol.lower()
        yield f"{link}_PORT", str(port)
        yield f"{link}_ADDR", address


def _variable_name(name: str) -> str:
    return name.replace("-", "_").upper()
