"""What a pod sees of the world, and how it ends."""

import json
import time

import pytest
from polling import eventually
from space import IDLE, PYTHON, Space, pod, serving

WHO_AM_I = """
import json, pathlib, ssl, urllib.request
home = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
request = urllib.request.Request(
    "https://kubernetes.default.svc/apis/authentication.k8s.io/v1/selfsubjectreviews",
    json.dumps(body).encode(),
    {"Authorization": "Bearer " + (home / "token").read_text(), "Content-Type": "application/json"},
)
context = ssl.create_default_context(cafile=str(home / "ca.crt"))
with urllib.request.urlopen(request, context=context, timeout=20) as response:
    print(json.dumps(json.load(response)["status"]["userInfo"]))
"""


@pytest.mark.skew
def test_a_pod_is_somebody_to_its_own_api_server(space: Space) -> None:
    who = {"image": PYTHON, "command": ["python", "-c", WHO_AM_I]}
    space.apply(pod("who", container=who, restartPolicy="OnFailure"))
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/who")
    user = json.loads(space.kubectl("logs", "who"))
    assert user["username"] == f"system:serviceaccount:{space.name}:default"
    assert user["extra"]["authentication.kubernetes.io/pod-name"] == ["who"]
    node = space.get("pod", "who")["spec"]["nodeName"]
    assert user["extra"]["authentication.kubernetes.io/node-name"] == [node]


@pytest.mark.skew
def test_names_resolve_as_on_a_plain_cluster(space: Space) -> None:
    space.apply(pod("client"))
    space.wait("condition=Ready", "pod/client")
    api = space.get("service", "kubernetes", "--namespace", "default")["spec"]["clusterIP"]

    def resolves() -> bool:
        return api in space.sh("client", "nslookup kubernetes.default.svc.cluster.local || true")

    eventually(resolves, seconds=60)
    resolver = space.sh("client", "cat /etc/resolv.conf")
    assert f"search {space.name}.svc.cluster.local svc.cluster.local cluster.local" in resolver
    assert space.cluster.namespace not in resolver


@pytest.mark.skew
def test_the_downward_api_tells_of_the_virtual_pod_alone(space: Space) -> None:
    def env(name: str, path: str):
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}

    items = [
        {"path": name, "fieldRef": {"fieldPath": f"metadata.{name}"}} for name in ("labels", "annotations")
    ]
    body = pod(
        "mirror",
        labels={"color": "blue"},
        volumes=[{"name": "about", "downwardAPI": {"items": items}}],
        container={
            "env": [
                env("NAME", "metadata.name"),
                env("NS", "metadata.namespace"),
                env("UID", "metadata.uid"),
                env("ACCOUNT", "spec.serviceAccountName"),
                env("NODE", "spec.nodeName"),
                env("IP", "status.podIP"),
                env("HOST_IP", "status.hostIP"),
            ],
            "volumeMounts": [{"name": "about", "mountPath": "/about"}],
        },
    )
    body["metadata"]["annotations"] = {"note": "mine"}
    space.apply(body)
    space.wait("condition=Ready", "pod/mirror")
    reported = space.get("pod", "mirror")
    seen = space.sh("mirror", "echo $NAME $NS $UID $ACCOUNT $NODE $IP $HOST_IP").split()
    assert seen == [
        "mirror",
        space.name,
        reported["metadata"]["uid"],
        "default",
        reported["spec"]["nodeName"],
        reported["status"]["podIP"],
        reported["status"]["hostIP"],
    ]
    assert space.sh("mirror", "cat /about/labels") == 'color="blue"'
    assert "vcli.dev" not in space.sh("mirror", "cat /about/annotations")
    assert 'note="mine"' in space.sh("mirror", "cat /about/annotations")
    assert space.cluster.namespace not in space.sh("mirror", "env")
    node = space.get("node", reported["spec"]["nodeName"])
    assert {"type": "InternalIP", "address": reported["status"]["hostIP"]} in node["status"]["addresses"]


@pytest.mark.skew
def test_a_pod_has_its_grace_to_end_in(space: Space) -> None:
    space.apply(pod("slow", "trap 'echo ending; sleep 8; exit 0' TERM; while :; do sleep 0.1; done"))
    space.wait("condition=Ready", "pod/slow")
    started = time.monotonic()
    space.kubectl("delete", "pod", "slow", "--wait=false")
    assert space.get("pod", "slow")["metadata"]["deletionGracePeriodSeconds"] == 30
    eventually(lambda: "ending" in space.kubectl("logs", "slow", check=False), seconds=20)
    space.wait("delete", "pod/slow")
    assert 8 <= time.monotonic() - started < 30
    assert space.on_host("pods") == []


def test_a_pod_deleted_on_the_host_is_deleted_here(space: Space) -> None:
    space.apply(pod("web"))
    space.wait("condition=Ready", "pod/web")
    space.host.kubectl(
        "delete", "pod", space.host_name("web"), "--namespace", space.cluster.namespace, "--wait=false"
    )
    space.wait("delete", "pod/web")


@pytest.mark.skew
def test_a_crashing_container_is_restarted_and_shows_it(space: Space) -> None:
    space.apply(pod("crash", "exit 7", restartPolicy="Always"))

    def crashed() -> bool:
        [status] = space.get("pod", "crash")["status"].get("containerStatuses") or [{}]
        return status.get("restartCount", 0) >= 1

    eventually(crashed)
    eventually(lambda: "BackOff" in space.kubectl("get", "events"))


def test_why_a_pod_is_not_scheduled_is_told_without_the_hosts_names(space: Space) -> None:
    space.apply(pod("big", container={"resources": {"requests": {"cpu": "999"}}}))
    reported = eventually(lambda: reasons(space, "big"), seconds=60)
    assert "FailedScheduling" in reported
    [condition] = eventually(lambda: space.get("pod", "big")["status"]["conditions"])
    assert (condition["type"], condition["reason"]) == ("PodScheduled", "Unschedulable")
    everything = space.kubectl("get", "events", "--output", "json")
    assert space.cluster.namespace not in everything
    assert space.host_name("big") not in everything


def reasons(space: Space, name: str) -> set[str]:
    events = space.get("events", "--field-selector", f"involvedObject.name={name}")["items"]
    return {each["reason"] for each in events}


def test_a_missing_config_is_reported_and_then_taken(space: Space) -> None:
    source = [{"configMapRef": {"name": "late"}}]
    space.apply(pod("web", "echo $WORD", container={"envFrom": source}))
    eventually(lambda: reasons(space, "web") & {"Failed", "FailedMount"}, seconds=60)
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}, "data": {"WORD": "now"}}
    space.apply(config)
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/web")
    assert space.kubectl("logs", "web").strip() == "now"


@pytest.mark.skew
def test_a_changed_config_reaches_a_mounted_volume(space: Space) -> None:
    def config(word: str):
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"word": word}}

    volume = {"name": "conf", "configMap": {"name": "conf"}}
    mounts = [{"name": "conf", "mountPath": "/conf"}]
    space.apply(config("one"), pod("web", volumes=[volume], container={"volumeMounts": mounts}))
    space.wait("condition=Ready", "pod/web")
    assert space.sh("web", "cat /conf/word") == "one"
    space.apply(config("two"))
    eventually(lambda: space.sh("web", "cat /conf/word") == "two")


@pytest.mark.skew
def test_a_running_pod_is_resized_in_place(space: Space) -> None:
    limits = {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
    space.apply(pod("web", container={"resources": limits}))
    space.wait("condition=Ready", "pod/web")
    before = space.get("pod", "web")["status"]["containerStatuses"][0]["containerID"]
    change = {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "200m"}}}]}}
    space.kubectl("patch", "pod", "web", "--subresource=resize", "--patch", json.dumps(change))

    def resized() -> bool:
        [status] = space.get("pod", "web")["status"]["containerStatuses"]
        return status.get("resources", {}).get("limits", {}).get("cpu") == "200m"

    eventually(resized)
    assert space.get("pod", "web")["status"]["containerStatuses"][0]["containerID"] == before


@pytest.mark.skew
def test_a_debug_container_joins_a_running_pod(space: Space) -> None:
    space.apply(pod("web"))
    space.wait("condition=Ready", "pod/web")
    debug = {
        "name": "debug",
        "image": pod("x")["spec"]["containers"][0]["image"],
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", f"echo here; {IDLE}"],
    }
    change = {"spec": {"ephemeralContainers": [debug]}}
    space.kubectl("patch", "pod", "web", "--subresource=ephemeralcontainers", "--patch", json.dumps(change))
    eventually(lambda: "here" in space.kubectl("logs", "web", "-c", "debug", check=False))


@pytest.mark.skew
def test_a_node_port_answers_on_the_nodes_address(space: Space) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    space.apply(service, pod("web", serving("through the node"), labels={"app": "web"}), pod("client"))
    space.wait("condition=Ready", "pod/web", "pod/client")
    port = space.get("service", "web")["spec"]["ports"][0]["nodePort"]
    address = space.get("pod", "web")["status"]["hostIP"]
    url = f"http://{address}:{port}/"
    eventually(
        lambda: "through the node" in space.kubectl("exec", "client", "--", "wget", "-qO-", url, check=False),
        seconds=30,
    )


@pytest.mark.skew
def test_a_service_without_selector_leads_to_its_endpoints(space: Space) -> None:
    space.apply(pod("web", serving("by hand")), pod("client"))
    space.wait("condition=Ready", "pod/web", "pod/client")
    address = space.get("pod", "web")["status"]["podIP"]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "manual"},
        "spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }
    endpoints = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "manual"},
        "subsets": [{"addresses": [{"ip": address}], "ports": [{"name": "http", "port": 8080}]}],
    }
    space.apply(service, endpoints)
    eventually(
        lambda: (
            "by hand" in space.kubectl("exec", "client", "--", "wget", "-qO-", "http://manual/", check=False)
        ),
        seconds=30,
    )
