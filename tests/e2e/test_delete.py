"""``vcli delete`` on a real host: everything that was made is gone, and nothing else."""

import contextlib
import json
import os
import signal
import sys
from typing import Any

import pytest
from embedded import Host
from keyboard import Keyboard
from plane import processes_of
from polling import eventually
from space import IDLE, container
from test_create import NO_DNS, NOWHERE, left, namespaces, versions


@pytest.fixture
def cluster(desk: Host, namespace: str) -> str:
    """A virtual cluster with a claim, somebody's object beside it; the name of its namespace."""
    desk.kubectl("create", "configmap", "bystander", "-n", namespace)
    desk.vcli("create", "demo", "-n", namespace)
    return namespace


@pytest.mark.skew
def test_everything_goes_and_the_bystander_stays(desk: Host, cluster: str):
    desk.kubectl("create", "deployment", "web", "--image=busybox:1.36", "--", "sh", "-c", IDLE)
    desk.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    context = desk.kubectl("config", "current-context").strip()

    planned = desk.vcli("delete", "demo", "-n", cluster, "--dry-run", "-o", "json")
    assert desk.kubectl("config", "current-context").strip() == context
    listed = set(json.loads(planned.stdout)["removed"])
    assert {"service/demo", "statefulset/demo", "persistentvolumeclaim/data-demo-0"} <= listed
    assert any(name.startswith("pod/web-") for name in listed)
    assert f"namespace/{cluster}" not in listed

    done = desk.vcli("delete", "demo", "-n", cluster, "-o", "json")
    data = json.loads(done.stdout)
    assert data["contexts"] == [context]
    assert listed <= set(data["removed"])
    assert context not in desk.kubectl("config", "get-contexts", "-o", "name")
    assert json.loads(desk.vcli("tunnels", "-o", "json").stdout) == []
    assert left(desk, cluster, also={"ConfigMap/bystander"}) == set()
    assert cluster in namespaces(desk)

    again = desk.vcli("delete", "demo", "-n", cluster, check=False)
    assert (again.returncode, again.stdout) == (3, "")
    assert f"there is no virtual cluster 'demo' in namespace '{cluster}'" in again.stderr
    fine = desk.vcli("delete", "demo", "-n", cluster, "--ignore-not-found", "-o", "json")
    assert json.loads(fine.stdout)["found"] is False


def test_claims_can_be_kept_and_are_taken_up_again(desk: Host, cluster: str):
    desk.apply("default", claim("files"))
    desk.kubectl("wait", "--for=jsonpath={.status.phase}=Bound", "pvc/files", "--timeout=60s")
    volume = desk.get("pvc", "files")["spec"]["volumeName"]
    done = desk.vcli("delete", "demo", "-n", cluster, "--keep-pvc", "-o", "json")
    kept = {"data-demo-0", "files-x-default-x-demo"}
    assert set(json.loads(done.stdout)["kept"]) == {f"persistentvolumeclaim/{name}" for name in kept}
    beside = {"ConfigMap/bystander", *(f"PersistentVolumeClaim/{name}" for name in kept)}
    assert left(desk, cluster, also=beside) == set()
    for name in kept:
        found = desk.get("pvc", name, "-n", cluster)
        assert found["status"]["phase"] == "Bound"
        assert "ownerReferences" not in found["metadata"]

    desk.vcli("create", "demo", "-n", cluster, *NO_DNS)
    again = desk.get("pvc", "files")
    assert (again["status"]["phase"], again["spec"]["volumeName"]) == ("Bound", volume)
    desk.vcli("delete", "demo", "-n", cluster)
    assert left(desk, cluster, also={"ConfigMap/bystander"}) == set()


def claim(name: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec,
    }


def test_rights_outside_the_namespace_go_too(desk: Host, namespace: str):
    rights = "rbac.clusterRole.enabled=true"
    desk.vcli("create", "demo", "-n", namespace, *NOWHERE, "--set", rights)
    account = f"system:serviceaccount:{namespace}:vc-demo"

    def may_read() -> bool:
        answer = desk.kubectl("auth", "can-i", "get", "persistentvolumes", "--as", account, check=False)
        return answer.strip() == "yes"

    eventually(may_read)
    done = desk.vcli("delete", "demo", "-n", namespace, "-o", "json")
    name = f"vcli:{namespace}:demo"
    assert {f"clusterrole/{name}", f"clusterrolebinding/{name}"} <= set(json.loads(done.stdout)["removed"])
    eventually(lambda: not may_read())
    assert desk.kubectl("get", "clusterrole", name, "--ignore-not-found") == ""


def test_deleting_the_service_alone_removes_everything(desk: Host, namespace: str):
    """Even with the syncer dead: that is what the owner references are for."""
    desk.vcli("create", "demo", "-n", namespace, "--no-connect")
    desk.kubectl("delete", "service", "demo", "-n", namespace)
    assert left(desk, namespace) == set()


def test_a_namespace_made_for_it_goes_with_it(desk: Host):
    desk.vcli("create", "lonely", *NOWHERE)
    done = desk.vcli("delete", "lonely", "-o", "json")
    assert "namespace/vcluster-lonely" in json.loads(done.stdout)["removed"]
    assert "vcluster-lonely" not in namespaces(desk)


def test_a_namespace_made_for_it_stays_when_somebody_moved_in(desk: Host):
    desk.vcli("create", "lonely", *NOWHERE)
    try:
        desk.kubectl("create", "configmap", "mine", "-n", "vcluster-lonely")
        done = desk.vcli("delete", "lonely", "-o", "json")
        assert "namespace/vcluster-lonely" not in json.loads(done.stdout)["removed"]
        assert desk.get("configmap", "mine", "-n", "vcluster-lonely")
    finally:
        desk.kubectl("delete", "namespace", "vcluster-lonely")


def test_a_namespace_with_others_things_goes_only_by_consent(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *NOWHERE)
    before = set(versions(desk, namespace))
    image = "--image=busybox:1.36"
    desk.kubectl("create", "deployment", "web", image, "-n", namespace, "--", "sh", "-c", IDLE)
    argv = ["delete", "demo", "-n", namespace, "--delete-namespace"]

    planned = desk.vcli(*argv, "--dry-run").stdout.split()
    assert {f"namespace/{namespace}", "deployment/web"} <= set(planned)
    assert not [each for each in planned if each.startswith("pod/web-")]

    refused = desk.vcli(*argv, check=False, stdin="y\n")
    assert (refused.returncode, refused.stdout) == (5, "")
    assert (
        "holds other things than virtual cluster 'demo': deployment/web; nothing was deleted"
        in refused.stderr
    )
    assert "--yes deletes them as well" in refused.stderr
    assert before <= set(versions(desk, namespace))

    for answer, code in (("n\n", 5), ("\x03", 130), ("y\n", 0)):
        terminal = Keyboard([sys.executable, "-m", "vcli", *argv], desk.env | {"TERM": "dumb"})
        terminal.expect("deployment/web. Delete them as well? [y/N] ")
        terminal.type(answer)
        if code == 5:
            terminal.expect("nothing was deleted")
        assert terminal.finish() == code
        assert code == 0 or before <= set(versions(desk, namespace))
    assert namespace not in namespaces(desk)


def test_consent_can_be_given_beforehand(desk: Host, namespace: str):
    desk.kubectl("create", "configmap", "mine", "-n", namespace)
    argv = ["delete", "demo", "-n", namespace, "--delete-namespace", "--ignore-not-found"]
    assert desk.vcli(*argv, check=False).returncode == 5
    desk.vcli(*argv, "-y")
    assert namespace not in namespaces(desk)


def test_an_unset_variable_deletes_nothing(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *NOWHERE)
    before = set(versions(desk, namespace))
    for argv in (
        ["", "-n", namespace],
        ["", "--delete-namespace"],
        ["demo", "-n", ""],
        ["demo", "--context", ""],
    ):
        done = desk.vcli("delete", *argv, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert "must not be empty" in done.stderr
    assert before <= set(versions(desk, namespace))


def test_an_interrupted_delete_says_what_does_the_rest(desk: Host, namespace: str):
    desk.vcli("create", "held", "-n", namespace, *NOWHERE)
    held = '{"metadata":{"finalizers":["example.org/held"]}}'
    desk.kubectl("patch", "secret", "vc-held", "-n", namespace, "--type=merge", "-p", held)
    argv = ["delete", "held", "-n", namespace]
    terminal = Keyboard([sys.executable, "-m", "vcli", *argv], desk.env | {"TERM": "dumb"})
    terminal.expect("1 left, secret/vc-held", seconds=60)
    terminal.type("\x03")
    terminal.expect(f"vcli delete held --ignore-not-found -n {namespace} removes what is left")
    assert terminal.finish() == 130
    free = '{"metadata":{"finalizers":null}}'
    desk.kubectl("patch", "secret", "vc-held", "-n", namespace, "--type=merge", "-p", free)
    desk.vcli(*argv, "--ignore-not-found")
    assert left(desk, namespace) == set()


def test_what_another_tool_made_is_left_alone(desk: Host, namespace: str):
    desk.kubectl("create", "service", "clusterip", "theirs", "-n", namespace, "--tcp=443:8443")
    desk.kubectl(
        "label", "service", "theirs", "-n", namespace, "app=vcluster", "release=theirs", "--overwrite"
    )
    done = desk.vcli("delete", "theirs", "-n", namespace, check=False)
    assert done.returncode == 5
    assert "was made by another tool" in done.stderr
    assert desk.get("service", "theirs", "-n", namespace)


def test_a_finalizer_is_named(desk: Host, namespace: str):
    desk.vcli("create", "stuck", "-n", namespace, *NOWHERE)
    patch = '{"metadata":{"finalizers":["example.org/held"]}}'
    desk.kubectl("patch", "secret", "vc-stuck", "-n", namespace, "--type=merge", "-p", patch)
    done = desk.vcli("delete", "stuck", "-n", namespace, "--timeout", "20s", check=False)
    assert done.returncode == 4
    assert "secret/vc-stuck" in done.stderr
    assert "finalizers" in done.stderr
    free = '{"metadata":{"finalizers":null}}'
    desk.kubectl("patch", "secret", "vc-stuck", "-n", namespace, "--type=merge", "-p", free)
    desk.vcli("delete", "stuck", "-n", namespace, "--ignore-not-found")
    assert left(desk, namespace) == set()


DAY = 86400


def deaf(name: str) -> dict[str, Any]:
    """A pod that does not end when asked to, and has a day for it."""
    spec = {
        "terminationGracePeriodSeconds": DAY,
        "containers": [container("trap '' TERM; while :; do sleep 1; done")],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_a_long_grace_holds_up_nothing(desk: Host, namespace: str):
    desk.vcli("create", "held", "-n", namespace, "--ephemeral", *NO_DNS)
    desk.apply("default", deaf("stays"))
    desk.kubectl("wait", "--for=condition=Ready", "pod/stays", "--timeout=90s")
    [pod] = [
        each
        for each in desk.get("pods", "-n", namespace, "--context", desk.name)["items"]
        if each["metadata"]["name"].startswith("stays-x-")
    ]
    identity = pod["status"]["containerStatuses"][0]["containerID"].partition("://")[2]
    assert processes_of(identity)
    done = desk.vcli("delete", "held", "-n", namespace, "--timeout", "30s")
    assert "by force" not in done.stderr
    assert left(desk, namespace) == set()
    eventually(lambda: not processes_of(identity))


def test_a_long_grace_does_not_hold_up_the_namespace_made_for_it(desk: Host):
    desk.vcli("create", "lonely", "--ephemeral", *NO_DNS)
    desk.apply("default", deaf("stays"))
    desk.kubectl("wait", "--for=condition=Ready", "pod/stays", "--timeout=90s")
    done = desk.vcli("delete", "lonely", "--timeout", "40s", "-o", "json")
    assert "namespace/vcluster-lonely" in json.loads(done.stdout)["removed"]
    assert "vcluster-lonely" not in namespaces(desk)


def test_a_pod_that_is_ending_for_a_day_is_removed_by_force(desk: Host, namespace: str):
    """Its kubelet no longer takes a shorter grace: it is named, as it may run on."""
    desk.vcli("create", "held", "-n", namespace, "--ephemeral", *NO_DNS)
    desk.apply("default", deaf("ends"))
    desk.kubectl("wait", "--for=condition=Ready", "pod/ends", "--timeout=90s")
    desk.kubectl("delete", "pod", "ends", "--wait=false")

    def ending() -> Any:
        pods = desk.get("pods", "-n", namespace, "--context", desk.name)["items"]
        return [each for each in pods if each["metadata"].get("deletionGracePeriodSeconds") == DAY]

    [pod] = eventually(ending)
    identity = pod["status"]["containerStatuses"][0]["containerID"].partition("://")[2]
    # Before its kubelet has begun, it would take a shorter grace.
    begun = f"involvedObject.uid={pod['metadata']['uid']},reason=Killing"
    events = ("events", "-n", namespace, "--context", desk.name, "--field-selector", begun)
    eventually(lambda: desk.get(*events)["items"])
    try:
        done = desk.vcli("delete", "held", "-n", namespace, "--timeout", "20s")
        assert f"pod {pod['metadata']['name']} did not end in time and was removed by force" in done.stderr
        assert left(desk, namespace) == set()
    finally:
        for pid in processes_of(identity):
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(pid, signal.SIGKILL)
