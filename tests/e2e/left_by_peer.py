"""A virtual cluster as loft-sh's vcluster leaves it on its host.

Built of the facts that ``vcli adopt`` relies on: names, labels, annotations, keys of Secrets, the file of the
store, and what is inside for the pod, its node and its volume. The programs are upstream's, a container each.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from embedded import Host

from foreign_ca import authority
from vcli.config.schema_database import KINE
from vcli.controlplane.certificates import issue

Object = dict[str, Any]
NAME = "demo"
RELEASE = {"app": "vcluster", "release": NAME}
CHART = {**RELEASE, "chart": "vcluster-0.30.0", "heritage": "Helm"}


@dataclass(frozen=True)
class LeftByPeer:
    """One such virtual cluster, ``demo``."""

    host: Host
    namespace: str
    version: str

    def create(self) -> None:
        """Make it, and wait until its API is ready."""
        self.host.apply(self.namespace, *self._control_plane())
        for condition in ("create", "condition=Ready"):
            wait = ["wait", "-n", self.namespace, f"pod/{NAME}-0", f"--for={condition}", "--timeout=120s"]
            self.host.kubectl(*wait, timeout=130)

    def on_host(self, kind: str, name: str, own: Object, **more: Any) -> Object:
        """A host object as its syncer makes it for a virtual one."""
        service = self.host.get("service", NAME, "-n", self.namespace)
        metadata = own["metadata"]
        host_name = f"{name}-x-{metadata['namespace']}-x-{NAME}"
        theirs = {
            "object-name": name,
            "object-namespace": metadata["namespace"],
            "object-uid": metadata["uid"],
        }
        theirs |= {"object-host-name": host_name, "object-host-namespace": self.namespace}
        marks = {"managed-by": NAME, "namespace": metadata["namespace"]}
        owner = {"apiVersion": "v1", "kind": "Service", "name": NAME, "uid": service["metadata"]["uid"]}
        return {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {
                "name": host_name,
                "namespace": self.namespace,
                "labels": metadata.get("labels", {}) | {f"vcluster.loft.sh/{k}": v for k, v in marks.items()},
                "annotations": {f"vcluster.loft.sh/{key}": value for key, value in theirs.items()},
                "ownerReferences": [owner],
            },
            **more,
        }

    def _control_plane(self) -> list[Object]:
        ca, front = authority("kubernetes"), authority("front-proxy-ca")
        given = {f"ca.{part}": ca[part] for part in ca} | {
            f"front-proxy-ca.{part}": front[part] for part in front
        }
        files = issue({"apiserver": ["localhost", "127.0.0.1", NAME]}, existing=given)
        pki = {name: files[name] for name in (*given, "sa.key", "sa.pub", "apiserver.crt", "apiserver.key")}
        same = {f"{which}-ca.{part}": ca[part] for which in ("server", "client") for part in ca}
        access = {
            "certificate-authority": files["ca.crt"],
            "client-certificate": files["admin.crt"],
            "client-key": files["admin.key"],
        }
        ports = [{"name": "https", "port": 443, "targetPort": 8443}]
        return [
            _secret(f"vc-config-{NAME}", {"config.yaml": json.dumps(self._values()).encode()}, labels=CHART),
            _secret(f"{NAME}-certs", pki | same | {"admin.conf": b"theirs"}),
            _secret(f"vc-{NAME}", access),
            _secret(f"sh.helm.release.v1.{NAME}.v1", {}, labels={"owner": "helm", "name": NAME}),
            _object("ServiceAccount", f"vc-{NAME}", labels=CHART),
            _object("ServiceAccount", f"vc-workload-{NAME}", labels=CHART),
            _object("Service", NAME, labels=CHART, spec={"selector": RELEASE, "ports": ports}),
            _object(
                "Service",
                f"{NAME}-headless",
                labels=CHART,
                spec={"clusterIP": "None", "selector": RELEASE, "ports": ports},
            ),
            _object(
                "Service",
                f"{NAME}-node-n",
                labels={"vcluster.loft.sh/belongs-to": NAME, "vcluster.loft.sh/node": "n"},
                spec={"selector": RELEASE, "ports": [{"name": "kubelet", "port": 10250, "targetPort": 8443}]},
            ),
            self._stateful_set(),
        ]

    def _values(self) -> Object:
        return {
            "controlPlane": {
                "distro": {
                    "k8s": {"enabled": True, "image": {"tag": self.version}},
                    "k3s": {"enabled": False},
                },
                "backingStore": {
                    "etcd": {"embedded": {"enabled": False}, "deploy": {"enabled": False}},
                    "database": {"embedded": {"enabled": False}, "external": {"enabled": False}},
                },
                "coredns": {"enabled": False},
                "statefulSet": {"highAvailability": {"replicas": 1}},
            },
            "sync": {"toHost": {"pods": {"enabled": True}}, "fromHost": {"nodes": {"enabled": False}}},
            "plugins": {},
        }

    def _stateful_set(self) -> Object:
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        return _object(
            "StatefulSet",
            NAME,
            labels=CHART,
            spec={
                "replicas": 1,
                "serviceName": f"{NAME}-headless",
                "podManagementPolicy": "Parallel",
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"},
                "selector": {"matchLabels": RELEASE},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
                "template": {"metadata": {"labels": RELEASE}, "spec": self._pod()},
            },
        )

    def _pod(self) -> Object:
        server = f"registry.k8s.io/kube-apiserver:{self.version}"
        ready = {"httpGet": {"path": "/readyz", "port": 8443, "scheme": "HTTPS"}, "periodSeconds": 1}
        data, pki = {"name": "data", "mountPath": "/data"}, {"name": "pki", "mountPath": "/pki"}
        return {
            "serviceAccountName": f"vc-{NAME}",
            "terminationGracePeriodSeconds": 1,
            "initContainers": [
                {"name": "kubernetes", "image": server, "command": ["kube-apiserver", "--version"]}
            ],
            "containers": [
                {
                    "name": "syncer",
                    "image": f"docker.io/rancher/kine:{KINE}",
                    "securityContext": {"runAsUser": 0, "runAsGroup": 0, "allowPrivilegeEscalation": False},
                    "command": [
                        "/bin/kine",
                        "--endpoint=sqlite:///data/state.db?_journal=WAL&cache=shared&_busy_timeout=30000",
                        "--listen-address=127.0.0.1:2379",
                        "--metrics-bind-address=0",
                    ],
                    "volumeMounts": [data],
                },
                {
                    "name": "apiserver",
                    "image": server,
                    "command": [
                        "kube-apiserver",
                        "--etcd-servers=http://127.0.0.1:2379",
                        "--secure-port=8443",
                        "--service-cluster-ip-range=10.96.0.0/16",
                        "--client-ca-file=/pki/client-ca.crt",
                        "--tls-cert-file=/pki/apiserver.crt",
                        "--tls-private-key-file=/pki/apiserver.key",
                        "--service-account-key-file=/pki/sa.pub",
                        "--service-account-signing-key-file=/pki/sa.key",
                        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                        "--authorization-mode=Node,RBAC",
                        "--endpoint-reconciler-type=none",
                    ],
                    "volumeMounts": [pki],
                    "readinessProbe": ready,
                },
            ],
            "volumes": [{"name": "pki", "secret": {"secretName": f"{NAME}-certs"}}],
        }


def _object(kind: str, name: str, *, labels: dict[str, str] | None = None, **more: Any) -> Object:
    api = "apps/v1" if kind == "StatefulSet" else "v1"
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels or {}}, **more}


def _secret(name: str, data: dict[str, bytes], *, labels: dict[str, str] | None = None) -> Object:
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    return _object("Secret", name, labels=labels, data=encoded)
