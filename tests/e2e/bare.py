"""A virtual control plane without vcli's syncer, shaped as any tool that follows the convention makes it.

Labels ``app=vcluster, release=NAME``, Secret ``vc-NAME``, API port 8443: that is all that connecting relies on.
"""

import base64

from vcli.controlplane.certificates import issue
from vcli.kube.client import Client
from vcli.kube.resources import NAMESPACES, SECRETS, SERVICES, STATEFULSETS


async def create(client: Client, name: str, namespace: str, *, version: str, replicas: int = 1) -> None:
    """Make it; it is ready some seconds later."""
    labels = {"app": "vcluster", "release": name}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    files = issue({"apiserver": ["localhost", "127.0.0.1", f"{name}.{namespace}", f"{name}.{namespace}.svc"]})
    encoded = {key: base64.b64encode(value).decode() for key, value in files.items()}
    await client.apply(NAMESPACES, {"metadata": {"name": namespace}})
    await client.apply(SECRETS, {"metadata": {**metadata, "name": f"{name}-certs"}, "data": encoded})
    access = {"certificate-authority": "ca.crt", "client-certificate": "admin.crt", "client-key": "admin.key"}
    data = {key: encoded[file] for key, file in access.items()}
    await client.apply(SECRETS, {"metadata": {**metadata, "name": f"vc-{name}"}, "data": data})
    ports = [{"name": "https", "port": 443, "targetPort": 8443}]
    await client.apply(SERVICES, {"metadata": metadata, "spec": {"selector": labels, "ports": ports}})
    await client.apply(STATEFULSETS, _workload(metadata, labels, version, replicas))


def _workload(metadata, labels, version, replicas):
    pki = [{"name": "pki", "mountPath": "/pki"}]
    ready = {"httpGet": {"path": "/readyz", "port": 8443, "scheme": "HTTPS"}, "periodSeconds": 1}
    containers = [
        {
            "name": "etcd",
            "image": "registry.k8s.io/etcd:3.6.8-0",
            "command": ["etcd", "--data-dir=/data", "--unsafe-no-fsync"],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        },
        {
            "name": "kube-apiserver",
            "image": f"registry.k8s.io/kube-apiserver:{version}",
            "command": [
                "kube-apiserver",
                "--etcd-servers=http://127.0.0.1:2379",
                "--secure-port=8443",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--client-ca-file=/pki/ca.crt",
                "--tls-cert-file=/pki/apiserver.crt",
                "--tls-private-key-file=/pki/apiserver.key",
                "--service-account-key-file=/pki/sa.pub",
                "--service-account-signing-key-file=/pki/sa.key",
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                "--authorization-mode=RBAC",
                "--endpoint-reconciler-type=none",
            ],
            "volumeMounts": pki,
            "readinessProbe": ready,
            "startupProbe": {**ready, "failureThreshold": 120},
        },
    ]
    volumes = [{"name": "pki", "secret": {"secretName": f"{metadata['name']}-certs"}}, {"name": "data", "emptyDir": {}}]
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "containers": containers,
        "volumes": volumes,
    }
    return {
        "metadata": metadata,
        "spec": {
            "replicas": replicas,
            "serviceName": metadata["name"],
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
