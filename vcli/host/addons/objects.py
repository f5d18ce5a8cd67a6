"""Objects that add-ons have in common. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from vcli.host.addons.addon import NAMESPACE
from vcli.kube.types import Object

_RBAC = "rbac.authorization.k8s.io"
_PLURAL = {
    "APIService": "apiservices",
    "GatewayClass": "gatewayclasses",
    "IngressClass": "ingressclasses",
    "StorageClass": "storageclasses",
}


def collection(body: Mapping[str, Any]) -> str:
    """The API path to create an object at."""
    version, kind = body["apiVersion"], body["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = body["metadata"].get("namespace")
    scope = f"{root}/namespaces/{namespace}" if namespace else root
    return f"{scope}/{_PLURAL.get(kind, kind.lower() + 's')}"


def account(name: str) -> Object:
    """A ServiceAccount for the pods of an add-on."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named(name)}


def cluster_role(name: str, *rules: tuple[str, str, str]) -> Object:
    """A ClusterRole of rules of API group, resources and verbs, these two with blanks between them."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
            for group, resources, verbs in rules
        ],
    }


def bound_to_account(role: str, name: str, *, binding: str = "") -> Object:
    """A ClusterRoleBinding to a ServiceAccount of an add-on; named as the role if not otherwise."""
    subject = {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}
    return _binding("ClusterRoleBinding", {"name": binding or role}, "ClusterRole", role, subject)


def bound_to_user(role: str, user: str) -> Object:
    """A ClusterRoleBinding to a client of `Addon.users`."""
    subject = {"apiGroup": _RBAC, "kind": "User", "name": f"vcli:{user}"}
    return _binding("ClusterRoleBinding", {"name": role}, "ClusterRole", role, subject)


def bound_in_namespace(role: str, name: str, *, binding: str) -> Object:
    """A RoleBinding of a Role that exists in the add-ons' namespace to a ServiceAccount."""
    subject = {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}
    return _binding("RoleBinding", named(binding), "Role", role, subject)


def deployment(name: str, labels: Mapping[str, str], pod: Object) -> Object:
    """A Deployment of one pod."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": named(name, labels),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def on_node(deployment: Object, node: str) -> Object:
    """The Deployment with its pods on this node."""
    template = deployment["spec"]["template"]
    pod = template["spec"] | {"nodeSelector": {"kubernetes.io/hostname": node}}
    return deployment | {"spec": deployment["spec"] | {"template": template | {"spec": pod}}}


def service(name: str, labels: Mapping[str, str], ports: Sequence[Object], **spec: object) -> Object:
    """A Service for the pods with the labels."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": named(name, labels),
        "spec": {**spec, "selector": labels, "ports": ports},
    }


def named(name: str, labels: Mapping[str, str] | None = None) -> Object:
    """Metadata of an object of an add-on."""
    return {"name": name, "namespace": NAMESPACE, **({"labels": labels} if labels else {})}


def _binding(kind: str, metadata: Object, role_kind: str, role: str, subject: Object) -> Object:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": role_kind, "name": role},
        "subjects": [subject],
    }
