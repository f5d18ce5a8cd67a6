"""Values about how the API server is reached: some that belong together, and what is refused."""

from typing import Any

_INGRESS = "controlPlane.ingress"
_SPEC = "controlPlane.service.spec"
_ON = {f"{_INGRESS}.enabled": True, f"{_INGRESS}.host": "vc.example.com"}

EXAMPLES: dict[str, list[Any]] = {
    # Of effect together with a host.
    f"{_INGRESS}.enabled": [],
    f"{_INGRESS}.host": [],
    f"{_INGRESS}.pathType": [],
    f"{_INGRESS}.labels": [],
    f"{_INGRESS}.annotations": [],
    f"{_INGRESS}.spec": [],
    # With a type that is not the default.
    **{
        f"{_SPEC}.{key}": []
        for key in (
            "externalTrafficPolicy",
            "loadBalancerClass",
            "loadBalancerIP",
            "loadBalancerSourceRanges",
        )
    },
}

SERVICES: list[dict[str, Any]] = [
    {f"{_SPEC}.type": "NodePort", f"{_SPEC}.externalTrafficPolicy": "Local"},
    {
        f"{_SPEC}.type": "LoadBalancer",
        f"{_SPEC}.externalTrafficPolicy": "Cluster",
        f"{_SPEC}.loadBalancerClass": "lb.example.com/one",
        f"{_SPEC}.loadBalancerIP": "203.0.113.7",
        f"{_SPEC}.loadBalancerSourceRanges": ["198.51.100.0/24", "2001:db8::/32"],
    },
]

COMBINATIONS: list[dict[str, Any]] = [
    _ON,
    {
        **_ON,
        f"{_INGRESS}.pathType": "Prefix",
        f"{_INGRESS}.labels": {"a": "true", "release": "other"},
        f"{_INGRESS}.annotations": {
            "lb.example.com/tls-passthrough": "true",
            "nginx.ingress.kubernetes.io/ssl-redirect": "false",
        },
        f"{_INGRESS}.spec": {
            "ingressClassName": "public",
            "tls": [{"hosts": ["vc.example.com"], "secretName": "vc-tls"}],
        },
    },
    {
        **_ON,
        "controlPlane.proxy.extraSANs": ["a.example"],
        "controlPlane.service.annotations": {"b": "1"},
        "controlPlane.advanced.globalMetadata.annotations": {"c": "2", "vcli.dev/exposed-by": "x"},
        "exportKubeConfig.additionalSecrets": [
            {"name": "a"},
            {"name": "a", "namespace": "tools"},
            {"name": "b", "server": "https://b"},
        ],
    },
    {**_ON, "exportKubeConfig.server": "https://c", "exportKubeConfig.secret.name": "d"},
    {**_ON, "exportKubeConfig.secret.name": "d"},
    {f"{_INGRESS}.host": "vc.example.com", f"{_INGRESS}.annotations": {"a": "b"}},
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({f"{_INGRESS}.enabled": True}, "must be given for an Ingress"),
    ({**_ON, f"{_INGRESS}.host": "*.example.com"}, "host"),
    ({**_ON, f"{_INGRESS}.pathType": "Regex"}, "pathType"),
    ({**_ON, f"{_INGRESS}.spec": {"rules": []}}, "the one rule is made from host and pathType"),
    ({f"{_SPEC}.externalTrafficPolicy": "Local"}, "not with type ClusterIP"),
    ({f"{_SPEC}.type": "NodePort", f"{_SPEC}.loadBalancerIP": "203.0.113.7"}, "not with type NodePort"),
    ({f"{_SPEC}.loadBalancerSourceRanges": ["198.51.100.0/24"]}, "not with type ClusterIP"),
    ({f"{_SPEC}.type": "LoadBalancer", f"{_SPEC}.externalTrafficPolicy": "Nearest"}, "externalTrafficPolicy"),
    ({f"{_SPEC}.ports": [{"port": 6443}]}, "ports"),
]
