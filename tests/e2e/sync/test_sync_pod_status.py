"""What a pod becomes on the host shows in the virtual cluster, and what changes here is done there."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kubernetes.client import ApiClient, CoreV1Api
from kubernetes.watch import Watch
from kubernetes_versions import both_have
from polling import eventually
from space import BUSYBOX, IDLE, Object, Space, pod, template

UPDATES = 500
WATCH_SECONDS = 600
PAUSE = "registry.k8s.io/pause:3.10.1"
OTHER_IMAGE = "docker.io/library/busybox:latest"


def host(space: Space, *args: str, stdin: str | None = None) -> str:
    """Run kubectl in the host namespace."""
    return space.host.kubectl("--namespace", space.cluster.namespace, *args, stdin=stdin)


def on_host(space: Space, name: str) -> Any:
    return space.host.get("pod", space.host_name(name), "--namespace", space.cluster.namespace)


def condition(pod: Object, kind: str) -> str | None:
    found = {each["type"]: each["status"] for each in pod["status"].get("conditions") or ()}
    return found.get(kind)


def history(api: ApiClient, space: Space, name: str, since: str) -> list[Object]:
    """Every version of a pod from one of its resource versions until all `UPDATES` are observed."""
    versions: list[Object] = []
    pods = Watch().stream(
        CoreV1Api(api).list_namespaced_pod,
        space.name,
        field_selector=f"metadata.name={name}",
        resource_version=since,
        timeout_seconds=WATCH_SECONDS,
    )
    for event in pods:
        versions.append(event["raw_object"])
        if versions[-1]["status"].get("observedGeneration", 0) > UPDATES:
            break
    return versions


@pytest.mark.skipif(not both_have(34), reason="pods have no observedGeneration yet")
@pytest.mark.skew
def test_each_change_is_observed_in_its_turn_and_ready_never_flaps(space: Space) -> None:
    space.apply(pod("web", activeDeadlineSeconds=5000))
    space.wait("condition=Ready", "pod/web")
    since = space.get("pod", "web")["metadata"]["resourceVersion"]
    with space.cluster.client() as watching, space.cluster.client() as api, ThreadPoolExecutor(1) as pool:
        # From before the first: an API server keeps only the newest versions for those who ask later.
        observed = pool.submit(history, watching, space, "web", since)
        for number in range(1, UPDATES + 1):
            body = {"spec": {"activeDeadlineSeconds": 5000 - number}}
            CoreV1Api(api).patch_namespaced_pod("web", space.name, body)
        versions = observed.result()
    assert len(versions) >= UPDATES
    assert {condition(each, "Ready") for each in versions} == {"True"}
    seen = [each["status"].get("observedGeneration", 0) for each in versions]
    assert seen == sorted(seen)
    assert seen[-1] == space.get("pod", "web")["metadata"]["generation"]
    assert on_host(space, "web")["spec"]["activeDeadlineSeconds"] == 5000 - UPDATES


@pytest.fixture
def injecting_host(space: Space) -> Iterator[None]:
    """The host's admission puts containers into pods with the label inject, as a service mesh does."""
    name = f"inject-{space.name}"
    group = "admissionregistration.k8s.io/v1"

    def container(kind: str, called: str, image: str) -> str:
        return f'{kind}: [Object.spec.{kind}{{name: "{called}", image: "{image}"}}]'

    # As they are, the one goes on for ever and the other ends: a command can't be given.
    proxy, init = (
        container("containers", "mesh-proxy", PAUSE),
        container("initContainers", "mesh-init", BUSYBOX),
    )
    expression = f"Object{{spec: Object.spec{{{proxy}, {init}}}}}"
    policy = {
        "apiVersion": group,
        "kind": "MutatingAdmissionPolicy",
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
            "matchConditions": [
                {
                    "name": "marked",
                    "expression": "has(object.metadata.labels) && 'inject' in object.metadata.labels",
                }
            ],
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [
                {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}
            ],
        },
    }
    selector = {"matchLabels": {"kubernetes.io/metadata.name": space.cluster.namespace}}
    binding = {
        "apiVersion": group,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "matchResources": {"namespaceSelector": selector}},
    }
    probe = json.dumps(pod("probe", labels={"inject": "yes"}))
    dry = ("create", "--dry-run=server", "--filename", "-", "--output", "json")
    try:
        space.host.apply(space.cluster.namespace, policy, binding)
        eventually(lambda: "mesh-proxy" in host(space, *dry, stdin=probe))
        yield
    finally:
        for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
            space.host.kubectl("delete", kind, name, "--ignore-not-found")


@pytest.mark.usefixtures("injecting_host")
def test_what_the_hosts_admission_puts_into_a_pod_stays_there(space: Space) -> None:
    space.apply(pod("web", labels={"inject": "yes"}))
    space.wait("condition=Ready", "pod/web")
    there = on_host(space, "web")
    assert [each["name"] for each in there["spec"]["containers"]] == ["main", "mesh-proxy"]
    here = space.get("pod", "web")
    assert [each["name"] for each in here["status"]["containerStatuses"]] == ["main"]
    assert "initContainerStatuses" not in here["status"]
    refused = space.run("logs", "web", "--container", "mesh-proxy")
    assert refused.returncode != 0
    eventually(lambda: "Started" in {each["reason"] for each in space.get("events")["items"]})
    assert "mesh" not in space.kubectl("get", "events", "--output", "json")

    # Nobody fights over it: a change is brought once, and the two containers stay.
    space.kubectl("label", "pod", "web", "round=two")
    eventually(lambda: on_host(space, "web")["metadata"]["labels"].get("round") == "two")
    space.apply(pod("later"))
    space.wait("condition=Ready", "pod/later")
    after = on_host(space, "web")
    assert after["metadata"]["generation"] == there["metadata"]["generation"]
    assert after["spec"]["containers"] == there["spec"]["containers"]
    assert [each["restartCount"] for each in after["status"]["containerStatuses"]] == [0, 0]


@pytest.mark.skew
def test_readiness_gates_are_set_inside_and_count_on_the_host(space: Space) -> None:
    gate = "example.com/open"
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    space.apply(
        {**service, "spec": spec},
        pod("web", labels={"app": "web"}, readinessGates=[{"conditionType": gate}]),
    )
    space.wait("condition=ContainersReady", "pod/web")
    assert condition(space.get("pod", "web"), "Ready") == "False"

    def open_gate(status: str) -> None:
        body = {"status": {"conditions": [{"type": gate, "status": status}]}}
        space.kubectl("patch", "pod", "web", "--subresource=status", "--patch", json.dumps(body))

    open_gate("True")
    space.wait("condition=Ready", "pod/web")
    assert condition(on_host(space, "web"), "Ready") == "True"
    open_gate("False")
    space.wait("condition=Ready=False", "pod/web")
    assert condition(on_host(space, "web"), "Ready") == "False"


@pytest.mark.skew
def test_an_eviction_on_either_side_ends_the_pod(space: Space) -> None:
    web = {"replicas": 1, **template(IDLE, app="web")}
    space.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": web})
    space.rollout("deployment/web")

    def evict(name: str, namespace: str, kubectl: Any) -> None:
        metadata = {"name": name, "namespace": namespace}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/eviction"
        kubectl("create", "--raw", path, "--filename", "-", stdin=json.dumps(body))

    def current(but: str = "") -> str:
        [name] = [each["metadata"]["name"] for each in space.get("pods", "-l", "app=web")["items"]]
        return str(name) if name != but else ""

    first = current()
    evict(space.host_name(first), space.cluster.namespace, space.host.kubectl)
    space.wait("delete", f"pod/{first}")
    space.rollout("deployment/web")
    second = eventually(lambda: current(but=first))
    space.rollout("deployment/web")
    evict(second, space.name, space.kubectl)
    space.wait("delete", f"pod/{second}")
    space.rollout("deployment/web")
    eventually(lambda: space.on_host("pods") == [space.host_name(current())])


@pytest.mark.skew
def test_what_may_change_in_a_pod_changes_on_the_host(space: Space) -> None:
    resources = {"limits": {"cpu": "100m", "memory": "64Mi"}, "requests": {"cpu": "50m", "memory": "32Mi"}}
    whole = both_have(36)  # earlier, only containers can be resized
    of_pod = {"resources": resources} if whole else {"container": {"resources": resources}}
    space.apply(
        pod("web", restartPolicy="Always", **of_pod),
        pod("late", "sleep 1000", activeDeadlineSeconds=600, terminationGracePeriodSeconds=1),
    )
    space.wait("condition=Ready", "pod/web", "pod/late")

    def patch(name: str, spec: Object, *more: str) -> None:
        space.kubectl("patch", "pod", name, "--patch", json.dumps({"spec": spec}), *more)

    tolerations = [*space.get("pod", "web")["spec"]["tolerations"], {"key": "new", "operator": "Exists"}]
    patch("web", {"tolerations": tolerations})
    patch("web", {"containers": [{"name": "main", "image": OTHER_IMAGE}]})
    change = {"resources": {"limits": {"cpu": "200m"}}}
    patch("web", change if whole else {"containers": [{"name": "main", **change}]}, "--subresource=resize")
    patch("late", {"activeDeadlineSeconds": 1})

    def arrived() -> bool:
        spec = on_host(space, "web")["spec"]
        return bool(
            "new" in {each.get("key") for each in spec["tolerations"]}
            and spec["containers"][0]["image"] == OTHER_IMAGE
            and (spec if whole else spec["containers"][0])["resources"]["limits"]["cpu"] == "200m"
        )

    eventually(arrived)
    eventually(lambda: space.get("pod", "web")["status"]["containerStatuses"][0]["restartCount"] == 1)

    def cpu() -> str:
        status = space.get("pod", "web")["status"]
        reported: Object = status if whole else status["containerStatuses"][0]
        return str(reported["resources"]["limits"]["cpu"])

    eventually(lambda: cpu() == "200m")
    space.wait("jsonpath={.status.phase}=Failed", "pod/late")
    assert space.get("pod", "late")["status"]["reason"] == "DeadlineExceeded"


@pytest.mark.skew
def test_what_a_container_says_at_its_end_arrives_byte_for_byte(space: Space) -> None:
    """Results of pipelines travel there; a word in them may be the name of the host's namespace."""
    namespace = space.cluster.namespace
    url = f"https://{namespace}.example.org/{space.host_name('web')}"
    result = json.dumps([{"key": "deployed", "value": url}, {"key": "env", "value": namespace}])
    said = f"{result} \u00fc {'z' * 1500}"
    write = 'printf %s "$SAID" >/dev/termination-log'
    task = pod("task", write, container={"env": [{"name": "SAID", "value": said}]})
    image = f"registry.invalid/{namespace}/app:{namespace}"
    [step] = task["spec"]["containers"]
    task["spec"]["containers"] = [step, {"name": namespace, "image": image}]
    probe = {"exec": {"command": ["sh", "-c", f"echo no {namespace}; exit 1"]}, "periodSeconds": 1}
    space.apply(task, pod("unready", container={"readinessProbe": probe}))

    def state(name: str, kind: str) -> Object:
        statuses = space.get("pod", "task")["status"]["containerStatuses"]
        [status] = [each for each in statuses if each["name"] == name]
        found: Object = status["state"][kind]
        return found

    assert eventually(lambda: state("main", "terminated"))["message"] == said
    waits = eventually(lambda: (found := state(namespace, "waiting")).get("message") and found)
    assert image in waits["message"]
    unready = [each for each in space.get("pod", "task")["status"]["conditions"] if each["type"] == "Ready"]
    assert namespace in unready[0]["message"]

    def message(name: str, reason: str) -> str:
        about = f"involvedObject.name={name},reason={reason}"
        [event, *_] = space.get("events", "--field-selector", about)["items"]
        return str(event["message"])

    assert image in eventually(lambda: message("task", "Pulling"))
    assert f"no {namespace}" in eventually(lambda: message("unready", "Unhealthy"))
