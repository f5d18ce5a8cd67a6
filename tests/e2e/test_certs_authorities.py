"""``vcli certs rotate-ca`` on a real host: another CA while clients ask all the time, and pods go on."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
from embedded import Host
from lending import Lender, fixtures
from polling import eventually
from space import BUSYBOX
from test_certs import Client, check, restarts
from test_create import on_host
from upgrading import POD_ONLY, certificates, inside

from vcli.bootstrap import certificate
from vcli.controlplane.certificates import issue

ROOT = "kube-root-ca.crt"
SEES = "/var/run/secrets/kubernetes.io/serviceaccount"


lender, lent = fixtures(*POD_ONLY)
"""The namespace of one whose store is in its pod: what restarts the pod is noticed."""


def roots(host: Host, kubeconfig: str) -> set[int]:
    """How many CAs are published in the namespaces."""
    listed = host.kubectl("--kubeconfig", kubeconfig, "get", "configmaps", "-A", "-o", "json")
    items = [each for each in json.loads(listed)["items"] if each["metadata"]["name"] == ROOT]
    assert len(items) >= 4
    return {len(certificate.blocks(each["data"]["ca.crt"].encode())) for each in items}


def pods(host: Host, namespace: str) -> dict[str, list[int]]:
    """Restarts of the tenants' pods, by uid."""
    found = on_host(host, "pods", "-n", namespace, "-l", "vcli.dev/managed-by=demo")["items"]
    return {
        each["metadata"]["uid"]: [one["restartCount"] for one in each["status"]["containerStatuses"]]
        for each in found
    }


def trusted(host: Host, namespace: str) -> list[bytes]:
    return certificate.blocks(base64.b64decode(certificates(host, namespace)["ca.crt"]))


def test_both_are_trusted_and_then_the_new_one_alone(desk: Host, lent: str) -> None:
    [former] = trusted(desk, lent)
    kubeconfig, inline = (f"{desk.env['HOME']}/{name}" for name in ("virtual", "inline"))
    desk.vcli("connect", "demo", "-n", lent, "--kube-config", kubeconfig)
    desk.vcli("connect", "demo", "-n", lent, "--kube-config", inline, "--inline-key")

    def virtual(*words: str, stdin: str | None = None) -> str:
        return desk.kubectl("--kubeconfig", kubeconfig, *words, stdin=stdin)

    virtual("run", "web", f"--image={BUSYBOX}", "--restart=Never", "--command", "--", "sleep", "10000")
    virtual("wait", "--for=condition=Ready", "pod/web", "--timeout=110s")
    assert roots(desk, kubeconfig) == {1}
    token = virtual("exec", "web", "--", "cat", f"{SEES}/token")
    ran, control_plane = pods(desk, lent), restarts(desk, lent)
    code, told = rotate(desk, lent, "--finish")
    assert (code, "there is nothing to finish" in told) == (5, True), told
    clients = [Client(desk, each) for each in (kubeconfig, inline)]
    for client in clients:
        client.start()
    try:
        eventually(lambda: all(client.answers > 1 for client in clients))
        assert "trusts the former one too" in desk.vcli("certs", "rotate-ca", "demo", "-n", lent).stderr
        eventually(lambda: roots(desk, kubeconfig) == {2})
        assert virtual("exec", "web", "--", "echo", "here") == "here\n"
        assert "still trusts a former CA" in rotate(desk, lent)[1]
        # What the pod is shown follows, and its token goes on.
        eventually(lambda: virtual("exec", "web", "--", "grep", "-c", "BEGIN", f"{SEES}/ca.crt") == "2\n")
        answers = [client.answers for client in clients]
        eventually(lambda: all(now.answers > then + 3 for now, then in zip(clients, answers, strict=True)))
        clients[1].stop()  # its key is of the former CA
        desk.vcli("connect", "demo", "-n", lent, "--kube-config", kubeconfig)
        assert (
            "trusts its new CA alone"
            in desk.vcli("certs", "rotate-ca", "demo", "-n", lent, "--finish").stderr
        )
        eventually(lambda: roots(desk, kubeconfig) == {1})
        answers = [client.answers for client in clients]
        eventually(lambda: clients[0].answers > answers[0] + 3)
    finally:
        for client in clients:
            client.stop()
    assert [client.failures for client in clients] == [[], []]
    [new] = trusted(desk, lent)
    assert new != former
    code, found = check(desk, lent)
    assert (code, {each["status"] for each in found.values()}) == (0, {"good"})
    refused = eventually(lambda: asked(desk, inline))
    assert "Unauthorized" in refused or "must be logged in" in refused
    assert eventually(lambda: virtual("exec", "web", "--", "echo", "here")) == "here\n"
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    said = virtual("create", "-f", "-", "-o", "json", stdin=json.dumps(review))
    assert json.loads(said)["status"]["authenticated"] is True
    assert pods(desk, lent) == ran
    assert restarts(desk, lent) == control_plane
    virtual("delete", "pod", "web", "--now")


def rotate(host: Host, namespace: str, *options: str) -> tuple[int, str]:
    done = host.vcli("certs", "rotate-ca", "demo", "-n", namespace, *options, check=False)
    return done.returncode, done.stderr


def asked(host: Host, kubeconfig: str) -> str:
    """What kubectl says when it is refused."""
    try:
        host.kubectl("--kubeconfig", kubeconfig, "get", "namespaces")
    except pytest.fail.Exception as error:
        return str(error)
    return ""


def plant_expired(host: Host, namespace: str) -> None:
    """Have a control plane whose CAs have expired."""
    found: dict[str, Any] = on_host(host, "secret", "demo-certs", "-n", namespace)["data"]
    kept = {name: base64.b64decode(found[name]) for name in ("sa.key", "sa.pub")}
    files = {
        name: base64.b64encode(data).decode()
        for name, data in issue(
            {"apiserver": ["localhost"]}, existing=kept, now=dt.datetime.now(dt.UTC) - dt.timedelta(days=4000)
        ).items()
    }
    admin = {"client-certificate": files.pop("admin.crt"), "client-key": files.pop("admin.key")}
    for name, data in (("demo-certs", files), ("vc-demo", admin)):
        body = json.dumps({"data": data})
        host.kubectl("patch", "secret", name, "-n", namespace, "--type=merge", "-p", body)


def test_one_that_has_expired_is_replaced_at_once(desk: Host, lent: str, lender: Lender) -> None:
    # While it runs its syncer would see other CAs than those that it started with.
    desk.vcli("pause", "demo", "-n", lent, "--yes")
    plant_expired(desk, lent)
    code, found = check(desk, lent)
    assert (code, found["ca"]["status"], found["front-proxy-ca"]["status"]) == (1, "expired", "expired")
    assert "trusts its new CA alone" in desk.vcli("certs", "rotate-ca", "demo", "-n", lent).stderr
    assert check(desk, lent)[0] == 0
    desk.vcli("resume", "demo", "-n", lent)
    inside(desk, lent, "get", "namespaces")
    lender.end()
