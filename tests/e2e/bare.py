"""A virtual control plane without vcli's syncer, shaped as any tool that follows the convention makes it.

Labels ``app=vcluster, release=NAME``, Secret ``vc-NAME``, API port 8443: connecting relies on nothing else.
"""

import base64
from dataclasses import dataclass
from typing import Any

from embedded import Host

from vcli.controlplane.certificates import issue

Object = dict[str, Any]


@dataclass(frozen=True)
class Bare:
    """One such control plane."""

    host: Host
    name: str
    namespace: str
    version: str

    @property
    def context(self) -> str:
        """The context that connecting to it makes."""
        return f"vcluster_{self.name}_{self.namespace}_{self.parent}"

    @property
    def parent(self) -> str:
        """The host's context."""
        return self.host.kubectl("config", "current-context").strip()

    def create(self) -> None:
        """Make it, and wait until it is ready."""
        self.host.kubectl("create", "namespace", self.namespace)
        self.host.apply(self.namespace, *self.objects())
        self.wait()

    def wait(self) -> None:
        """Wait until its pod is there and ready; its controller may not have seen yet that one went."""
        for condition in ("create", "condition=Ready"):
            wait = ["wait", "-n", self.namespace, f"pod/{self.name}-0", f"--for={condition}"]
            self.host.kubectl(*wait, "--timeout=120s", timeout=130)

    def objects(self) -> list[Object]:
        """What it is made of."""
        labels = {"app": "vcluster", "release": self.name}
        names = ["localhost", "127.0.0.1", f"{self.name}.{self.namespace}"]
        encoded = {
            name: base64.b64encode(content).decode() for name, content in issue({"apiserver": names}).items()
        }
        access = {
            "certificate-authority": "ca.crt",
            "client-certificate": "admin.crt",
            "client-key": "admin.key",
        }
        ports = [{"name": "https", "port": 443, "targetPort": 8443}]

        def build(kind: str, name: str, **more: Any) -> Object:
            api = "apps/v1" if kind == "StatefulSet" else "v1"
            return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels}, **more}

        return [
            build("Secret", f"{self.name}-certs", data=encoded),
            build("Secret", f"vc-{self.name}", data={key: encoded[file] for key, file in access.items()}),
            build("Service", self.name, spec={"selector": labels, "ports": ports}),
            build(
                "StatefulSet",
                self.name,
                spec={
                    "replicas": 1,
                    "serviceName": self.name,
                    "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": self._pod()},
                },
            ),
        ]

    def _pod(self) -> Object:
        ready = {
            "httpGet": {"path": "/readyz", "port": 8443, "scheme": "HTTPS"},
            "periodSeconds": 1,
            "timeoutSeconds": 5,
        }
        store = {
            "name": "etcd",
            "image": "registry.k8s.io/etcd:3.6.8-0",
            "command": ["etcd", "--data-dir=/data", "--unsafe-no-fsync"],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }
        server = {
            "name": "kube-apiserver",
            "image": f"registry.k8s.io/kube-apiserver:{self.version}",
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
            "volumeMounts": [{"name": "pki", "mountPath": "/pki"}],
            "readinessProbe": ready,
            "startupProbe": {**ready, "failureThreshold": 120},
        }
        return {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "containers": [store, server],
            "volumes": [
                {"name": "pki", "secret": {"secretName": f"{self.name}-certs"}},
                {"name": "data", "emptyDir": {}},
            ],
        }
