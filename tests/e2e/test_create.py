"""``vcli create`` on a real host: exit code, stdout and stderr together, and what is on the host after it."""

import json
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded import Host, Program
from kubernetes_versions import VIRTUAL
from polling import eventually
from tenants import tenant

KINDS = (
    "services,statefulsets,pods,persistentvolumeclaims,secrets,configmaps,serviceaccounts,roles,rolebindings"
)


def on_host(host: Host, *args: str) -> Any:
    """What the host has; the user's current context may be a virtual cluster's."""
    return host.get(*args, "--context", host.name)


def versions(host: Host, namespace: str) -> dict[str, str]:
    """The resourceVersion of each object in a namespace but events."""
    items = on_host(host, KINDS, "-n", namespace)["items"]
    return {
        f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["resourceVersion"] for item in items
    }


def left(host: Host, namespace: str, *, also: Collection[str] = ()) -> set[str]:
    """What is there beside what every namespace has; what is terminating is given a moment."""
    usual = {"ConfigMap/kube-root-ca.crt", "ServiceAccount/default", *also}
    until = time.monotonic() + 60
    while (found := set(versions(host, namespace)) - usual) and time.monotonic() < until:
        time.sleep(0.5)
    return found


def namespaces(host: Host) -> set[str]:
    items = on_host(host, "namespaces")["items"]
    return {item["metadata"]["name"] for item in items if "deletionTimestamp" not in item["metadata"]}


@pytest.mark.skew
def test_create_connects_and_the_cluster_works(desk: Host, namespace: str):
    done = desk.vcli("create", "demo", "-n", namespace, "-o", "json")
    data = json.loads(done.stdout)
    assert (data["name"], data["namespace"], data["version"]) == ("demo", namespace, VIRTUAL)
    assert not data["existed"]
    assert desk.kubectl("config", "current-context").strip() == data["connection"]["context"]
    assert "namespace/default" in desk.kubectl("get", "namespaces", "-o", "name")
    # A pod can be made at once, and runs on the host.
    desk.kubectl("run", "web", "--image=busybox:1.36", "--restart=Never", "--", "true")
    desk.kubectl("wait", "pod/web", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    desk.kubectl("rollout", "status", "-n", "kube-system", "deployment/coredns", "--timeout=90s")


CLAIM = ["--set", "controlPlane.statefulSet.persistence.volumeClaim.enabled=true"]
NO_DNS = ["--set", "controlPlane.coredns.enabled=false"]
QUIET = ["--no-connect", "--ephemeral", *NO_DNS]
# For what can be seen of the objects alone: no node takes the pod, so nothing boots.
NOWHERE = [
    "--no-connect",
    "--no-wait",
    "--ephemeral",
    "--set",
    "controlPlane.statefulSet.scheduling.nodeSelector.disk=none",
]


def settled(host: Host, namespace: str) -> dict[str, str]:
    """The versions once no controller writes any more: the same for three seconds."""
    found: list[dict[str, str]] = []
    for _ in range(60):
        found.append(versions(host, namespace))
        if found[-4:] == [found[-1]] * 4:
            return found[-1]
        time.sleep(1)
    pytest.fail(f"{namespace} does not come to rest")


def test_again_is_a_conflict_and_upgrade_touches_what_follows_from_the_values_alone(
    desk: Host, namespace: str
):
    first = desk.vcli("create", "demo", "-n", namespace, *QUIET)
    assert first.stdout == ""
    # At once, while the StatefulSet does not count its pod yet.
    [listed] = json.loads(desk.vcli("list", "-n", namespace, "-o", "json").stdout)
    assert (listed["status"], listed["ready"]) == ("Running", 1)
    assert (
        json.loads(desk.vcli("describe", "demo", "-n", namespace, "-o", "json").stdout)["status"] == "Running"
    )
    before = settled(desk, namespace)
    again = desk.vcli("create", "demo", "-n", namespace, *QUIET, check=False)
    assert (again.returncode, again.stdout) == (5, "")
    assert f"virtual cluster 'demo' exists in namespace '{namespace}'" in again.stderr
    assert f"; or change it: vcli create demo --upgrade -n {namespace}\n" in again.stderr
    same = desk.vcli("create", "demo", "-n", namespace, *QUIET, "--upgrade")
    assert f"nothing to change: virtual cluster demo in namespace {namespace}" in same.stderr
    claimed = desk.vcli("create", "demo", "-n", namespace, "--upgrade", "--no-connect", *CLAIM, check=False)
    assert claimed.returncode == 5
    assert "keeps its data in the pod only, which can't be changed" in claimed.stderr
    assert settled(desk, namespace) == before
    more = ["--set", "controlPlane.proxy.extraSANs={a.example}"]
    desk.vcli("create", "demo", "-n", namespace, *QUIET, *more, "--upgrade", "--yes")
    after = versions(desk, namespace)
    changed = {name for name in after if before.get(name) != after[name]}
    settings = {"ConfigMap/vc-config-demo", "ConfigMap/vc-syncer-demo"}
    assert changed == {"Secret/demo-certs", "StatefulSet/demo", "Pod/demo-0", *settings}
    values = yaml.safe_load(desk.get("configmap", "vc-config-demo", "-n", namespace)["data"]["config.yaml"])
    assert values["controlPlane"]["proxy"]["extraSANs"] == ["a.example"]
    assert desk.get("pod", "demo-0", "-n", namespace)["status"]["phase"] == "Running"


def test_a_namespace_is_made_and_marked(desk: Host):
    try:
        desk.vcli("create", "solo", *NOWHERE)
        made = desk.get("namespace", "vcluster-solo")
        assert made["metadata"]["annotations"]["vcli.dev/created-for"] == "solo"
    finally:
        desk.vcli("delete", "solo", "-n", "vcluster-solo", "--delete-namespace", "--ignore-not-found")
    assert "vcluster-solo" not in namespaces(desk)


def test_dry_run_changes_nothing_and_shows_no_key(desk: Host, namespace: str):
    before = versions(desk, namespace)
    done = desk.vcli("create", "demo", "-n", namespace, "--dry-run")
    assert versions(desk, namespace) == before
    objects = list(yaml.safe_load_all(done.stdout))
    assert {obj["kind"] for obj in objects} >= {"StatefulSet", "Service", "ConfigMap", "Role"}
    assert "Secret" not in {obj["kind"] for obj in objects}
    # It is what the server takes.
    desk.kubectl("apply", "--dry-run=server", "-f", "-", stdin=done.stdout)


FAILURES = {
    "image": (
        ["--kubernetes-version", "v1.36.99"],
        4,
        ["container kube-", "registry.k8s.io/kube-", "v1.36.99", "events of the pod:"],
    ),
    "crash": (
        ["--set", "controlPlane.distro.k8s.apiServer.extraArgs={--nonsense}"],
        4,
        ["kube-apiserver: CrashLoopBackOff", "last lines of kube-apiserver:", "unknown flag: --nonsense"],
    ),
    "node": (
        ["--set", "controlPlane.statefulSet.scheduling.nodeSelector.disk=none"],
        4,
        ["no node takes its pod", "didn't match Pod's node affinity/selector"],
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_cannot_start_is_said_early_and_removed(desk: Host, namespace: str, case: str):
    options, code, said = FAILURES[case]
    start = time.monotonic()
    done = desk.vcli("create", "bad", "-n", namespace, "--ephemeral", *options, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    for text in said:
        assert text in done.stderr
    assert time.monotonic() - start < 60
    assert left(desk, namespace) == set()


def test_what_the_host_wont_have_is_said_before_anything_is_made(desk: Host, namespace: str):
    quota = "--hard=pods=0,count/persistentvolumeclaims=0"
    desk.kubectl("create", "quota", "none", "-n", namespace, quota)
    eventually(lambda: desk.get("quota", "none", "-n", namespace)["status"].get("used"))
    before = versions(desk, namespace)
    done = desk.vcli("create", "demo", "-n", namespace, check=False)
    assert (done.returncode, done.stdout) == (6, "")
    assert "the pod is rejected by the host: exceeded quota: none" in done.stderr
    assert "the volume claim is rejected by the host: exceeded quota: none" in done.stderr
    assert versions(desk, namespace) == before


def test_keep_on_failure(desk: Host, namespace: str):
    options = ["--ephemeral", "--kubernetes-version", "v1.36.99", "--keep-on-failure"]
    done = desk.vcli("create", "bad", "-n", namespace, *options, check=False)
    assert done.returncode == 4
    assert "vcli host load-image --kubernetes 1.36 gives" in done.stderr
    assert "StatefulSet/bad" in versions(desk, namespace)
    desk.vcli("delete", "bad", "-n", namespace)
    assert left(desk, namespace) == set()


def test_a_namespace_on_its_way_out_is_waited_for(desk: Host):
    desk.kubectl("create", "namespace", "vcluster-again")
    desk.kubectl("delete", "namespace", "vcluster-again", "--wait=false")
    try:
        done = desk.vcli("create", "again", *NOWHERE)
        assert "created virtual cluster again in namespace vcluster-again" in done.stderr
    finally:
        desk.vcli("delete", "again", "--delete-namespace", "--ignore-not-found")


def test_too_slow_is_a_timeout_and_removed(desk: Host, namespace: str):
    # No node has that much room, and one that gets some is waited for longer than this.
    room = ("--set", "controlPlane.statefulSet.resources.requests.memory=1Ti")
    done = desk.vcli("create", "slow", "-n", namespace, "--timeout", "10s", *room, check=False)
    assert done.returncode == 4
    assert "not ready after 10 seconds" in done.stderr
    assert left(desk, namespace) == set()


def test_a_service_of_somebody_else_stays(desk: Host, namespace: str):
    desk.kubectl("create", "service", "clusterip", "demo", "-n", namespace, "--tcp=80")
    before = versions(desk, namespace)
    for options in ([], ["--upgrade"]):
        done = desk.vcli("create", "demo", "-n", namespace, *options, check=False)
        assert done.returncode == 5
        assert f"namespace '{namespace}' has a Service 'demo' that vcli did not create" in done.stderr
    assert versions(desk, namespace) == before


def test_two_at_once_make_one(desk: Host, namespace: str):
    argv = [sys.executable, "-m", "vcli", "create", "one", "-n", namespace, *QUIET]
    with ExitStack() as stack:
        both = [
            stack.enter_context(
                Program(argv, env=desk.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
            for _ in range(2)
        ]
        said = [process.communicate(timeout=120)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 5], said
    assert desk.get("pod", "one-0", "-n", namespace)["status"]["phase"] == "Running"


@pytest.mark.skew
def test_an_administrator_of_one_namespace_is_enough(desk: Host, namespace: str, tmp_path: Path):
    user = tenant(desk, namespace, tmp_path)
    done = user.vcli("create", "mine", "--no-connect")
    assert f"created virtual cluster mine in namespace {namespace}" in done.stderr
    assert "kubectl debug" in done.stderr
    # The range of Service IPs was found out though ServiceCIDRs are hidden.
    assert user.get("configmap", "vc-facts-mine")["data"]["SERVICE_CIDRS"] == "10.96.0.0/16"
    user.vcli("delete", "mine")
    assert left(desk, namespace, also={"ServiceAccount/tenant", "RoleBinding/tenant"}) == set()


@pytest.mark.skew
def test_a_namespace_with_the_restricted_profile(desk: Host, namespace: str):
    desk.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    desk.vcli("create", "strict", "-n", namespace, *QUIET)


@pytest.mark.parametrize("output", ["table", "yaml", "json"])
def test_kubectl_takes_manifests_in_every_format(desk: Host, namespace: str, output: str):
    taken = ["create", "--dry-run=client", "--validate=false", "-n", namespace, "-o", "name", "-f", "-"]
    for command in (["template", "demo"], ["create", "demo", "--dry-run"]):
        printed = desk.vcli(*command, "-n", namespace, "-o", output).stdout
        names = desk.vcli(*command, "-n", namespace, "-o", "name").stdout.split()
        assert desk.kubectl(*taken, stdin=printed).split() == names
        assert "statefulset.apps/demo" in names
