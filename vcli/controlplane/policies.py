"""What keeps tenants apart, by ``policies`` of the values: objects on the host, kube-apiserver's admission.

The chart has the same in ``manifests/chart/templates/policies.yaml``; a test compares what comes out.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from vcli.catalog import SYNCED
from vcli.config.schema import Values
from vcli.config.schema_policies import Policies
from vcli.contract import ports
from vcli.contract.labels import MANAGED_BY
from vcli.controlplane.components import Component
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role
from vcli.kube.resources import CONFIGMAPS, LIMITRANGES, NETWORKPOLICIES, RESOURCEQUOTAS, Resource
from vcli.kube.types import Object

_COUNTED: Final = {"pods": "50", "services": "20", "configmaps": "200", "secrets": "200"}
_COUNT_OF_OTHERS: Final = "20"
_AMOUNTS: Final = {
    "requests.cpu": "10",
    "requests.memory": "20Gi",
    "requests.ephemeral-storage": "60Gi",
    "requests.storage": "100Gi",
    "limits.cpu": "30",
    "limits.memory": "40Gi",
    "limits.ephemeral-storage": "160Gi",
}
QUOTA: Final[Mapping[str, str]] = {
    **_AMOUNTS,
    **{
        f"count/{resource.definition}" if resource.group else f"count/{resource.plural}": _COUNTED.get(
            resource.plural, _COUNT_OF_OTHERS
        )
        for resource in (kind.resource for kind in SYNCED if kind.direction != "fromHost")
        if resource.namespaced and resource.plural not in ("events", "endpoints", "endpointslices")
    },
    # The host makes at least one for each Service.
    "count/endpointslices.discovery.k8s.io": "60",
}
"""The default amounts: every kind that the syncer makes is counted."""
LIMITS: Final[Mapping[str, str]] = {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "4Gi"}
"""What a container is limited to that says nothing."""
REQUESTS: Final[Mapping[str, str]] = {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "64Mi"}
"""What a container gets that asks for nothing."""
OWN_LIMITS: Final[Mapping[str, str]] = {"cpu": "2", "ephemeral-storage": "1Gi"}
OWN_REQUESTS: Final[Mapping[str, str]] = {"ephemeral-storage": "32Mi"}
"""Of the control plane's containers, beside their own, where amounts count: else they got a tenant's."""

API_PORTS: Final = (443, 6443)
"""Where API servers listen, the host's among them."""
DNS_LABELS: Final = {"vcli.dev/namespace": "kube-system", "label.vcli.dev/k8s-app": "kube-dns"}
"""Of the virtual cluster's DNS pods on the host: see `vcli.syncer.translate.labels`."""
_FIRST_KUBELET: Final = 10250
_LAST_KUBELET: Final = 29999
_FOLDER: Final = "/etc/vcli/admission"


def render(names: Names, values: Values, facts: Facts) -> list[Object]:
    """The objects that the values ask for, without what all objects get."""
    policies = values.policies
    found = []
    if policies.enforced_standard:
        found.append(_admission(names, policies.enforced_standard))
    if policies.has_quota:
        found.append(_quota(names, values))
    if policies.has_limits:
        found.append(_limits(names, policies))
    if policies.network_policy.enabled:
        found += _network_policies(names, values, facts)
    return found


def resources(policies: Policies) -> list[Resource]:
    """The kinds of which that makes some."""
    chosen = (
        (RESOURCEQUOTAS, policies.has_quota),
        (LIMITRANGES, policies.has_limits),
        (NETWORKPOLICIES, policies.network_policy.enabled),
    )
    return [resource for resource, is_on in chosen if is_on]


def single(names: Names) -> Iterator[tuple[Resource, str]]:
    """All that it may make, by name."""
    yield CONFIGMAPS, names.admission
    yield RESOURCEQUOTAS, names.service_account
    yield LIMITRANGES, names.service_account
    for part in ("cp", "work", "dns"):
        yield NETWORKPOLICIES, names.network_policy(part)


def applied(names: Names, values: Values, components: Iterable[Component]) -> list[Component]:
    """The components as the policies have them: kube-apiserver judges pods, and all have limits."""
    policies = values.policies
    found = [*components]
    if policies.enforced_standard:
        found = [
            _judging(each, names, policies.enforced_standard) if Role.API_SERVER in each.roles else each
            for each in found
        ]
    return [_limited(each) for each in found] if policies.has_quota or policies.has_limits else found


def corefile(text: str, values: Values) -> str:
    """A Corefile that asks the DNS server of the values."""
    return re.sub(r"\bHOST_DNS\b", values.policies.network_policy.fallback_dns or "HOST_DNS", text)


def _admission(names: Names, level: str) -> Object:
    """Pod Security of namespaces without a label of their own, as on a plain cluster with such a default.

    JSON, which is YAML. None is exempt: pods of ``kube-system`` run on the host as well.
    """
    modes = ("enforce", "audit", "warn")
    defaults = {key: value for x in modes for key, value in ((x, level), (f"{x}-version", "latest"))}
    configuration = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": defaults,
    }
    content = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": "PodSecurity", "configuration": configuration}],
    }
    # Another level is another file, so another pod: kube-apiserver reads it once.
    data = {f"{level}.yaml": json.dumps(content, separators=(",", ":"), sort_keys=True)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": names.admission}, "data": data}


def _judging(component: Component, names: Names, level: str) -> Component:
    container = component.container
    file = f"--admission-control-config-file={_FOLDER}/{level}.yaml"
    command = [container["command"][0], file, *container["command"][1:]]
    mount = {"name": "admission", "mountPath": _FOLDER, "readOnly": True}
    first, *others = container["volumeMounts"]
    judging = {**container, "command": command, "volumeMounts": [first, mount, *others]}
    volume = {"name": "admission", "configMap": {"name": names.admission}}
    return replace(component, container=judging).having(volume)


def _limited(component: Component) -> Component:
    own = component.container.get("resources") or {}
    added = {
        "requests": {**OWN_REQUESTS, **own.get("requests", {})},
        "limits": {**OWN_LIMITS, **own.get("limits", {})},
    }
    return replace(component, container={**component.container, "resources": {**own, **added}})


def _quota(names: Names, values: Values) -> Object:
    chosen = values.policies.resource_quota
    spec: Object = {}
    defaults: Mapping[str, str] = {**QUOTA, **_services(values.control_plane.service.spec.type)}
    if chosen.scopes or chosen.scope_selector:
        defaults = {}
    spec["hard"] = _over(defaults, chosen.quota)
    if chosen.scopes:
        spec["scopes"] = list(chosen.scopes)
    if chosen.scope_selector:
        spec["scopeSelector"] = chosen.scope_selector
    return _object("v1", "ResourceQuota", names.service_account, chosen, spec)


def _services(kind: str) -> dict[str, str]:
    """Traffic that comes in by these hides who sends it; one each for the control plane's own Service."""
    return {
        "services.nodeports": "0" if kind == "ClusterIP" else "1",
        "services.loadbalancers": "1" if kind == "LoadBalancer" else "0",
    }


def _limits(names: Names, policies: Policies) -> Object:
    chosen = policies.limit_range
    limit: Object = {
        "type": "Container",
        "default": _over(LIMITS, chosen.default),
        "defaultRequest": _over(REQUESTS, chosen.default_request),
    }
    if chosen.max:
        limit["max"] = _over({}, chosen.max)
    if chosen.min:
        limit["min"] = _over({}, chosen.min)
    return _object("v1", "LimitRange", names.service_account, chosen, {"limits": [limit]})


def _over(defaults: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """Amounts as texts, without those that were taken away."""
    merged = {**defaults, **{name: str(amount) for name, amount in given.items()}}
    return {name: amount for name, amount in merged.items() if amount}


def _network_policies(names: Names, values: Values, facts: Facts) -> list[Object]:
    chosen = values.policies.network_policy
    pods = {"podSelector": {"matchLabels": {MANAGED_BY: names.cluster}}}
    plane = {"podSelector": {"matchLabels": names.selector}}
    block = chosen.outgoing_connections.ip_block
    outside: Object = {"cidr": block.cidr, **({"except": list(block.except_)} if block.except_ else {})}
    outgoing = [{"ipBlock": outside}] if block.cidr else []
    api: Object = {"ports": [_tcp(ports.API)]}
    if values.control_plane.service.spec.type == "ClusterIP":
        api["from"] = [pods]
    # Virtual kubelets: a metrics-server inside asks them.
    kubelets = [{**_tcp(_FIRST_KUBELET), "endPort": _LAST_KUBELET}]
    api_ports = sorted({*API_PORTS, *facts.api_ports})
    dns = {"matchLabels": {MANAGED_BY: names.cluster, **DNS_LABELS}}
    parts: list[tuple[str, Object]] = [
        (
            "cp",
            {
                **plane,
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [
                    {"from": [plane]},
                    api,
                    {"from": [pods], "ports": kubelets},
                    *chosen.control_plane.ingress,
                ],
                "egress": [
                    {"to": [plane, pods]},
                    # The host's API server, whose address no selector has.
                    {"ports": [_tcp(port) for port in api_ports]},
                    *_to_name_servers(""),
                    *chosen.extra_control_plane_rules,
                ],
            },
        ),
        (
            "work",
            {
                **pods,
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [plane, pods]}, *chosen.workload.ingress],
                "egress": [
                    {"to": [pods, *outgoing]},
                    {"to": [plane], "ports": [_tcp(ports.API)]},
                    *chosen.extra_workload_rules,
                ],
            },
        ),
        (
            "dns",
            {
                "podSelector": dns,
                "policyTypes": ["Egress"],
                "egress": _to_name_servers(chosen.fallback_dns),
            },
        ),
    ]
    return [
        _object("networking.k8s.io/v1", "NetworkPolicy", names.network_policy(part), chosen, spec)
        for part, spec in parts
    ]


def _to_name_servers(address: str) -> list[Object]:
    """To one DNS server, or to any: the host's may be pods, or on nodes."""
    numbers = [{"port": port, "protocol": protocol} for port in (53, 5353) for protocol in ("UDP", "TCP")]
    if address:
        block = {"cidr": f"{address}/{128 if ':' in address else 32}"}
        return [{"to": [{"ipBlock": block}], "ports": numbers[:2]}]
    servers = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    return [{"to": [servers]}, {"ports": numbers}]


def _tcp(port: int) -> Object:
    return {"port": port, "protocol": "TCP"}


def _object(version: str, kind: str, name: str, chosen: Any, spec: Object) -> Object:
    metadata: Object = {"name": name}
    if chosen.labels:
        metadata["labels"] = chosen.labels
    if chosen.annotations:
        metadata["annotations"] = chosen.annotations
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
