"""Cluster DNS: CoreDNS, as every cluster has it."""

from vcli.host.addons import objects
from vcli.host.addons.addon import Addon, Facts, deployment
from vcli.host.instance import DNS_IP
from vcli.host.versions import COREDNS_IMAGE
from vcli.kube.types import Object

_NAME = "coredns"
_ROLE = "system:coredns"
_LABELS = {"k8s-app": "kube-dns"}
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


def _objects(facts: Facts) -> list[Object]:
    corefile = _COREFILE % (_FORWARD if facts.name_server else _NOTHING_ELSE)
    return [
        objects.account(_NAME),
        objects.cluster_role(
            _ROLE,
            ("", "endpoints services pods namespaces", "list watch"),
            ("discovery.k8s.io", "endpointslices", "list watch"),
        ),
        objects.bound_to_account(_ROLE, _NAME),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": objects.named(_NAME),
            "data": {"Corefile": corefile},
        },
        objects.deployment(_NAME, _LABELS, _pod()),
        objects.service(
            "kube-dns",
            _LABELS,
            [
                {"name": "dns", "port": 53, "protocol": "UDP"},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
            ],
            clusterIP=DNS_IP,
        ),
    ]


def _pod() -> Object:
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
    return {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "terminationGracePeriodSeconds": 5,
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }


CLUSTER_DNS = Addon(
    name="cluster-dns",
    summary="names of Services and pods",
    objects=_objects,
    available=[deployment(_NAME)],
)
