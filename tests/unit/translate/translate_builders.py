"""Small objects for the tests of translate."""

import copy
import json
from contextlib import contextmanager
from typing import Any

from vcli.syncer.translate.pods import PodContext
from vcli.syncer.translate.scope import Scope

OWNER = {"apiVersion": "v1", "kind": "Service", "name": "demo", "uid": "owner-uid"}
SCOPE = Scope(cluster="demo", host_namespace="team-a", owner=OWNER)


def context(**changes: Any) -> PodContext:
    base: dict[str, Any] = {
        "scope": SCOPE,
        "service_account": "vc-workload-demo",
        "api_host": "10.96.3.4",
        "api_port": 443,
        "dns_ip": "10.96.0.77",
    }
    return PodContext(**(base | changes))


def pod(name: str = "web", namespace: str = "default", **spec: Any) -> dict[str, Any]:
    """A virtual pod; what is no field of a spec goes where it belongs."""
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}"}
    for key, field in (
        ("labels", "labels"),
        ("annotations", "annotations"),
        ("owners", "ownerReferences"),
        ("generation", "generation"),
    ):
        if key in spec:
            metadata[field] = spec.pop(key)
    status = spec.pop("status", {"phase": "Pending", "qosClass": "BestEffort"})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "containers": [{"name": "main", "image": "nginx:1"}],
            "serviceAccountName": "default",
            **spec,
        },
        "status": status,
    }


def service(name: str = "web", namespace: str = "default", **spec: Any) -> dict[str, Any]:
    base = {
        "type": "ClusterIP",
        "clusterIP": "10.96.1.1",
        "clusterIPs": ["10.96.1.1"],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
        "selector": {"app": "web"},
    }
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}"},
        "spec": base | spec,
    }


@contextmanager
def unchanged(*objects: Any):
    """Whatever happens inside leaves these objects as they are."""
    before = copy.deepcopy(objects)
    yield
    assert json.dumps(objects, sort_keys=True) == json.dumps(before, sort_keys=True)
