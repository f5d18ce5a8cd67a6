"""``vcli pause`` and ``vcli resume`` on a real host: what goes, what stays, and what comes back."""

import json
from typing import Any

import pytest
from embedded import Host
from lending import Lender, fixtures
from polling import eventually
from upgrading import CLAIM, inside, precious

PAUSED, REPLICAS = "loft.sh/paused", "loft.sh/paused-replicas"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec:\n  terminationGracePeriodSeconds: 1\n"
SLEEPS = "  containers: [{name: c, image: 'busybox:1.36', command: [sleep, '10000']}]\n"
WORKLOADS = f"""\
{POD}{SLEEPS}---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{{name: c, image: 'busybox:1.36', command: [sleep, '10000']}}]
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: yearly}}
spec:
  schedule: "0 0 1 1 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{{name: c, image: 'busybox:1.36', command: [echo, once]}}]
"""


lender, lent = fixtures(*CLAIM)
"""The namespace of one whose data is on a claim."""


def running(host: Host, namespace: str, name: str) -> Any:
    """The virtual pod with such a name when it is Ready; its metadata."""
    for pod in json.loads(inside(host, namespace, "get", "pods", "-o", "json").stdout)["items"]:
        conditions = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", ())}
        if pod["metadata"]["name"].startswith(name) and conditions.get("Ready") == "True":
            return pod["metadata"]
    return None


def status(host: Host, namespace: str) -> str:
    [row] = json.loads(host.vcli("list", "-n", namespace, "-o", "json").stdout)
    return str(row["status"])


def test_what_runs_goes_and_comes_back_and_all_else_stays(desk: Host, lent: str) -> None:
    kept = precious(desk, lent)
    desk.vcli("connect", "demo", "-n", lent, "--", "kubectl", "apply", "-f", "-", stdin=WORKLOADS)
    inside(desk, lent, "create", "job", "once", "--from=cronjob/yearly")
    inside(desk, lent, "wait", "--for=condition=Complete", "job/once", "--timeout=120s")
    [ended] = json.loads(inside(desk, lent, "get", "pods", "-l", "job-name=once", "-o", "json").stdout)[
        "items"
    ]
    before = eventually(lambda: running(desk, lent, "web-"))
    bare = eventually(lambda: running(desk, lent, "bare"))
    stays = ("services", "persistentvolumeclaims")
    there = {
        each: [item["metadata"]["uid"] for item in desk.get(each, "-n", lent)["items"]] for each in stays
    }

    done = desk.vcli("pause", "demo", "-n", lent)
    assert f"paused virtual cluster demo in namespace {lent}, pods removed: 2; " in done.stderr
    assert f"vcli resume demo -n {lent} starts it again\n" in done.stderr
    pods = desk.get("pods", "-n", lent)["items"]
    assert {pod["status"]["phase"] for pod in pods} == {"Succeeded"}  # its log is still to be read
    for kind, uids in there.items():
        assert [item["metadata"]["uid"] for item in desk.get(kind, "-n", lent)["items"]] == uids
    workload = desk.get("statefulset", "demo", "-n", lent)
    assert workload["spec"]["replicas"] == 0
    marks = workload["metadata"]["annotations"]
    assert (marks[PAUSED], marks[REPLICAS]) == ("true", "1")
    assert status(desk, lent) == "Paused"
    assert json.loads(desk.vcli("describe", "demo", "-n", lent, "-o", "json").stdout)["status"] == "Paused"
    again = json.loads(desk.vcli("sleep", "demo", "-n", lent, "-o", "json").stdout)
    assert again == {
        "name": "demo",
        "namespace": lent,
        "status": "Paused",
        "changed": False,
        "removedPods": 0,
    }

    done = desk.vcli("wakeup", "demo", "-n", lent)
    assert f"resumed virtual cluster demo in namespace {lent}; " in done.stderr
    assert not desk.get("statefulset", "demo", "-n", lent)["metadata"]["annotations"].keys() & {
        PAUSED,
        REPLICAS,
    }
    inside(desk, lent, "get", "configmap", kept)
    after = eventually(lambda: running(desk, lent, "web-"))
    assert after["uid"] != before["uid"]  # its controller has made another one
    assert eventually(lambda: running(desk, lent, "bare"))["uid"] == bare["uid"]
    [job] = json.loads(inside(desk, lent, "get", "jobs", "-o", "json").stdout)["items"]
    assert (job["metadata"]["name"], job["status"]["succeeded"]) == ("once", 1)
    [same] = json.loads(inside(desk, lent, "get", "pods", "-l", "job-name=once", "-o", "json").stdout)[
        "items"
    ]
    assert same["metadata"]["uid"] == ended["metadata"]["uid"]
    assert "not paused" in desk.vcli("resume", "demo", "-n", lent).stderr
    inside(desk, lent, "delete", "deployment/web", "service/web", "cronjob/yearly", "pod/bare")


def test_who_is_connected_is_told_and_connecting_resumes(desk: Host, lent: str) -> None:
    desk.vcli("connect", "demo", "-n", lent)
    desk.kubectl("get", "namespaces")
    desk.vcli("pause", "demo", "-n", lent)
    with pytest.raises(pytest.fail.Exception, match="is paused, it has no pod") as caught:
        desk.kubectl("get", "namespaces")
    assert f"start it: vcli resume demo -n {lent}" in str(caught.value)

    # What is changed meanwhile is there when it is resumed.
    done = desk.vcli("upgrade", "demo", "-n", lent, "--set", "controlPlane.statefulSet.pods.labels.x=asleep")
    assert "it is paused: the control plane changes when it is resumed" in done.stderr
    assert status(desk, lent) == "Paused"

    done = desk.vcli("connect", "demo", "-n", lent)
    assert f"virtual cluster 'demo' in namespace '{lent}' was paused: it is resumed\n" in done.stderr
    assert "default" in desk.kubectl("get", "namespaces")
    pod = desk.get("pod", "demo-0", "-n", lent, "--context", host_context(desk))
    assert pod["metadata"]["labels"]["x"] == "asleep"


def host_context(desk: Host) -> str:
    names = desk.kubectl("config", "get-contexts", "-o", "name").split()
    return next(name for name in names if not name.startswith("vcluster_"))


def workload(name: str, app: str, *, replicas: int) -> dict[str, Any]:
    """A workload as loft-sh's CLI makes it, with its data in its pod."""
    labels = {"app": app, "release": "theirs"}
    containers = [{"name": "syncer", "image": "busybox:1.36", "command": ["sleep", "10000"]}]
    pod = {
        "terminationGracePeriodSeconds": 1,
        "containers": containers,
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def test_those_that_others_made_and_those_without_a_volume(desk: Host, namespace: str) -> None:
    desk.apply(
        namespace,
        workload("theirs", "vcluster", replicas=1),
        workload("theirs-etcd", "vcluster-etcd", replicas=3),
    )
    refused = desk.vcli("pause", "theirs", "-n", namespace, check=False)
    assert refused.returncode == 5
    assert "keeps its data in its pod only: all of it would be lost; nothing was changed" in refused.stderr
    assert "--yes pauses it even so" in refused.stderr

    def counts() -> dict[str, tuple[int, str | None]]:
        return {
            item["metadata"]["name"]: (
                item["spec"]["replicas"],
                item["metadata"].get("annotations", {}).get(REPLICAS),
            )
            for item in desk.get("statefulsets", "-n", namespace)["items"]
        }

    assert counts() == {"theirs": (1, None), "theirs-etcd": (3, None)}
    desk.vcli("pause", "theirs", "-n", namespace, "--yes")
    assert counts() == {"theirs": (0, "1"), "theirs-etcd": (0, "3")}
    assert desk.get("pods", "-n", namespace)["items"] == []
    desk.vcli("resume", "theirs", "-n", namespace, "--no-wait")
    assert counts() == {"theirs": (1, None), "theirs-etcd": (3, None)}


def test_one_that_is_paused_can_be_deleted(desk: Host, lender: Lender, lent: str) -> None:
    desk.vcli("pause", "demo", "-n", lent)
    desk.vcli("delete", "demo", "-n", lent)
    assert desk.get("statefulsets,persistentvolumeclaims,services", "-n", lent)["items"] == []
    lender.end()
