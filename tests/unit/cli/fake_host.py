"""A host for tests of the command line: it answers as an API server, and holds a virtual cluster, ``demo``.

It checks nothing and watches nothing: what is tested with it is what the program makes of the answers.
"""

import base64
import contextlib
import copy
import json
import os
import signal
import socket
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from vcli.catalog import MADE_ON_HOST
from vcli.controlplane.certificates import issue

Object = dict[str, Any]

HOSTILE = "\x1b[31mred\x1b[0m\x1b]0;title\x07\rover \u202etxt.exe\u2028next\nerror: forged\x9b1m\x7f"
"""What a tenant may put wherever text is free."""


def _objects() -> dict[str, Object]:
    """The objects of the host by path."""
    labels = {"app": "vcluster", "release": "demo", "vcli.dev/cluster": "demo"}
    synced = {"vcli.dev/managed-by": "demo"}
    pki = {name: _b64(data.decode()) for name, data in issue({}).items()}
    access = {"client-certificate": pki.pop("admin.crt"), "client-key": pki.pop("admin.key")}
    containers = [{"name": "kube-apiserver", "image": "registry.k8s.io/kube-apiserver:v1.36.3"}]
    states = [{"name": "kube-apiserver", "ready": True, "state": {"running": {}}, "restartCount": 0}]
    tenants = "demo-0-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-ed95be9bcb"
    found = [
        _object("v1", "Namespace", "", "team", {}),
        _object(
            "apps/v1", "StatefulSet", "statefulsets", "demo", labels,
            spec={"replicas": 1, "template": {"spec": {"containers": containers}}},
            status={"readyReplicas": 1},
        ),
        _object(
            "v1", "Service", "services", "demo", labels,
            spec={"type": "ClusterIP", "clusterIP": "10.96.0.7", "ports": [{"name": "https", "port": 443}]},
        ),
        _object(
            "v1", "Pod", "pods", "demo-0", labels, spec={"containers": containers, "nodeName": "node"},
            status={"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": states,
                    "conditions": [{"type": "Ready", "status": "True"}]},
        ),
        _object(
            "v1", "Pod", "pods", tenants, synced, spec={"containers": containers}, status={"phase": "Running"}
        ),
        _object(
            "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "data-demo-0", labels,
            spec={"storageClassName": "standard"},
            status={"phase": "Bound", "capacity": {"storage": "5Gi"}},
        ),
        _object(
            "v1", "Secret", "secrets", "vc-demo", labels,
            data={"certificate-authority": pki["ca.crt"], **access},
        ),
        _object("v1", "Secret", "secrets", "demo-certs", labels, data=pki),
        _object("v1", "Secret", "secrets", "vc-config-demo", labels, data={"config.yaml": _b64("{}")}),
        _event("own", "demo-0", f"Probe failed: {HOSTILE}"),
        _event("tenants", tenants, f"COMPROMISED {HOSTILE}"),
        _object(
            "networking.k8s.io/v1", "ServiceCIDR", "servicecidrs", "kubernetes", {},
            namespace="", spec={"cidrs": ["10.96.0.0/16"]},
        ),
        _object(
            "storage.k8s.io/v1", "StorageClass", "storageclasses", "standard", {},
            namespace="", provisioner="example.org/disk",
        ),
    ]  # fmt: skip
    found[-1]["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {body.pop("_path"): body for body in found}


def _object(
    version: str,
    kind: str,
    plural: str,
    name: str,
    labels: dict[str, str],
    *,
    namespace: str = "team",
    **fields: Any,
) -> Object:
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if kind == "Namespace":
        path, namespace = f"{root}/namespaces/{name}", ""
    else:
        path = f"{root}/namespaces/{namespace}/{plural}/{name}" if namespace else f"{root}/{plural}/{name}"
    metadata = {"name": name, "uid": str(uuid.uuid4()), "labels": labels, "resourceVersion": "1"}
    metadata |= {"creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1}
    if namespace:
        metadata["namespace"] = namespace
    return {"_path": path, "apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def _event(name: str, pod: str, message: str) -> Object:
    return _object(
        "v1", "Event", "events", name, {}, type="Warning", reason="Unhealthy", message=message,
        involvedObject={"kind": "Pod", "name": pod, "namespace": "team"},
        lastTimestamp="2026-01-01T00:00:00Z",
    )  # fmt: skip


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FRESH = _objects()
_state = copy.deepcopy(FRESH)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/version":
            return self._answer({"gitVersion": "v1.36.3", "major": "1", "minor": "36"})
        if url.path.endswith("/log"):
            return self._send(
                200, f"line {HOSTILE.replace(chr(10), ' ')}\r\nlast\tline\n".encode(), "text/plain"
            )
        if url.path in _state:
            return self._answer(_state[url.path])
        query = parse_qs(url.query)
        parts = url.path.rstrip("/").split("/")
        if parts[-1] not in _PLURALS:
            return self._fail(404, "NotFound", f'"{parts[-1]}" not found')
        wanted = query.get("labelSelector", [""])[0]
        items = [body for path, body in _state.items() if _is_listed(path, parts) and _matches(body, wanted)]
        return self._answer({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items})

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/reset":
            _state.clear()
            _state.update(copy.deepcopy(FRESH))
        elif self.path.startswith("/apis/authorization.k8s.io/"):
            body["status"] = {"allowed": True}
        else:
            metadata = body.setdefault("metadata", {})
            metadata.setdefault("name", metadata.get("generateName", "made"))
            self._keep(f"{urlsplit(self.path).path}/{metadata['name']}", body)
        self._answer(body)

    def do_PATCH(self) -> None:
        import yaml  # noqa: PLC0415

        length = int(self.headers.get("Content-Length") or 0)
        body = yaml.safe_load(self.rfile.read(length))
        path = urlsplit(self.path).path
        if "merge-patch" in self.headers.get("Content-Type", ""):
            body = _merged(_state.get(path, {}), body)
        self._keep(path, body)
        if path.endswith("/statefulsets/demo") and body["spec"].get("replicas") == 0:
            _state.pop("/api/v1/namespaces/team/pods/demo-0", None)
        self._answer(body)

    def do_DELETE(self) -> None:
        self._body()
        if _state.pop(urlsplit(self.path).path, None) is None:
            return self._fail(404, "NotFound", "not found")
        return self._answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def _keep(self, path: str, body: Object) -> None:
        metadata = body["metadata"]
        metadata |= {"uid": str(uuid.uuid4()), "resourceVersion": "2", "generation": 1}
        if path.endswith("/services/other"):
            body["spec"] |= {"clusterIP": "10.96.0.8", "clusterIPs": ["10.96.0.8"]}
        if "dryRun" not in self.path:
            _state[path] = body

    def _body(self) -> Object:
        found: Object = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        return found

    def _answer(self, body: Object) -> None:
        self._send(200, json.dumps(body).encode(), "application/json")

    def _fail(self, status: int, reason: str, message: str) -> None:
        body = {"kind": "Status", "status": "Failure", "reason": reason, "code": status, "message": message}
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _merged(tree: Object, patch: Object) -> Object:
    """A JSON merge patch (RFC 7396) applied."""
    found = {**tree, **{key: value for key, value in patch.items() if not isinstance(value, dict)}}
    below = {key: value for key, value in patch.items() if isinstance(value, dict)}
    found |= {key: _merged(tree.get(key) or {}, value) for key, value in below.items()}
    return {key: value for key, value in found.items() if value is not None}


_PLURALS = {
    "clusterrolebindings", "clusterroles", "deployments", "events", "ingresses", "namespaces", "replicasets",
    "rolebindings", "roles", "serviceaccounts", "servicecidrs", "statefulsets", "storageclasses",
    *(each.plural for each in MADE_ON_HOST),
}  # fmt: skip


def _is_listed(path: str, parts: list[str]) -> bool:
    """Whether an object is in a list, of one namespace or of all."""
    own = path.split("/")[:-1]
    everywhere = [own[0], *own[1:-3], own[-1]] if "namespaces" in own and len(own) > 4 else own
    return parts in (own, everywhere)


def _matches(body: Object, selector: str) -> bool:
    labels = body["metadata"].get("labels") or {}
    for part in filter(None, selector.split(",")):
        key, equals, value = part.partition("=")
        if key.startswith("!") and key[1:] in labels:
            return False
        if equals and labels.get(key) != value:
            return False
    return True


@contextlib.contextmanager
def fake_host() -> Iterator[str]:
    """Run it in a process of its own, since forked tests and threads do not go together; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    pid = os.fork()
    if pid == 0:
        server = ThreadingHTTPServer(("127.0.0.1", port), _Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        server.serve_forever()
    listener.close()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
