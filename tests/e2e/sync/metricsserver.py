"""A stock metrics-server: its image for the embedded host, and its manifests as its own release has them."""

import subprocess
import sys
from pathlib import Path

from space import Object

from vcli.host.oci import Image, write_archive

NAME = "metrics-server"
NAMESPACE = "kube-system"
IMAGE = "registry.k8s.io/metrics-server/metrics-server:v0.9.0"
API_SERVICE = "v1beta1.metrics.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_ROOT = Path(__file__).resolve().parents[3]


def archive(folder: Path) -> Path:
    """Build the program, unless it has been; gives an OCI archive of the image."""
    build = [sys.executable, "-m", "lab", "build", NAME]
    done = subprocess.run(build, cwd=_ROOT, capture_output=True, text=True, timeout=1800, check=True)
    [program] = [Path(line) for line in done.stdout.split() if Path(line).name == NAME]
    path = folder / f"{NAME}.tar"
    image = Image(names=[IMAGE], files={"/metrics-server": program}, entrypoint=["/metrics-server"])
    write_archive(image, path)
    return path


def manifests(*args: str) -> list[Object]:
    """All its objects.

    Args:
        args: more flags, or others in place of the usual ones.
    """
    labels = {"k8s-app": NAME}
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    usual = [
        "--cert-dir=/tmp",
        "--secure-port=10250",
        "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
        "--kubelet-use-node-status-port",
        "--metric-resolution=15s",
    ]
    given = {each.split("=")[0] for each in args}  # of a list, it would take both
    probe = {"httpGet": {"path": "/readyz", "port": "https", "scheme": "HTTPS"}, "timeoutSeconds": 10}
    container = {
        "name": NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": [*(each for each in usual if each.split("=")[0] not in given), *args],
        "ports": [{"name": "https", "containerPort": 10250}],
        "readinessProbe": {**probe, "periodSeconds": 2},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    pod = {
        "serviceAccountName": NAME,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    rules = [
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]},
    ]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named(NAME)},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": f"system:{NAME}"},
            "rules": rules,
        },
        _binding("ClusterRoleBinding", {"name": f"system:{NAME}"}, "ClusterRole", f"system:{NAME}", account),
        _binding(
            "ClusterRoleBinding",
            {"name": f"{NAME}:system:auth-delegator"},
            "ClusterRole",
            "system:auth-delegator",
            account,
        ),
        _binding(
            "RoleBinding",
            _named(f"{NAME}-auth-reader"),
            "Role",
            "extension-apiserver-authentication-reader",
            account,
        ),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": _named(NAME),
            "spec": {
                "selector": labels,
                "ports": [{"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"}],
            },
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": _named(NAME),
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": API_SERVICE},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": NAME, "namespace": NAMESPACE, "port": 443},
            },
        },
    ]


def _named(name: str) -> Object:
    return {"name": name, "namespace": NAMESPACE, "labels": {"k8s-app": NAME}}


def _binding(kind: str, metadata: Object, role_kind: str, role: str, account: Object) -> Object:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": role_kind, "name": role},
        "subjects": [account],
    }
