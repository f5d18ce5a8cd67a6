"""An etcd outside, with TLS: two virtual clusters in it, apart from one another; nothing in their pods."""

import base64
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from embedded import Host
from polling import eventually
from space import Object
from test_create import NO_DNS, left, on_host
from upgrading import inside, pod, precious, restarting

from vcli import x509
from vcli.config.schema import ETCD

EXTERNAL = "controlPlane.backingStore.etcd.external"
IMAGE = f"registry.k8s.io/etcd:{ETCD}"


@dataclass(frozen=True, kw_only=True)
class Etcd:
    """It runs in a namespace of its own on the host."""

    endpoint: str
    secret: Object
    """A client's certificate and key, and the authority."""

    @property
    def options(self) -> list[str]:
        """Of ``vcli create``."""
        sets = {"endpoint": self.endpoint, "tls.secretName": "etcd-client"}
        return [
            *("--store", "external-etcd", *NO_DNS, "--no-connect"),
            *(word for key, value in sets.items() for word in ("--set", f"{EXTERNAL}.{key}={value}")),
        ]


def secret(name: str, files: dict[str, bytes]) -> Object:
    data = {key: base64.b64encode(value).decode() for key, value in files.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


@pytest.fixture(scope="module")
def etcd(host: Host) -> Iterator[Etcd]:
    """A real one, which wants to see a certificate of its authority."""
    namespace = f"etcd-{dt.datetime.now(dt.UTC):%H%M%S%f}"
    start = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    times = {"start": start, "end": start + dt.timedelta(days=1)}
    name = f"etcd.{namespace}.svc"
    authority = x509.authority("etcd", **times)
    server = x509.leaf("etcd", server=True, sans=[name, "127.0.0.1"], authority=authority, **times)
    client = x509.leaf("vcli", server=False, authority=authority, **times)
    host.create_namespace(namespace)
    flags = [
        "--data-dir=/data/etcd",
        "--listen-client-urls=https://0.0.0.0:2379",
        f"--advertise-client-urls=https://{name}:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--client-cert-auth",
        "--trusted-ca-file=/tls/ca.crt",
        "--cert-file=/tls/tls.crt",
        "--key-file=/tls/tls.key",
    ]
    mounts = [{"name": "data", "mountPath": "/data"}, {"name": "tls", "mountPath": "/tls"}]
    container = {"name": "etcd", "image": IMAGE, "command": ["etcd", *flags], "volumeMounts": mounts}
    volumes = [{"name": "data", "emptyDir": {}}, {"name": "tls", "secret": {"secretName": "server"}}]
    host.apply(
        namespace,
        secret("server", {"ca.crt": authority[0], "tls.crt": server[0], "tls.key": server[1]}),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "etcd"},
            "spec": {"selector": {"app": "etcd"}, "ports": [{"port": 2379}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "etcd", "labels": {"app": "etcd"}},
            "spec": {"containers": [container], "volumes": volumes},
        },
    )
    host.kubectl("wait", "--for=condition=Ready", "pod/etcd", "-n", namespace, "--timeout=100s")
    files = {"ca.crt": authority[0], "tls.crt": client[0], "tls.key": client[1]}
    yield Etcd(endpoint=f"https://{name}:2379", secret=secret("etcd-client", files))
    host.end_namespace(namespace)


def test_a_secret_that_is_not_there_is_said_before_anything_is_made(desk: Host, namespace: str, etcd: Etcd):
    done = desk.vcli("create", "demo", "-n", namespace, *etcd.options, check=False)
    assert done.returncode == 6
    assert "there is no Secret 'etcd-client' with the files for TLS with the external etcd" in done.stderr
    assert "--from-file=ca.crt=FILE" in done.stderr
    files = {key: value for key, value in etcd.secret["data"].items() if key != "tls.key"}
    desk.apply(namespace, {**etcd.secret, "data": files})
    done = desk.vcli("create", "demo", "-n", namespace, *etcd.options, check=False)
    assert (done.returncode, "lacks tls.key" in done.stderr) == (6, True)
    assert not left(desk, namespace, also={"Secret/etcd-client"})


def test_objects_live_outside_and_apart(desk: Host, namespace: str, etcd: Etcd):
    desk.apply(namespace, etcd.secret)
    desk.vcli("create", "demo", "-n", namespace, *etcd.options)
    kept = precious(desk, namespace)
    assert "etcd" not in [each["name"] for each in pod(desk, namespace)["spec"]["containers"]]
    assert on_host(desk, "pvc", "-n", namespace)["items"] == []
    described = json.loads(desk.vcli("describe", "demo", "-n", namespace, "-o", "json").stdout)
    assert described["store"] == {
        "kind": "external-etcd",
        "endpoint": etcd.endpoint,
        "prefix": f"/vcli/{namespace}/demo",
    }
    # Keys are in Secrets alone, and of this one our objects have the name only.
    written = on_host(desk, "configmaps,statefulsets,pods", "-n", namespace)
    assert etcd.secret["data"]["tls.key"] not in json.dumps(written)

    desk.vcli("create", "other", "-n", namespace, *etcd.options)
    beside = desk.vcli(
        "connect", "other", "-n", namespace, "--", "kubectl", "get", "configmaps", "-o", "name"
    )
    assert kept not in beside.stdout

    # The pod may be replaced without a question: nothing is in it.
    desk.vcli("upgrade", "demo", "-n", namespace, *restarting("y"))
    inside(desk, namespace, "get", "configmap", kept)
    for change, words in (
        ((f"{EXTERNAL}=null",), "store external-etcd → etcd"),
        ((f"{EXTERNAL}.prefix=/shared",), f"prefix /vcli/{namespace}/demo → /shared"),
    ):
        sets = [word for each in change for word in ("--set", each)]
        refused = desk.vcli("upgrade", "demo", "-n", namespace, *sets, check=False)
        assert refused.returncode == 5, refused.stderr
        assert words in refused.stderr
        assert "would lose its objects" in refused.stderr

    # What is outside is not deleted with it, and is there again.
    desk.vcli("delete", "demo", "-n", namespace)
    desk.vcli("create", "demo", "-n", namespace, *etcd.options)
    eventually(lambda: inside(desk, namespace, "get", "configmap", kept, check=False).returncode == 0)
