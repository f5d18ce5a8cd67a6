"""What a kubelet computes by itself: with its rights and limits, not with those of objects on the host."""

import json
from typing import Any

import pytest
from polling import eventually
from space import BUSYBOX, IDLE, Object, Space, pod

SERVICES = 300
CONTAINERS = 10
VARIABLES = str(13 * SERVICES)


def on_host(space: Space, kind: str) -> list[Object]:
    """What the host has for this namespace."""
    selector = ("--selector", f"vcli.dev/namespace={space.name}")
    found: list[Object] = space.host.get(kind, "--namespace", space.cluster.namespace, *selector)["items"]
    return found


def config_maps(space: Space) -> list[str]:
    """The kinds of ConfigMaps that pods of this namespace have of their own on the host."""
    found = [each["metadata"]["annotations"]["vcli.dev/kind"] for each in on_host(space, "configmaps")]
    return sorted(kind for kind in found if kind != "ConfigMap")


def reading_token(name: str, security: Object, mode: int) -> Object:
    token = {"path": "token", "audience": "vault", "expirationSeconds": 7200}
    volume = {"name": "t", "projected": {"defaultMode": mode, "sources": [{"serviceAccountToken": token}]}}
    return pod(
        name,
        "stat -L -c %a:%u:%g /t/token && test $(wc -c </t/token) -gt 100",
        securityContext=security,
        automountServiceAccountToken=False,
        volumes=[volume],
        container={"volumeMounts": [{"name": "t", "mountPath": "/t"}]},
    )


@pytest.mark.skew
def test_the_user_of_a_pod_reads_its_token_whatever_the_mode(space: Space) -> None:
    user = {"runAsUser": 1234}
    space.apply(
        reading_token("user-0400", user, 0o400),
        reading_token("user-0440", {**user, "runAsGroup": 1234}, 0o440),
        reading_token("group-0400", {**user, "fsGroup": 2000}, 0o400),
        reading_token("root-0400", {}, 0o400),
        reading_token("root-alone", {"runAsUser": 0}, 0o444),
    )
    names = ("user-0400", "user-0440", "group-0400", "root-0400", "root-alone")
    space.wait("jsonpath={.status.phase}=Succeeded", *(f"pod/{name}" for name in names))
    modes = {name: space.kubectl("logs", name).strip().partition(":")[0] for name in names}
    # On a plain cluster the first two are 0600 and the user's own.
    assert modes == {
        "user-0400": "444",
        "user-0440": "444",
        "group-0400": "640",
        "root-0400": "400",
        "root-alone": "600",
    }


def test_many_containers_run_among_many_services(space: Space) -> None:
    ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9090}]
    names = [f"payments-backend-service-{number + 1000}" for number in range(SERVICES)]
    spec = {"selector": {"app": "x"}, "ports": ports}
    space.apply(
        *({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec} for name in names)
    )
    eventually(lambda: len(on_host(space, "services")) == SERVICES)
    address = space.get("service", names[0])["spec"]["clusterIP"]
    last = "PAYMENTS_BACKEND_SERVICE_1299_SERVICE_HOST"
    env = [{"name": "URL", "value": f"http://$({last})"}, {"name": last, "value": "mine"}]
    many = pod("many", container={"env": env})
    [first] = many["spec"]["containers"]
    many["spec"]["containers"] = [{**first, "name": f"c{number}"} for number in range(CONTAINERS)]
    space.apply(many, pod("unlinked", enableServiceLinks=False))
    space.wait("condition=Ready", "pod/many", "pod/unlinked")
    assert config_maps(space) == ["PodEnvironment0"]

    show = f'env | grep -c ^PAYMENTS_; echo "$PAYMENTS_BACKEND_SERVICE_1000_SERVICE_HOST" "${last}" "$URL"'
    of_last = space.get("service", names[-1])["spec"]["clusterIP"]
    for container in ("c0", f"c{CONTAINERS - 1}"):
        said = space.kubectl("exec", "many", "--container", container, "--", "sh", "-c", show).split()
        assert said == [VARIABLES, address, "mine", f"http://{of_last}"]
    assert space.sh("unlinked", "env | grep -c ^PAYMENTS_ || true") == "0"
    [host] = [each for each in on_host(space, "pods") if each["metadata"]["name"] == space.host_name("many")]
    assert len(json.dumps(host)) < 100_000

    # A debug container has them as well, as the one of a kubelet would.
    debug = ["debug", "many", f"--image={BUSYBOX}", "--container=debug", "--profile=general"]
    space.kubectl(*debug, "--", "sh", "-c", f"env | grep -c ^PAYMENTS_; {IDLE}")
    eventually(lambda: space.kubectl("logs", "many", "--container=debug").strip() == VARIABLES)
    space.kubectl("delete", "pod", "many")
    eventually(lambda: config_maps(space) == [])


def templated(name: str, size: int, **fields: Any) -> Object:
    made = pod(name, **fields)
    return {**made, "metadata": {**made["metadata"], "annotations": {"example.org/template": "y" * size}}}


def shown(name: str, size: int) -> Object:
    """A pod with large annotations that it shows in a file, beside its name."""
    items = [
        {"path": path, "fieldRef": {"fieldPath": f"metadata.{path}"}} for path in ("name", "annotations")
    ]
    return templated(
        name,
        size,
        volumes=[{"name": "about", "downwardAPI": {"items": items}}],
        container={"volumeMounts": [{"name": "about", "mountPath": "/about"}]},
    )


def warnings(space: Space, name: str) -> list[str]:
    about = f"involvedObject.name={name},type=Warning"
    return [each["message"] for each in space.get("events", "--field-selector", about)["items"]]


def test_annotations_may_be_as_large_as_on_a_plain_cluster(space: Space) -> None:
    full = 256 * 1024 - len("example.org/template")
    for each in (templated("large", 261_000), templated("full", full), shown("shown", 150_000)):
        # Not applied, which would keep a copy of all in an annotation.
        space.kubectl("create", "--filename", "-", stdin=json.dumps(each))
    space.wait("condition=Ready", "pod/large", "pod/full", "pod/shown")
    assert space.sh("shown", "cat /about/name") == "shown"
    count = "tr -cd y </about/annotations | wc -c"
    assert space.sh("shown", count) == "150000"
    assert config_maps(space) == ["PodDownward"]
    assert warnings(space, "large") == []
    [left_out] = warnings(space, "full")
    assert "example.org/template left out on the host" in left_out

    change = {"metadata": {"annotations": {"example.org/template": "y" * 140_000}}}
    patch = ("patch", "pod", "shown", "--type=merge", "--patch-file=/dev/stdin")  # too long for an argument
    space.kubectl(*patch, stdin=json.dumps(change))
    eventually(lambda: space.sh("shown", count) == "140000", seconds=180)
    # What somebody deletes on the host is there again.
    selector = ("--selector", f"vcli.dev/namespace={space.name}")
    space.host.kubectl("delete", "configmaps", "--namespace", space.cluster.namespace, *selector)
    eventually(lambda: config_maps(space) == ["PodDownward"])
    space.kubectl("delete", "pod", "shown", "--grace-period=1")
    eventually(lambda: config_maps(space) == [])
