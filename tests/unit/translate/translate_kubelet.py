"""What a kubelet makes of a pod, in few lines: the judge of what a translated pod will see.

After ``pkg/kubelet/kubelet_pods.go``, ``pkg/kubelet/envvars`` and ``third_party/forked/golang/expansion``.
"""

import re
from typing import Any

Object = dict[str, Any]


def service_variables(services: list[Object], namespace: str, *, links: bool) -> dict[str, str]:
    chosen: dict[str, Object] = {}
    for service in services:
        name, spec = service["metadata"]["name"], service["spec"]
        if spec.get("clusterIP") in (None, "", "None"):
            continue
        if service["metadata"]["namespace"] == "default" and name == "kubernetes":
            chosen.setdefault(name, service)
        elif service["metadata"]["namespace"] == namespace and links:
            chosen[name] = service
    result: dict[str, str] = {}
    for name, service in chosen.items():
        ip, ports = service["spec"]["clusterIP"], service["spec"]["ports"]
        prefix = name.upper().replace("-", "_")
        result[f"{prefix}_SERVICE_HOST"] = ip
        result[f"{prefix}_SERVICE_PORT"] = str(ports[0]["port"])
        for port in ports:
            if port.get("name"):
                result[f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
        joined = f"[{ip}]" if ":" in ip else ip
        for index, port in enumerate(ports):
            number, protocol = port["port"], port.get("protocol", "TCP")
            url = f"{protocol.lower()}://{joined}:{number}"
            if index == 0:
                result[f"{prefix}_PORT"] = url
            link = f"{prefix}_PORT_{number}_{protocol}"
            result[link] = url
            result[f"{link}_PROTO"] = protocol.lower()
            result[f"{link}_PORT"] = str(number)
            result[f"{link}_ADDR"] = ip
    return result


def expand(text: str, variables: dict[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], f"$({match[1]})")

    return re.sub(r"\$\$|\$\(([^)]*)\)", one, text)


def field_value(path: str, pod: Object) -> str:
    metadata = pod["metadata"]
    if match := re.fullmatch(r"metadata\.(labels|annotations)\['(.*)'\]", path):
        return (metadata.get(match[1]) or {}).get(match[2], "")
    return {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata.get("uid", "made-by-the-host"),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", ""),
        "spec.nodeName": "node-1",
        "status.podIP": "10.1.2.3",
        "status.hostIP": "192.0.2.7",
    }[path]


def environment(
    pod: Object, container: Object, *, services: list[Object], configs: dict[tuple[str, str], dict[str, str]]
) -> dict[str, str]:
    """The final environment. ``configs``: data by (kind, name); those not there are missing."""
    namespace = pod["metadata"]["namespace"]
    ours = service_variables(services, namespace, links=pod["spec"].get("enableServiceLinks", True))
    result: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if key in source:
                data = configs.get((kind, source[key]["name"]), {})
                result |= {source.get("prefix", "") + name: value for name, value in data.items()}
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        value = variable.get("value", "")
        if value:
            value = expand(value, ours | result)
        elif "fieldRef" in source:
            value = field_value(source["fieldRef"]["fieldPath"], pod)
        elif "configMapKeyRef" in source or "secretKeyRef" in source:
            kind, key = (
                ("ConfigMap", "configMapKeyRef")
                if "configMapKeyRef" in source
                else ("Secret", "secretKeyRef")
            )
            data = configs.get((kind, source[key]["name"]), {})
            if source[key]["key"] not in data:
                continue  # optional
            value = data[source[key]["key"]]
        result[variable["name"]] = value
    return ours | result
