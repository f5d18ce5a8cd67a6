"""One object of each kind that goes to the host, and its translation: for tests that go over all of them."""

import copy
from collections.abc import Callable
from typing import Any, Final

from vcli.syncer.translate import (
    backendtlspolicies,
    configs,
    customresources,
    endpoints,
    gateways,
    ingresses,
    networkpolicies,
    persistentvolumes,
    poddisruptionbudgets,
    pods,
    priorityclasses,
    pvcs,
    resourceclaims,
    routes,
    serviceaccounts,
    services,
    storageclasses,
    volumesnapshotcontents,
    volumesnapshots,
)
from vcli.syncer.translate.gateway_refs import Referrer
from vcli.syncer.translate.scope import Scope

Object = dict[str, Any]
Translate = Callable[[Object, Scope], Object]

OWNER: Final = {"apiVersion": "v1", "kind": "Service", "name": "demo", "uid": "owner-uid"}
CUSTOM: Final = "widgets"
"""A custom resource that the values name; all others are in the catalog."""


def scope(**changes: Any) -> Scope:
    """The virtual cluster demo in the host namespace team-a."""
    return Scope(**({"cluster": "demo", "host_namespace": "team-a", "owner": OWNER} | changes))


def _pod(pod: Object, within: Scope) -> Object:
    context = pods.PodContext(
        scope=within, service_account="sa", api_host="10.96.3.4", api_port=443, dns_ip="10.96.0.77"
    )
    return pods.to_host(pod, context)


def _widget(widget: Object, within: Scope) -> Object:
    return customresources.to_host(widget, [], places={}, scope=within)


def _referrer(obj: Object, within: Scope) -> Referrer:
    """Of an object in a virtual cluster without ReferenceGrants."""
    return Referrer(obj["kind"], obj["metadata"]["namespace"], lambda _: (), within)


def _route(route: Object, within: Scope) -> Object:
    parents = [{"name": "public-x-default-x-demo"}]
    version = f"{_GATEWAY_API}/v1"
    return routes.to_host(route, parents, _referrer(route, within), version=version, kind=route["kind"])


_GATEWAY_API: Final = "gateway.networking.k8s.io"
_ROUTES: Final = {
    f"{kind.lower()}s": kind for kind in ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")
}

TRANSLATIONS: Final[dict[str, Translate]] = {
    "pods": _pod,
    "services": lambda obj, within: services.to_host(obj, scope=within),
    "configmaps": lambda obj, within: configs.config_map_to_host(obj, scope=within),
    "secrets": lambda obj, within: configs.secret_to_host(obj, scope=within),
    "persistentvolumeclaims": lambda obj, within: pvcs.to_host(obj, scope=within),
    "endpointslices": lambda obj, within: endpoints.slice_to_host(obj, scope=within),
    "ingresses": lambda obj, within: ingresses.to_host(obj, scope=within),
    "poddisruptionbudgets": lambda obj, within: poddisruptionbudgets.to_host(obj, scope=within),
    "networkpolicies": lambda obj, within: networkpolicies.to_host(obj, scope=within),
    "priorityclasses": lambda obj, within: priorityclasses.to_host(obj, scope=within),
    "storageclasses": lambda obj, within: storageclasses.to_host(obj, scope=within),
    "serviceaccounts": lambda obj, within: serviceaccounts.to_host(obj, scope=within),
    "persistentvolumes": lambda obj, within: persistentvolumes.to_host(obj, scope=within),
    "volumesnapshots": lambda obj, within: volumesnapshots.to_host(obj, scope=within),
    "volumesnapshotcontents": lambda obj, within: volumesnapshotcontents.to_host(obj, scope=within),
    "resourceclaims": lambda obj, within: resourceclaims.to_host(obj, scope=within),
    "gateways": lambda obj, within: gateways.to_host(obj, _referrer(obj, within)),
    "backendtlspolicies": lambda obj, within: backendtlspolicies.to_host(obj, _referrer(obj, within)),
    **dict.fromkeys(_ROUTES, _route),
    CUSTOM: _widget,
}
"""By the plural of a kind."""

_BACKEND: Final = {"service": {"name": "web", "port": {"number": 80}}}
_BODIES: Final[dict[str, Object]] = {
    "pods": {
        "kind": "Pod",
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "nginx:1",
                    "env": [
                        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
                        {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
                    ],
                    "envFrom": [{"secretRef": {"name": "s"}}],
                }
            ],
            "volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "c"}}]}}],
            "affinity": {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}}
                    ]
                }
            },
        },
    },
    "services": {
        "kind": "Service",
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.1.1",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
            "selector": {"app": "web"},
        },
    },
    "configmaps": {"kind": "ConfigMap", "data": {"k": "v"}},
    "secrets": {"kind": "Secret", "type": "Opaque", "data": {"k": "dg=="}},
    "persistentvolumeclaims": {
        "kind": "PersistentVolumeClaim",
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    },
    "endpointslices": {
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.1"]}],
        "ports": [{"port": 80}],
    },
    "ingresses": {
        "kind": "Ingress",
        "spec": {
            "defaultBackend": _BACKEND,
            "tls": [{"secretName": "tls"}],
            "rules": [
                {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": _BACKEND}]}},
            ],
        },
    },
    "poddisruptionbudgets": {
        "kind": "PodDisruptionBudget",
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"desiredHealthy": 1},
    },
    "networkpolicies": {
        "kind": "NetworkPolicy",
        "spec": {
            "podSelector": {"matchLabels": {"app": "web"}},
            "ingress": [{"from": [{"podSelector": {}, "namespaceSelector": {"matchLabels": {"a": "b"}}}]}],
        },
    },
    "priorityclasses": {"kind": "PriorityClass", "value": 5},
    "storageclasses": {"kind": "StorageClass", "provisioner": "example.com/p", "parameters": {"a": "b"}},
    "serviceaccounts": {"kind": "ServiceAccount"},
    "persistentvolumes": {
        "kind": "PersistentVolume",
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "claimRef": {"namespace": "default", "name": "data"},
            "csi": {"driver": "example.com", "volumeHandle": "h"},
        },
    },
    "volumesnapshots": {
        "kind": "VolumeSnapshot",
        "spec": {"source": {"persistentVolumeClaimName": "data"}},
    },
    "volumesnapshotcontents": {
        "kind": "VolumeSnapshotContent",
        "spec": {
            "driver": "example.com",
            "deletionPolicy": "Retain",
            "source": {"snapshotHandle": "h"},
            "volumeSnapshotRef": {"namespace": "default", "name": "snap"},
        },
    },
    "resourceclaims": {
        "kind": "ResourceClaim",
        "spec": {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "gpu"}}]}},
    },
    "gateways": {
        "kind": "Gateway",
        "spec": {
            "gatewayClassName": "traefik",
            "listeners": [
                {
                    "name": "web",
                    "port": 443,
                    "protocol": "HTTPS",
                    "tls": {"certificateRefs": [{"name": "tls"}]},
                }
            ],
        },
    },
    "backendtlspolicies": {
        "kind": "BackendTLSPolicy",
        "spec": {
            "targetRefs": [{"group": "", "kind": "Service", "name": "web"}],
            "validation": {
                "hostname": "web.example",
                "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}],
            },
        },
    },
    **{
        plural: {
            "kind": kind,
            "spec": {
                "parentRefs": [{"name": "public"}],
                "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
            },
        }
        for plural, kind in _ROUTES.items()
    },
    CUSTOM: {"apiVersion": "example.com/v1", "kind": "Widget", "spec": {"size": 3}},
}
_IN_NO_NAMESPACE: Final = frozenset(
    {"priorityclasses", "storageclasses", "persistentvolumes", "volumesnapshotcontents"}
)


def example(plural: str, **metadata: Any) -> Object:
    """An object of a kind as the virtual API has it; the caller may change it."""
    place = {} if plural in _IN_NO_NAMESPACE else {"namespace": "default"}
    own: Object = {"name": "web", "uid": "uid-web", "resourceVersion": "7", **place, **metadata}
    return {"apiVersion": "v1", **copy.deepcopy(_BODIES[plural]), "metadata": own}
