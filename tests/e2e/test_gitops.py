"""``vcli template`` into a real host, as GitOps does it: applied again and again, and no key in the YAML."""

import json
import subprocess

import pytest
import yaml
from embedded import Host, run
from kubernetes_versions import HOST, minor
from polling import eventually
from test_create import left, on_host, settled

SMALL = ["--set", "controlPlane.coredns.enabled=false"]


def template(desk: Host, namespace: str, *more: str) -> str:
    done = desk.vcli("template", "demo", "-n", namespace, *SMALL, *more)
    assert "kind: Secret" not in done.stdout
    return done.stdout


def kubectl(desk: Host, *args: str, stdin: str) -> subprocess.CompletedProcess[str]:
    argv = ["kubectl", "--context", desk.name, *args, "-f", "-"]
    return run(argv, env=desk.env, stdin=stdin, check=False)


def apply(desk: Host, documents: str, *options: str) -> set[str]:
    """What kubectl did to each object."""
    done = kubectl(desk, "apply", *options, stdin=documents)
    assert done.returncode == 0, done.stderr
    return {line.split()[1] for line in done.stdout.splitlines()}


def differs(desk: Host, documents: str, *options: str) -> str:
    done = kubectl(desk, "diff", *options, stdin=documents)
    assert done.returncode in {0, 1}, done.stderr
    assert bool(done.stdout) is bool(done.returncode)
    return done.stdout


def inside(desk: Host, namespace: str) -> set[str]:
    """The namespaces of the virtual cluster, read through `vcli connect`."""
    done = desk.vcli("connect", "demo", "-n", namespace, "--", "kubectl", "get", "ns", "-o", "name")
    return set(done.stdout.split())


def keys(desk: Host, namespace: str) -> dict[str, dict[str, str]]:
    names = ("demo-certs", "vc-demo")
    return {name: on_host(desk, "secret", name, "-n", namespace)["data"] for name in names}


def pod_uid(desk: Host, namespace: str) -> str:
    uid: str = on_host(desk, "pod", "demo-0", "-n", namespace)["metadata"]["uid"]
    return uid


@pytest.mark.parametrize("options", [(), ("--server-side",)], ids=["client-side", "server-side"])
@pytest.mark.skew
def test_applied_again_and_again(desk: Host, namespace: str, options: tuple[str, ...]):
    documents = template(desk, namespace)
    assert len(list(yaml.safe_load_all(documents))) > 8
    apply(desk, documents, *options)
    assert "namespace/kube-system" in inside(desk, namespace)
    before = settled(desk, namespace), keys(desk, namespace), pod_uid(desk, namespace)
    # Before 1.34 the API answers volume claim templates with an empty time of creation: kubectl finds that
    # to differ, and sends a patch that changes nothing.
    same = {"unchanged", "serverside-applied"} | ({"configured"} if minor(HOST) < 34 else set())
    assert apply(desk, documents, *options) <= same
    assert differs(desk, template(desk, namespace), *options) == ""
    assert (settled(desk, namespace), keys(desk, namespace), pod_uid(desk, namespace)) == before
    listed = json.loads(desk.vcli("list", "-n", namespace, "-o", "json").stdout)
    assert [(each["name"], each["status"]) for each in listed] == [("demo", "Running")]
    described = json.loads(desk.vcli("describe", "demo", "-n", namespace, "-o", "json").stdout)
    assert described["certificates"]["apiserver.crt"].endswith("Z")
    # Another value restarts the pod, which renews the one certificate that lacks the name.
    apply(desk, template(desk, namespace, "--set", "controlPlane.proxy.extraSANs={a.example}"), *options)
    eventually(lambda: pod_uid(desk, namespace) != before[2], seconds=60)
    assert "namespace/kube-system" in inside(desk, namespace)
    after = keys(desk, namespace)
    changed = {key for name, data in after.items() for key in data if data[key] != before[1][name].get(key)}
    assert changed == {"apiserver.crt", "apiserver.key"}
    assert kubectl(desk, "delete", stdin=documents).returncode == 0
    assert left(desk, namespace) == set()


@pytest.mark.skew
def test_of_a_created_cluster_nothing_differs_and_nothing_is_lost(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, "--no-connect", *SMALL)
    before = keys(desk, namespace), pod_uid(desk, namespace)
    documents = template(desk, namespace)
    assert differs(desk, documents) == ""
    apply(desk, documents)
    assert (keys(desk, namespace), pod_uid(desk, namespace)) == before
    # And the other way round: what was applied can be upgraded.
    desk.vcli("create", "demo", "-n", namespace, "--no-connect", *SMALL, "--upgrade")
    assert (keys(desk, namespace), pod_uid(desk, namespace)) == before
    assert differs(desk, documents) == ""


def test_lost_keys_are_made_again_and_half_a_ca_is_no_reason_to_replace_it(desk: Host, namespace: str):
    apply(desk, template(desk, namespace, "--ephemeral"))
    assert "namespace/kube-system" in inside(desk, namespace)
    before = keys(desk, namespace)
    host = ("--context", desk.name, "-n", namespace)
    desk.kubectl("delete", "secret", "demo-certs", *host)
    desk.kubectl("delete", "pod", "demo-0", *host)
    assert "namespace/kube-system" in inside(desk, namespace)
    after = keys(desk, namespace)
    assert after["demo-certs"]["ca.crt"] != before["demo-certs"]["ca.crt"]
    assert after["vc-demo"]["certificate-authority"] == after["demo-certs"]["ca.crt"]
    log = desk.kubectl("logs", "demo-0", "-c", "syncer", *host)
    assert "made Secret demo-certs" in log
    assert "changed Secret vc-demo" in log

    patch = json.dumps({"data": {"ca.key": None, "syncer.crt": None}})
    desk.kubectl("patch", "secret", "demo-certs", "--type=merge", "-p", patch, *host)
    desk.kubectl("delete", "pod", "demo-0", *host)
    path = "jsonpath={.status.containerStatuses[?(@.name=='syncer')].lastState.terminated.message}"
    said = eventually(lambda: desk.kubectl("get", "pod", "demo-0", *host, "-o", path), seconds=90)
    assert "Secret demo-certs has no good ca.key, but the other half of that CA" in said
    assert keys(desk, namespace)["demo-certs"]["ca.crt"] == after["demo-certs"]["ca.crt"]
    # Also what the pod made itself goes.
    desk.vcli("delete", "demo", "-n", namespace)
    assert left(desk, namespace) == set()
