"""Values of ``policies``: some that belong together, and what is refused; see `value_examples`."""

from typing import Any

_QUOTA, _LIMITS, _NETWORK = (f"policies.{key}" for key in ("resourceQuota", "limitRange", "networkPolicy"))
_BLOCK = f"{_NETWORK}.outgoingConnections.ipBlock"
_METADATA = "policies.hostMetadata"
_RESOURCES = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
_TO_DATABASE = [{"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [{"port": 5432}]}]
_FROM_INGRESS = [{"from": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]}]
_ON = {f"{key}.enabled": True for key in (_QUOTA, _LIMITS, _NETWORK)}

EXAMPLES: dict[str, list[Any]] = {
    "policies.podSecurityStandard": ["baseline", "restricted", "privileged"],
    f"{_QUOTA}.enabled": [True, False],
    f"{_LIMITS}.enabled": [True, False],
    f"{_NETWORK}.enabled": [True],
    f"{_METADATA}.enabled": [True],
    **{
        key: []
        for key in (
            *(f"{_QUOTA}.{key}" for key in ("labels", "annotations", "quota", "scopeSelector", "scopes")),
            *(f"{_LIMITS}.{key}" for key in ("labels", "annotations", "default", "defaultRequest")),
            *(f"{_LIMITS}.{key}" for key in ("max", "min")),
            *(f"{_NETWORK}.{key}" for key in ("labels", "annotations", "fallbackDns")),
            *(f"{_NETWORK}.{key}" for key in ("extraControlPlaneRules", "extraWorkloadRules")),
            *(f"{_NETWORK}.{key}.ingress" for key in ("controlPlane", "workload")),
            f"{_BLOCK}.cidr",
            f"{_BLOCK}.except",
            f"{_METADATA}.annotations",
            f"{_METADATA}.labels",
        )
    },
}

COMBINATIONS: list[dict[str, Any]] = [
    {**_ON, "policies.podSecurityStandard": "restricted"},
    {
        **_ON,
        "policies.podSecurityStandard": "baseline",
        "controlPlane.service.spec.type": "LoadBalancer",
        "controlPlane.distro.k8s.scheduler.enabled": True,
        "sync.fromHost.nodes.enabled": True,
        "controlPlane.distro.k8s.apiServer.resources": _RESOURCES,
        "controlPlane.statefulSet.resources": {"limits": {"cpu": "500m"}},
        "controlPlane.statefulSet.persistence.volumeClaim.enabled": False,
    },
    {f"{_QUOTA}.enabled": True, f"{_LIMITS}.enabled": False, "controlPlane.service.spec.type": "NodePort"},
    {f"{_QUOTA}.enabled": False, f"{_LIMITS}.enabled": True},
    {
        f"{_QUOTA}.enabled": True,
        f"{_QUOTA}.labels": {"a": "b"},
        f"{_QUOTA}.annotations": {"a": "true"},
        f"{_QUOTA}.quota": {"count/pods": 35, "requests.cpu": "", "pods": "7", "limits.memory": "1.5Gi"},
        f"{_LIMITS}.labels": {"c": "d"},
        f"{_LIMITS}.annotations": {"c": "1"},
        f"{_LIMITS}.default": {"cpu": "750m", "ephemeral-storage": ""},
        f"{_LIMITS}.defaultRequest": {"memory": "1Gi"},
        f"{_LIMITS}.max": {"cpu": 4},
        f"{_LIMITS}.min": {"cpu": "10m", "memory": "4Mi"},
    },
    {
        f"{_LIMITS}.enabled": True,
        f"{_QUOTA}.quota": {"pods": 3},
        f"{_QUOTA}.scopes": ["NotTerminating"],
    },
    {
        f"{_QUOTA}.enabled": True,
        f"{_QUOTA}.quota": {"pods": 3},
        f"{_QUOTA}.scopeSelector": {
            "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]
        },
    },
    {
        f"{_NETWORK}.enabled": True,
        f"{_NETWORK}.labels": {"a": "b"},
        f"{_NETWORK}.annotations": {"a": "b"},
        f"{_NETWORK}.fallbackDns": "2001:db8::1",
        f"{_BLOCK}.cidr": "2001:db8::/32",
        f"{_BLOCK}.except": ["2001:db8:1::/48"],
        f"{_NETWORK}.controlPlane.ingress": _FROM_INGRESS,
        f"{_NETWORK}.workload.ingress": _FROM_INGRESS,
        f"{_NETWORK}.extraControlPlaneRules": _TO_DATABASE,
        f"{_NETWORK}.extraWorkloadRules": _TO_DATABASE,
    },
    {
        f"{_NETWORK}.enabled": True,
        f"{_NETWORK}.fallbackDns": "192.0.2.53",
        f"{_BLOCK}.cidr": "",
        "controlPlane.service.spec.type": "NodePort",
    },
    {f"{_NETWORK}.enabled": True, f"{_BLOCK}.except": []},
    {
        f"{_METADATA}.enabled": True,
        f"{_METADATA}.annotations": ["external-dns.alpha.kubernetes.io/*"],
        f"{_METADATA}.labels": ["*.example.com/*"],
    },
]

_OFF = "of no use while it is off"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"policies.podSecurityStandard": "open"}, "podSecurityStandard"),
    ({f"{_QUOTA}.quota": {"pods": 3}}, _OFF),
    ({f"{_LIMITS}.max": {"cpu": 3}}, _OFF),
    ({f"{_METADATA}.enabled": True, f"{_METADATA}.annotations": ["a b"]}, "no pattern of keys"),
    ({f"{_QUOTA}.enabled": True, f"{_QUOTA}.scopes": ["Terminating"]}, "must be given with scopes"),
    ({f"{_QUOTA}.enabled": True, f"{_QUOTA}.quota": {"pods": "many"}}, "must be a quantity"),
    ({f"{_LIMITS}.enabled": True, f"{_LIMITS}.max": {"cpu": ""}}, "must be a quantity"),
    (
        {f"{_NETWORK}.enabled": True, "sync.toHost.networkPolicies.enabled": True},
        "NetworkPolicies add up",
    ),
    (
        {
            f"{_NETWORK}.enabled": True,
            f"{_NETWORK}.fallbackDns": "192.0.2.53",
            "controlPlane.coredns.enabled": False,
        },
        "of no use without the virtual cluster's DNS",
    ),
    (
        {
            f"{_NETWORK}.enabled": True,
            f"{_NETWORK}.fallbackDns": "192.0.2.53",
            "controlPlane.coredns.overwriteConfig": ". {}",
        },
        "of no use with controlPlane.coredns.overwriteConfig",
    ),
    ({f"{_NETWORK}.enabled": True, f"{_BLOCK}.cidr": "everywhere"}, "cidr"),
]
