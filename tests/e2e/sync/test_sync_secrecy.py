"""A tenant may read everything inside, and reads nothing of the host there."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from polling import eventually
from space import IDLE, PYTHON, Object, Space, pod, serving

INSIDE = r"""
import pathlib, ssl, sys
for path in ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/proc/self/environ", "/proc/self/mounts",
             "/proc/self/mountinfo", "/proc/self/cgroup"):
    print(path, pathlib.Path(path).read_text(errors="replace"))
for mount in ("/var/run/secrets", "/mine"):
    for file in sorted(pathlib.Path(mount).rglob("*")):
        if file.is_file():
            print(file, file.read_text(errors="replace"))
for server in sys.argv[1:]:
    host, _, port = server.rpartition(":")
    certificate = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))
    print("certificate of", port, certificate.decode("latin-1"))
"""
"""Prints what a pod finds in its files and its environment, and who servers say that they are."""

RAW = ("/version", "/metrics", "/flagz", "/statusz", "/livez?verbose", "/.well-known/openid-configuration")
OF_A_NODE = ("pods", "metrics", "metrics/cadvisor", "stats/summary", "healthz")


@pytest.fixture
def neighbour(space: Space) -> Iterator[str]:
    """A pod and a Service of somebody else on the host."""
    name = f"neighbour-{space.name}"
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}}
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    space.host.create_namespace(name)
    space.host.apply(name, pod(name, labels={"app": name}), {**service, "spec": spec})
    yield name
    space.host.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def quota(space: Space) -> Iterator[None]:
    """The host refuses pods that have a deadline."""
    name = f"quota-of-{space.name}"
    spec = {"hard": {"pods": "0"}, "scopes": ["Terminating"]}
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec}
    space.host.apply(space.cluster.namespace, body)
    yield
    space.host.kubectl("delete", "resourcequota", name, "-n", space.cluster.namespace)


def troubles() -> dict[str, Object]:
    """Pods of which each gets into another trouble, by the reason of the event that tells it."""
    missing = [{"name": "gone", "configMap": {"name": "gone"}}]
    mounts = [{"name": "gone", "mountPath": "/gone"}]
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    return {
        "ErrImagePull": pod("unpulled", container={"image": "registry.example.invalid/nothing:1"}),
        "SyncFailed": pod("refused", activeDeadlineSeconds=600),
        "FailedScheduling": pod("unplaced", nodeSelector={"example.com/no": "such"}),
        "FailedMount": pod("unmounted", volumes=missing, container={"volumeMounts": mounts}),
        "BackOff": pod("crashing", "exit 3", restartPolicy="Always"),
        "Unhealthy": pod("unready", container={"readinessProbe": probe}),
        "FailedPostStartHook": pod(
            "unhooked", container={"lifecycle": {"postStart": {"exec": {"command": ["/no/such"]}}}}
        ),
        "Failed": pod("unset", container={"env": [{"name": "A", "valueFrom": {"secretKeyRef": NO_KEY}}]}),
    }


NO_KEY = {"name": "gone", "key": "gone"}


def everything_of_the_api(space: Space) -> Iterator[tuple[str, str]]:
    """Every object of every kind, and what the API server tells besides."""
    kinds = space.kubectl("api-resources", "--verbs=list", "--output=name").split()
    listed = space.kubectl("get", ",".join(kinds), "--all-namespaces", "--output=json", check=False)
    for each in json.loads(listed)["items"]:
        yield f"{each['kind']} {each['metadata']['name']}", json.dumps(each)
    for path in RAW:
        yield path, space.kubectl("get", "--raw", path, check=False)
    for node in space.get("nodes")["items"]:
        for path in OF_A_NODE:
            url = f"/api/v1/nodes/{node['metadata']['name']}/proxy/{path}"
            yield url, space.kubectl("get", "--raw", url, check=False)


def every_answer_about(space: Space, name: str) -> Iterator[tuple[str, str]]:
    """What kubectl says about a pod, be it an error."""
    path = f"/api/v1/namespaces/{space.name}/pods/{name}:1/proxy/"
    for args in (("logs", name), ("exec", name, "--", "true"), ("get", "--raw", path)):
        done = space.run(*args)
        yield f"{args[0]} {name}", done.stdout + done.stderr


def has_reason(space: Space, name: str, reason: str) -> Callable[[], bool]:
    def check() -> bool:
        events = space.get("events", "--field-selector", f"involvedObject.name={name}")["items"]
        return any(reason in (each["reason"], each["message"].partition(":")[0]) for each in events) or (
            reason in json.dumps(space.get("pod", name)["status"])
        )

    return check


def host_secrets(space: Space) -> dict[str, str]:
    """What must never be seen inside: how the syncer speaks to the host, and the control plane's keys."""
    namespace, name = space.cluster.namespace, space.cluster.name
    path = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    show = ["python", "-c", f"import pathlib; print(pathlib.Path('{path}').read_text())"]
    exec_ = ["exec", f"{name}-0", "--namespace", namespace, "--container", "syncer", "--"]
    keys = space.host.get("secret", f"{name}-certs", "--namespace", namespace)["data"]
    return {
        "token of the syncer": space.host.kubectl(*exec_, *show).strip(),
        **{f"key {file}": data[64:164] for file, data in keys.items() if file.endswith(".key")},
    }


def servers(space: Space) -> list[str]:
    """The API server and the kubelet of a node, as a pod can reach them."""
    [subset] = space.get("endpoints", "kubernetes", "--namespace", "default")["subsets"]
    node = space.get("nodes")["items"][0]
    port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
    return ["kubernetes.default.svc:443", f"{subset['addresses'][0]['ip']}:{port}"]


@pytest.mark.usefixtures("quota")
def test_nothing_that_a_tenant_can_read_tells_of_the_host(space: Space, neighbour: str) -> None:
    about = {
        "sources": [
            {"downwardAPI": {"items": [{"path": name, "fieldRef": {"fieldPath": f"metadata.{name}"}}]}}
            for name in ("labels", "annotations", "namespace", "name", "uid")
        ]
    }
    reader = pod(
        "reader",
        volumes=[{"name": "mine", "projected": about}],
        hostname="reader",
        subdomain="readers",
        container={"image": PYTHON, "volumeMounts": [{"name": "mine", "mountPath": "/mine"}]},
    )
    ports = [{"port": 80, "targetPort": 8080}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    wrong = {**claim, "metadata": {"name": "wrong"}, "spec": {**claim["spec"], "storageClassName": "no-such"}}
    data = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    trouble = troubles()
    space.apply(
        reader,
        claim,
        wrong,
        {**service, "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": ports}},
        pod("web", serving("hello"), labels={"app": "web"}, volumes=data),
        pod("hosted", IDLE, hostNetwork=True),
        pod("done", "echo done"),
        *trouble.values(),
    )
    space.wait("condition=Ready", "pod/reader", "pod/web", "pod/hosted")
    for reason, body in trouble.items():
        eventually(has_reason(space, body["metadata"]["name"], reason))

    read = dict(everything_of_the_api(space))
    for body in trouble.values():
        read |= dict(every_answer_about(space, body["metadata"]["name"]))
    read["inside"] = space.kubectl("exec", "reader", "--", "python", "-c", INSIDE, *servers(space))
    assert "nameserver" in read["inside"]
    assert read["inside"].count("certificate of") == 2
    told = [what for what in read if what.startswith("Event ")]
    assert all(any(name in what for what in told) for name in ("unpulled", "refused", "unmounted"))

    namespace = re.compile(rf"(?<![a-z0-9-]){re.escape(space.cluster.namespace)}(?![a-z0-9-])")
    found = {what: around(text, namespace) for what, text in read.items() if namespace.search(text)}
    assert found == {}, "the name of the host namespace"
    assert [what for what, text in read.items() if neighbour in text] == [], "the name of a neighbour"
    for name, secret in host_secrets(space).items():
        assert len(secret) > 64
        assert [what for what, text in read.items() if secret in text] == [], name
    names = [space.host_name(each["metadata"]["name"]) for each in space.get("pods")["items"]]
    seen = {name: [what for what, text in read.items() if name in text] for name in names}
    assert {name: where for name, where in seen.items() if where} == {}, "names of host pods"


def around(text: str, pattern: re.Pattern[str]) -> list[str]:
    return [text[max(0, m.start() - 80) : m.end() + 80] for m in pattern.finditer(text)][:3]
