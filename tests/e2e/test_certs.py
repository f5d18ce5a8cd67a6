"""``vcli certs`` on a real host: what ends, and new certificates while clients ask all the time."""

import base64
import datetime as dt
import json
import threading
from typing import Any

import pytest
from embedded import Host
from lending import fixtures
from polling import eventually
from space import BUSYBOX
from test_create import on_host
from upgrading import POD_ONLY, certificates, inside, pod, precious

from vcli import x509
from vcli.bootstrap.issue import NAMES
from vcli.bootstrap.pki import LEAVES, Files
from vcli.controlplane.certificates import issue

POD = ["run", "web", f"--image={BUSYBOX}", "--restart=Never", "--command"]


lender, lent = fixtures(*POD_ONLY)
"""The namespace of one whose store is in its pod: what restarts the pod is noticed."""


def check(host: Host, namespace: str, *options: str) -> tuple[int, dict[str, Any]]:
    done = host.vcli("certs", "check", "demo", "-n", namespace, "-o", "json", *options, check=False)
    return done.returncode, {each["name"]: each for each in json.loads(done.stdout)}


def restarts(host: Host, namespace: str) -> tuple[str, list[int]]:
    """What changes when anything of the control plane starts again."""
    found = pod(host, namespace)
    return found["metadata"]["uid"], [each["restartCount"] for each in found["status"]["containerStatuses"]]


class Client(threading.Thread):
    """Asks through a kubeconfig all the time, by a new connection each time."""

    def __init__(self, host: Host, kubeconfig: str) -> None:
        super().__init__(daemon=True)
        self._host, self._kubeconfig = host, kubeconfig
        self._over = threading.Event()
        self.answers, self.failures = 0, list[str]()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self._host.kubectl("--kubeconfig", self._kubeconfig, "get", "namespaces", "-o", "name")
                self.answers += 1
            except pytest.fail.Exception as error:
                self.failures.append(str(error))

    def stop(self) -> None:
        self._over.set()
        self.join()


def test_rotation_is_noticed_by_nobody(desk: Host, lent: str):
    code, before = check(desk, lent)
    assert (code, {each["status"] for each in before.values()}) == (0, {"good"})
    assert before["admin"]["subject"] == "CN=kubernetes-admin,O=system:masters"
    assert f"demo.{lent}.svc" in before["apiserver-host"]["sans"]
    assert check(desk, lent, "--within", "400d")[0] == 1
    kubeconfig = desk.env["HOME"] + "/virtual"
    desk.vcli("connect", "demo", "-n", lent, "--kube-config", kubeconfig)
    # The key of before goes on, too.
    desk.kubectl("--kubeconfig", kubeconfig, *POD, "--", "sleep", "10000")
    desk.kubectl("--kubeconfig", kubeconfig, "wait", "--for=condition=Ready", "pod/web", "--timeout=110s")
    files, running = certificates(desk, lent), restarts(desk, lent)
    ran = on_host(desk, "pods", "-n", lent, "-l", "vcli.dev/managed-by=demo")["items"]
    client = Client(desk, kubeconfig)
    client.start()
    try:
        eventually(lambda: client.answers > 1)
        done = desk.vcli("certs", "rotate", "demo", "-n", lent)
        answers = client.answers
        eventually(lambda: client.answers > answers + 3)
    finally:
        client.stop()
    assert client.failures == []
    assert "renewed the certificates of virtual cluster demo" in done.stderr
    after = certificates(desk, lent)
    kept = {name for name in files if files[name] == after[name]}
    assert {name for name in kept if not name.endswith(".kubeconfig")} == {
        *(
            "ca.crt",
            "ca.key",
            "ca-signing.pem",
            "front-proxy-ca.crt",
            "front-proxy-ca.key",
            "sa.key",
            "sa.pub",
        )
    }
    # Into the pod lead certificates of the API server and of the syncer, which both are new.
    said = desk.kubectl("--kubeconfig", kubeconfig, "exec", "web", "--", "echo", "here")
    assert said == "here\n"
    assert restarts(desk, lent) == running
    again = on_host(desk, "pods", "-n", lent, "-l", "vcli.dev/managed-by=demo")["items"]
    assert [each["metadata"]["uid"] for each in again] == [each["metadata"]["uid"] for each in ran]
    desk.kubectl("--kubeconfig", kubeconfig, "delete", "pod", "web", "--now")


def plant(host: Host, namespace: str, *, age: dt.timedelta) -> None:
    """Have the control plane show leaves that were made so long ago."""
    secrets = {
        name: on_host(host, "secret", name, "-n", namespace)["data"] for name in ("demo-certs", "vc-demo")
    }
    files: Files = {
        name: base64.b64decode(data) for name, data in secrets["demo-certs"].items() if name in NAMES
    }
    sans = {leaf.name: x509.describe(files[f"{leaf.name}.crt"]).sans for leaf in LEAVES if leaf.server}
    names = {f"{leaf.name}.{part}" for leaf in LEAVES for part in ("crt", "key")}
    kept = {name: data for name, data in files.items() if name not in names}
    made = {
        name: base64.b64encode(data).decode()
        for name, data in issue(sans, existing=kept, now=dt.datetime.now(dt.UTC) - age).items()
    }
    admin = {"client-certificate": made.pop("admin.crt"), "client-key": made.pop("admin.key")}
    for name, data in (("demo-certs", made), ("vc-demo", admin)):
        body = json.dumps({"data": data})
        host.kubectl("patch", "secret", name, "-n", namespace, "--type=merge", "-p", body)


def is_expired(host: Host, namespace: str) -> bool:
    """Whether clients are shown what has expired; the kubelet is reminded to mount it."""
    stamp = f"planted={dt.datetime.now(dt.UTC).timestamp()}"
    host.kubectl("annotate", "pod", "demo-0", "-n", namespace, stamp, "--overwrite")
    asked = inside(host, namespace, "get", "namespaces", check=False)
    return "x509: certificate has expired" in asked.stderr


def test_expired_certificates_are_renewed_from_outside(desk: Host, lent: str):
    name, running = precious(desk, lent), restarts(desk, lent)
    plant(desk, lent, age=dt.timedelta(days=400))
    eventually(lambda: is_expired(desk, lent))
    code, found = check(desk, lent)
    assert (code, found["admin"]["status"], found["ca"]["status"]) == (1, "expired", "good")
    assert found["apiserver"]["daysLeft"] < 0
    for command in (["list", "-o", "wide"], ["describe", "demo"]):
        said = desk.vcli(*command, "-n", lent).stderr
        assert "has expired on" in said
        assert f"vcli certs rotate demo -n {lent} renews all of them" in said
    assert (
        "certificate admin of virtual cluster 'demo' has expired on"
        in inside(desk, lent, "version", check=False).stderr
    )
    desk.vcli("certs", "rotate", "demo", "-n", lent)
    assert check(desk, lent)[0] == 0
    done = inside(desk, lent, "get", "configmap", name)
    assert "expired" not in done.stderr
    inside(desk, lent, *POD, "--", "sleep", "10000")
    eventually(
        lambda: inside(desk, lent, "exec", "web", "--", "echo", "here", check=False).stdout == "here\n"
    )
    assert restarts(desk, lent)[0] == running[0]
    inside(desk, lent, "delete", "pod", "web", "--now")
