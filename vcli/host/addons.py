"""What every host has besides its components: cluster DNS and a default StorageClass."""

from typing import Any

from vcli.host.instance import DNS_IP
from vcli.host.local_volumes import PROVISIONER as LOCAL
from vcli.host.versions import COREDNS_IMAGE

_LABELS = {"k8s-app": "kube-dns"}
_META = {"name": "coredns", "namespace": "kube-system"}
# Two server blocks: `template` comes before `kubernetes` in CoreDNS's fixed order of plugins. Where there
# is no name server beyond the cluster, every other name does not exist: resolvers give up at once.
_COREFILE = """\
cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
    cache 5
    reload
}
.:53 {
    %s
}
"""
_NOTHING_ELSE = "template ANY ANY {\n        rcode NXDOMAIN\n    }"
_FORWARD = "forward . /etc/resolv.conf\n    cache 30"


def addons(*, node: str, name_server: bool = False, local: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """The objects, each with the API path of its collection, in the order to create them.

    Args:
        node: the first one, which is never stopped: cluster DNS stays there.
        name_server: whether there is one beyond the cluster, in the node's resolv.conf.
        local: whether volumes are those of `local_volumes`, for several nodes.
    """
    corefile = _COREFILE % (_FORWARD if name_server else _NOTHING_ELSE)
    core, rbac = "/api/v1/namespaces/kube-system", "/apis/rbac.authorization.k8s.io/v1"
    return [
        (f"{core}/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _META}),
        (f"{rbac}/clusterroles", _role()),
        (f"{rbac}/clusterrolebindings", _binding()),
        (
            f"{core}/configmaps",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _META, "data": {"Corefile": corefile}},
        ),
        ("/apis/apps/v1/namespaces/kube-system/deployments", _deployment(node)),
        (f"{core}/services", _service()),
        ("/apis/storage.k8s.io/v1/storageclasses", _storage_class(local=local)),
    ]


def _role() -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:coredns"},
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["endpoints", "services", "pods", "namespaces"],
                "verbs": ["list", "watch"],
            },
            {
                "apiGroups": ["discovery.k8s.io"],
                "resources": ["endpointslices"],
                "verbs": ["list", "watch"],
            },
        ],
    }


def _binding() -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "system:coredns"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "system:coredns",
        },
        "subjects": [{"kind": "ServiceAccount", **_META}],
    }


def _deployment(node: str) -> dict[str, Any]:
    container = {
        "name": "coredns",
        "image": COREDNS_IMAGE,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "failureThreshold": 5},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {"kubernetes.io/hostname": node},
        "dnsPolicy": "Default",
        "terminationGracePeriodSeconds": 5,
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**_META, "labels": _LABELS},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": pod},
        },
    }


def _service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": _LABELS},
        "spec": {
            "clusterIP": DNS_IP,
            "selector": _LABELS,
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP"},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
            ],
        },
    }


def _storage_class(*, local: bool) -> dict[str, Any]:
    """Volumes without any driver: kube-controller-manager's own provisioner makes a folder on the one node.

    That one knows of no nodes. With several, a volume is made where its pod is.
    """
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": LOCAL if local else "kubernetes.io/host-path",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer" if local else "Immediate",
    }
