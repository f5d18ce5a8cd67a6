"""Values beside ``enabled: false``, which have no effect; see `value_examples`."""

from typing import Any

_PLANE = "controlPlane"
_STORE = f"{_PLANE}.backingStore"
_K3S = f"{_PLANE}.distro.k3s"
_RULES = [{"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["get"]}]

SECTIONS: dict[str, dict[str, Any]] = {
    f"{_K3S}": {"image.tag": "v1.35.2-k3s1", "extraArgs": ["--v=4"]},
    f"{_PLANE}.distro.k8s.scheduler": {"extraArgs": ["--v=4"], "resources": {"requests": {"cpu": "1"}}},
    f"{_STORE}.etcd.external": {"endpoint": "http://etcd.infra:2379", "tls.secretName": "etcd-client"},
    f"{_STORE}.database.embedded": {"extraArgs": ["--debug"]},
    f"{_STORE}.database.external": {"dataSource": "mysql://a:b@tcp(c:1)/d", "secretName": "database"},
    "policies.networkPolicy": {"fallbackDns": "192.0.2.53", "outgoingConnections.ipBlock.except": []},
    "policies.hostMetadata": {"labels": ["a"], "annotations": ["example.com/*"]},
    "sleepMode": {"autoSleep.afterInactivity": "1h"},
    "sync.fromHost.nodes": {"selector.all": True, "syncBackChanges": True},
    "sync.fromHost.secrets": {"mappings.byName": {"": "apps/*"}},
}
"""Sections that are off by default, each with keys in it that work only where it is on."""

BY_CHOICE: dict[str, dict[str, Any]] = {
    f"{_PLANE}.coredns": {"overwriteConfig": ". {}", "deployment.replicas": 3},
    f"{_PLANE}.statefulSet.persistence.volumeClaim": {
        "size": "9Gi",
        "storageClass": "fast",
        "accessModes": ["ReadWriteOncePod"],
    },
    "policies.limitRange": {"max": {"cpu": 3}},
    "policies.resourceQuota": {"quota": {"pods": 3, "requests.cpu": "many"}, "scopes": ["Terminating"]},
    "rbac.clusterRole": {"extraRules": _RULES},
    "sync.fromHost.ingressClasses": {"selector.matchLabels": {"a": "b"}},
    "sync.toHost.pods.rewriteHosts": {"initContainer.image": "me/python:3"},
}
"""Sections that are on by default, or follow something else."""

SILENT: dict[str, dict[str, Any]] = {
    f"{_PLANE}.ingress": {
        "host": "demo.example.com",
        "pathType": "Exact",
        "spec.rules": [{"host": "a.example"}],
    },
}
"""Sections that are off by default, and take other keys before they are on."""


def _off(section: str, keys: dict[str, Any]) -> dict[str, Any]:
    return {f"{section}.enabled": False, **{f"{section}.{key}": value for key, value in keys.items()}}


OFF: list[dict[str, Any]] = [
    *(_off(section, keys) for section, keys in (SECTIONS | BY_CHOICE | SILENT).items()),
    {
        **_off(f"{_STORE}.etcd.embedded", {"extraArgs": ["--x"]}),
        f"{_STORE}.database.embedded.enabled": True,
    },
    {
        f"{_K3S}.enabled": True,
        **_off(f"{_STORE}.etcd.embedded", {"extraArgs": ["--x"]}),
        **_off(f"{_STORE}.database.embedded", SECTIONS[f"{_STORE}.database.embedded"]),
        **_off(f"{_PLANE}.distro.k8s.scheduler", SECTIONS[f"{_PLANE}.distro.k8s.scheduler"]),
    },
]
"""Values that are taken, with a note; the chart renders the same as without them."""

UNSAID: list[dict[str, Any]] = [
    {f"{section}.{key}": value} for section, keys in SECTIONS.items() for key, value in keys.items()
]
"""The same where ``enabled: false`` is the default and not written: refused, it may have been forgotten.

The chart can't see whether it was written, and takes them.
"""
