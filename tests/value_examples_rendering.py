"""Values of the control plane as a whole, what is inside from the start, and rights; see `value_examples`."""

from typing import Any

_SET = "controlPlane.statefulSet"
_DISTRO = "controlPlane.distro.k8s"
SHARED = [
    {"limits": {"memory": "6Gi"}},
    {"limits": {"cpu": 2, "memory": "1500000000"}},
    {"requests": {"cpu": 1.5, "memory": "8Gi", "ephemeral-storage": "1.5G"}},
    {"requests": {"cpu": "900m", "memory": 2000000000}, "limits": {"ephemeral-storage": "2Gi"}},
]
_POD_SECURITY = {"runAsUser": 1, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
_CONTAINER_SECURITY = {"runAsUser": 7, "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}
_MANIFESTS = """
# Two of them.
apiVersion: v1
kind: ConfigMap
metadata: {name: welcome}
data: {greeting: "hello"}
--- # and
apiVersion: v1
kind: List
items:
  - {apiVersion: example.com/v1, kind: Widget, metadata: {name: one}, spec: {size: 3, ratio: 0.5, live: true}}
---
"""
_RULES = [
    {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"apiGroups": ["*"], "resources": ["things"], "verbs": ["get"], "resourceNames": ["one"]},
]

EXAMPLES: dict[str, list[Any]] = {
    f"{_SET}.scheduling.podManagementPolicy": ["OrderedReady"],
    f"{_SET}.security.podSecurityContext": [_POD_SECURITY, {"fsGroup": 2000}],
    f"{_SET}.security.containerSecurityContext": [
        _CONTAINER_SECURITY,
        {"allowPrivilegeEscalation": False, "runAsUser": 0, "runAsGroup": 0},
        {"readOnlyRootFilesystem": False},
    ],
    "experimental.deploy.vcluster.manifests": [_MANIFESTS],
    "networking.serviceCIDR": ["10.43.0.0/16", "10.43.0.0/16,fd00:10:43::/112"],
    "rbac.clusterRole.extraRules": [_RULES],
    "rbac.role.extraRules": [_RULES],
}

COMBINATIONS: list[dict[str, Any]] = [
    {f"{_DISTRO}.apiServer.image.tag": "v1.35.2"},
    {f"{_DISTRO}.apiServer.image": "me/api:v1.35.2-mine", f"{_DISTRO}.version": "1.35.2"},
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"rbac.role.extraRules": [{"apiGroups": [""], "resources": [], "verbs": ["get"]}]}, "must not be empty"),
    ({"rbac.role.extraRules": [{"resources": ["pods"], "verbs": ["get"]}]}, "apiGroups"),
    ({"experimental.deploy.vcluster.manifests": "kind: ConfigMap"}, "document 1 has no apiVersion"),
    ({"experimental.deploy.vcluster.manifests": "a: b: c"}, "document 1 is not YAML"),
    (
        {"experimental.deploy.vcluster.manifests": "---\napiVersion: v1\nkind: Pod"},
        "document 2, of kind Pod, has no metadata.name",
    ),
    ({"networking.serviceCIDR": "all"}, "serviceCIDR"),
    ({f"{_DISTRO}.apiServer.image.tag": "v1.29.3"}, "older than 1.30"),
    (
        {f"{_DISTRO}.apiServer.image.tag": "v1.35.2", f"{_DISTRO}.version": "1.35.1"},
        "which controlPlane.distro.k8s.version asks for",
    ),
    ({f"{_SET}.image.tag": "3.1"}, "is no Python 3.11"),
    ({f"{_SET}.resources": {"limits": {"memory": "64Mi"}}}, "is less than the control plane requests"),
    ({f"{_SET}.resources": {"limits": {"nvidia.com/gpu": 1}}}, "can be shared out over containers"),
    ({f"{_SET}.resources": {"claims": [{"name": "a"}]}}, "can't be shared out over containers"),
    ({f"{_SET}.resources": {"requests": {"memory": "lots"}}}, "is not a quantity"),
    ({f"{_SET}.security.podSecurityContext": {"runAsUser": 0}}, "0 is root"),
]
