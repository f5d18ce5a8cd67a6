"""What an object of the virtual cluster is on the host, and whose object a host object is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from polling import eventually
from space import BUSYBOX, Object, Space, pod, template

NAMES_FIT = 63


def host(space: Space, *args: str, stdin: str | None = None, check: bool = True) -> str:
    """Run kubectl in the host namespace."""
    return space.host.kubectl("--namespace", space.cluster.namespace, *args, stdin=stdin, check=check)


def on_host(space: Space, kind: str, name: str) -> Any:
    """The host object of a virtual name; None while there is none."""
    said = host(space, "get", kind, space.host_name(name), "--output", "json", "--ignore-not-found")
    return json.loads(said) if said else None


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def service(name: str, selector: dict[str, str], *, port: int = 80) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector, "ports": [{"port": port, "targetPort": 8080}]},
    }


def endpoints(kubectl: Any, name: str) -> set[str]:
    """The addresses behind a Service."""
    selector = f"kubernetes.io/service-name={name}"
    slices = json.loads(kubectl("get", "endpointslices", "--selector", selector, "--output", "json"))["items"]
    return {address for each in slices for one in each["endpoints"] or () for address in one["addresses"]}


def test_names_never_meet_whatever_they_are(space: Space) -> None:
    longest, seam, twin = "w" * NAMES_FIT, "a-x-b", f"b-x-{space.name}"
    space.kubectl("create", "namespace", twin)
    space.wait("create", "serviceaccount/default", "--namespace", twin)
    say = "echo $POD"
    env = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    space.apply(pod(longest, say, container={"env": env}), pod(seam, say, container={"env": env}))
    other = {"apiVersion": "v1", "kind": "List", "items": [pod("a", say, container={"env": env})]}
    space.run("create", "--namespace", twin, "--filename", "-", stdin=json.dumps(other))
    for name, namespace in ((longest, space.name), (seam, space.name), ("a", twin)):
        space.wait("jsonpath={.status.phase}=Succeeded", f"pod/{name}", "--namespace", namespace)
        assert space.kubectl("logs", name, "--namespace", namespace).strip() == name
    both = f"vcli.dev/namespace in ({space.name}, {twin})"
    mine = host(space, "get", "pods", "--selector", both, "--output", "name").split()
    assert len({*mine}) == 3
    assert all(len(each.removeprefix("pod/")) <= NAMES_FIT for each in mine)
    space.kubectl("delete", "namespace", twin, "--wait=false")


def test_a_host_object_says_whose_it_is_and_copies_nothing_of_the_virtual_ones_life(space: Space) -> None:
    alone = pod("alone", labels={"color": "blue"}, terminationGracePeriodSeconds=1)
    alone["metadata"] |= {"finalizers": ["example.com/held"], "annotations": {"note": "mine"}}
    space.apply(
        alone,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"replicas": 1, **template("sleep 1000", app="web")},
        },
    )
    space.wait("condition=Ready", "pod/alone")
    space.rollout("deployment/web")
    virtual, made = space.get("pod", "alone")["metadata"], on_host(space, "pod", "alone")["metadata"]
    assert (
        made["labels"].items()
        >= {
            "color": "blue",
            "vcli.dev/managed-by": space.cluster.name,
            "vcli.dev/namespace": space.name,
        }.items()
    )
    ours = {"name": "alone", "namespace": space.name, "uid": virtual["uid"], "kind": "Pod"}
    assert made["annotations"].items() >= {f"vcli.dev/{key}": value for key, value in ours.items()}.items()
    assert made["annotations"]["note"] == "mine"
    assert "finalizers" not in made
    assert made["uid"] != virtual["uid"]
    [owner] = made["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("Service", space.cluster.name)
    assert not owner.get("controller")

    [managed] = space.get("pods", "--selector", "app=web")["items"]
    made = on_host(space, "pod", managed["metadata"]["name"])["metadata"]
    assert "generateName" not in made
    [owner] = made["ownerReferences"]
    assert owner["controller"] is True
    # What `kubectl drain` goes by: it refuses a pod that nobody would make again.
    node = managed["spec"]["nodeName"]
    drain = ["drain", node, "--dry-run=server", "--ignore-daemonsets", "--delete-emptydir-data"]
    host(space, *drain, f"--pod-selector=vcli.dev/namespace={space.name},app=web")
    refused = space.host.kubectl(*drain, f"--pod-selector=vcli.dev/namespace={space.name}", check=False)
    assert f"{space.host_name('alone')} evicted" not in refused

    # A finalizer holds the virtual pod, and nothing on the host.
    space.kubectl("delete", "pod", "alone", "--wait=false")
    eventually(lambda: on_host(space, "pod", "alone") is None)
    assert space.get("pod", "alone")["metadata"]["finalizers"] == ["example.com/held"]
    space.kubectl("patch", "pod", "alone", "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')
    space.wait("delete", "pod/alone")


def test_labels_of_the_control_plane_catch_none_of_its_traffic(space: Space) -> None:
    labels = {"app": "vcluster", "release": space.cluster.name}
    space.apply(pod("thief", labels=labels), service("mine", labels))
    space.wait("condition=Ready", "pod/thief")
    address = space.get("pod", "thief")["status"]["podIP"]
    eventually(lambda: endpoints(space.kubectl, "mine") == {address})
    eventually(lambda: endpoints(lambda *args: host(space, *args), space.host_name("mine")) == {address})
    plane = space.host.get("pod", f"{space.cluster.name}-0", "--namespace", space.cluster.namespace)
    of_api = endpoints(lambda *args: host(space, *args), space.cluster.name)
    assert of_api == {plane["status"]["podIP"]}


def test_what_others_write_on_the_host_survives_and_their_copies_are_left_alone(space: Space) -> None:
    source = [{"configMapRef": {"name": "conf"}}]
    space.apply(
        config_map("conf", A="1"),
        service("web", {"app": "web"}),
        pod("web", labels={"app": "web"}, container={"envFrom": source}),
    )
    space.wait("condition=Ready", "pod/web")
    for kind, name in (("pod", "web"), ("service", "web"), ("configmap", "conf")):
        host(space, "annotate", kind, space.host_name(name), "example.com/injected=yes")

    # A controller of the host whose pods carry our labels and annotations, as a template was copied from one.
    copied = on_host(space, "pod", "web")["metadata"]
    container = {
        "name": "main",
        "image": BUSYBOX,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "999"],
    }
    meta = {"labels": {**copied["labels"], "copy": space.name}, "annotations": copied["annotations"]}
    copies = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": f"copies-{space.name}"},
        "spec": {
            "selector": {"matchLabels": meta["labels"]},
            "template": {"metadata": meta, "spec": {"containers": [container]}},
        },
    }
    space.host.apply(space.cluster.namespace, copies)
    host(space, "wait", "--for=create", "pod", "--selector", f"copy={space.name}", "--timeout=60s")
    before = host(space, "get", "pods", "--selector", f"copy={space.name}", "--output", "name")

    change = '{"metadata":{"labels":{"round":"two"},"annotations":{"note":"two"}}}'
    for kind in ("pod", "service"):
        space.kubectl("patch", kind, "web", "--type=merge", "--patch", change)
    space.apply(config_map("conf", A="2"), pod("later"))
    space.wait("condition=Ready", "pod/later")
    for kind, name in (("pod", "web"), ("service", "web"), ("configmap", "conf")):
        arrived = eventually(lambda kind=kind, name=name: changed(space, kind, name))
        assert arrived["metadata"]["annotations"]["example.com/injected"] == "yes"
    assert host(space, "get", "pods", "--selector", f"copy={space.name}", "--output", "name") == before
    host(space, "delete", "replicaset", f"copies-{space.name}", "--wait=false")


def changed(space: Space, kind: str, name: str) -> Any:
    found = on_host(space, kind, name)
    arrived = found["metadata"]["labels"].get("round") == "two" or found.get("data") == {"A": "2"}
    return found if arrived else None


def test_what_somebody_deletes_on_the_host_is_made_again_but_no_pod_runs_twice(space: Space) -> None:
    volume = {"name": "key", "secret": {"secretName": "key"}}
    key = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"a": "b"}}
    source = [{"configMapRef": {"name": "conf"}}]
    nowhere = {"example.com/no": "such"}
    space.apply(
        key,
        config_map("conf", A="1"),
        service("web", {"app": "web"}),
        pod("runs", container={"envFrom": source}, volumes=[volume]),
        pod("waits", nodeSelector=nowhere),
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"replicas": 1, **template("sleep 1000", app="web", terminationGracePeriodSeconds=0)},
        },
    )
    space.wait("condition=Ready", "pod/runs")
    space.rollout("deployment/web")
    eventually(lambda: on_host(space, "pod", "waits"))
    [first] = space.get("pods", "--selector", "app=web")["items"]
    remade = (("service", "web"), ("configmap", "conf"), ("secret", "key"), ("pod", "waits"))
    old = {name: on_host(space, kind, name)["metadata"]["uid"] for kind, name in remade}
    for kind, name in (*remade, ("pod", "runs"), ("pod", first["metadata"]["name"])):
        host(space, "delete", kind, space.host_name(name), "--wait=false")

    for kind, name in remade:
        eventually(lambda kind=kind, name=name: is_another(on_host(space, kind, name), old[name]))
    space.wait("delete", "pod/runs")
    space.wait("delete", f"pod/{first['metadata']['name']}")
    space.rollout("deployment/web")

    def replaced() -> bool:
        [second] = space.get("pods", "--selector", "app=web")["items"]
        return bool(second["metadata"]["uid"] != first["metadata"]["uid"])

    eventually(replaced)  # a roll-out may be called complete before its controller has seen that a pod went
    assert on_host(space, "pod", "runs") is None


def is_another(found: Any, uid: str) -> bool:
    return (
        found is not None and "deletionTimestamp" not in found["metadata"] and found["metadata"]["uid"] != uid
    )


def test_another_object_of_the_same_name_replaces_the_one_on_the_host(space: Space) -> None:
    volume = {"name": "conf", "configMap": {"name": "conf"}}
    mounts = [{"name": "conf", "mountPath": "/conf"}]
    fixed = {"immutable": True}
    stubborn = pod("web", "sleep 1000", volumes=[volume], container={"volumeMounts": mounts})
    space.apply({**config_map("conf", word="one"), **fixed}, stubborn)
    space.wait("condition=Ready", "pod/web")
    old = on_host(space, "pod", "web")["metadata"]["uid"]

    space.kubectl("delete", "configmap", "conf")
    space.apply({**config_map("conf", word="two"), **fixed})
    document = json.dumps(stubborn)
    # Forced out: its host pod has half a minute to end, and the name is taken again at once.
    space.kubectl("replace", "--force", "--grace-period=0", "--filename", "-", stdin=document)
    eventually(lambda: is_another(on_host(space, "pod", "web"), old))
    space.wait("condition=Ready", "pod/web")
    made = on_host(space, "pod", "web")["metadata"]["annotations"]["vcli.dev/uid"]
    assert made == space.get("pod", "web")["metadata"]["uid"]
    assert space.sh("web", "cat /conf/word") == "two"


@pytest.fixture
def strict_host(space: Space) -> Iterator[None]:
    """The host's admission refuses pods with the label refuse, and its quota those with a deadline."""
    name = f"strict-{space.name}"
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ]
            },
            "validations": [
                {
                    "expression": "!has(object.metadata.labels) || !('refuse' in object.metadata.labels)",
                    "messageExpression": "'no ' + object.metadata.name + ' in ' + object.metadata.namespace",
                    "reason": "Forbidden",
                }
            ],
        },
    }
    selector = {"matchLabels": {"kubernetes.io/metadata.name": space.cluster.namespace}}
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": selector},
        },
    }
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": name},
        "spec": {"hard": {"pods": "0"}, "scopes": ["Terminating"]},
    }
    try:
        space.host.apply(space.cluster.namespace, policy, binding, quota)
        eventually(lambda: "refused" in refusal(space))
        counted = ("resourcequota", name, "--namespace", space.cluster.namespace)
        eventually(lambda: space.host.get(*counted)["status"].get("used"))
        yield
    finally:
        host(space, "delete", "resourcequota", name, "--ignore-not-found")
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            space.host.kubectl("delete", kind, name, "--ignore-not-found")


def refusal(space: Space) -> str:
    """Whether the host's admission is at work yet."""
    body = {"apiVersion": "v1", "kind": "Pod", **pod("try", labels={"refuse": "yes"})}
    try:
        host(space, "create", "--dry-run=server", "--filename", "-", stdin=json.dumps(body))
    except pytest.fail.Exception:
        return "refused"
    return ""


def warnings(space: Space, name: str) -> list[str]:
    about = f"involvedObject.name={name},type=Warning"
    return [each["message"] for each in space.get("events", "--field-selector", about)["items"]]


@pytest.mark.usefixtures("strict_host")
def test_what_the_host_refuses_is_told_and_tried_again_while_the_rest_goes_on(space: Space) -> None:
    space.apply(
        pod("barred", labels={"refuse": "yes"}),
        pod("counted", "sleep 1000", activeDeadlineSeconds=600),
        pod("welcome"),
    )
    space.wait("condition=Ready", "pod/welcome")
    [barred] = eventually(lambda: warnings(space, "barred"))
    assert f"no barred in {space.name}" in barred
    [counted] = eventually(lambda: warnings(space, "counted"))
    assert "exceeded quota" in counted
    for text in (barred, counted):
        assert space.cluster.namespace not in text
        assert space.host_name("barred") not in text
        assert space.host_name("counted") not in text
    assert {space.get("pod", name)["status"]["phase"] for name in ("barred", "counted")} == {"Pending"}

    host(space, "delete", "resourcequota", f"strict-{space.name}")
    space.host.kubectl("delete", "validatingadmissionpolicybinding", f"strict-{space.name}")
    space.wait("condition=Ready", "pod/barred", "pod/counted")


_NEVER_SYNCED = (
    "deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs,horizontalpodautoscalers,serviceaccounts,"
    "roles,rolebindings,leases,resourcequotas,limitranges,replicationcontrollers,controllerrevisions"
)


def test_what_makes_pods_stays_in_the_virtual_cluster(space: Space) -> None:
    before = host(space, "get", _NEVER_SYNCED, "--output", "name")
    namespaces = space.host.kubectl("get", "namespaces", "--output", "name")
    labels = template("sleep 1000", app="web")
    job = {**template("true", app="job", restartPolicy="Never")}["template"]
    space.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": labels},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": labels},
        {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "web"}, "spec": labels},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "web"}, "spec": {"template": job}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}},
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "web"},
            "spec": {"hard": {"pods": "9"}},
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "web"},
            "rules": [],
        },
    )
    space.rollout("deployment/web")
    space.wait("condition=complete", "job/web")
    assert host(space, "get", _NEVER_SYNCED, "--output", "name") == before
    assert space.name not in space.host.kubectl("get", "namespaces", "--output", "name")
    assert namespaces.count(space.cluster.namespace) == 1
