"""What an older host can't do is reported in events; by `skew`, see `kubernetes_versions`."""

import pytest
from kubernetes_versions import HOST, VIRTUAL, minor
from polling import eventually
from space import Object, Space, container, pod

from vcli.host.versions import KUBERNETES

pytestmark = pytest.mark.skew


def warnings(space: Space, name: str, reason: str) -> list[str]:
    """The messages of the Warning events about a pod."""
    items = space.get("events", "--field-selector", f"involvedObject.name={name},reason={reason}")["items"]
    return [each["message"] for each in items]


def of_main(**fields: object) -> Object:
    """Fields of the container of a pod."""
    return {"container": fields}


VOLUME = {"name": "v", "image": {"reference": "docker.io/library/busybox:1.36"}}
MOUNT = {"name": "v", "mountPath": "/v"}
# What the tenant's API server takes, since which version a host does it, and what its event names.
DROPPED = {
    "pod-resources": ({"resources": {"limits": {"memory": "64Mi"}}}, 34, "spec.resources"),
    "image-volume": ({"volumes": [VOLUME], **of_main(volumeMounts=[MOUNT])}, 35, "spec."),
    "hostname-override": ({"hostnameOverride": "a.example"}, 35, "spec.hostnameOverride"),
}
RULES = {
    "restartPolicy": "Never",
    "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}],
}
FILE = {"fileKeyRef": {"volumeName": "v", "path": "env", "key": "A"}}
# The value in quotes, or the kubelet takes the file for broken.
WRITER = {**container("echo \"A='1'\" > /v/env"), "name": "writer", "volumeMounts": [MOUNT]}
FROM_FILE = {
    "volumes": [{"name": "v", "emptyDir": {}}],
    "initContainers": [WRITER],
    **of_main(env=[{"name": "A", "valueFrom": FILE}]),
}
if minor(HOST) == 34:  # has the fields and drops them; one that lacks them rejects the pod
    DROPPED["restart-rules"] = (of_main(**RULES), 35, "spec.containers[main].restartPolicy")
REJECTED = {
    "variable-from-file": (FROM_FILE, 35, "valueFrom"),
    **({} if minor(HOST) == 34 else {"restart-rules": (of_main(**RULES), 35, "restartPolicy")}),
}


@pytest.mark.skipif(minor(VIRTUAL) < minor(KUBERNETES), reason="the virtual API server has to take the field")
@pytest.mark.parametrize("case", DROPPED)
def test_a_field_that_the_host_does_not_have_is_reported_and_the_pod_runs(space: Space, case: str) -> None:
    fields, since, named = DROPPED[case]
    space.apply(pod("p", **fields))
    space.wait("condition=Ready", "pod/p")
    if minor(HOST) < since:
        [message] = eventually(lambda: warnings(space, "p", "Ignored"))
        assert message.startswith(named)
    else:
        assert warnings(space, "p", "Ignored") == []


@pytest.mark.skipif(minor(VIRTUAL) < minor(KUBERNETES), reason="the virtual API server has to take the field")
@pytest.mark.parametrize("case", REJECTED)
def test_a_pod_that_the_host_can_not_take_says_why(space: Space, case: str) -> None:
    fields, since, named = REJECTED[case]
    space.apply(pod("p", **fields))
    if minor(HOST) < since:
        messages = eventually(lambda: warnings(space, "p", "SyncFailed"))
        assert named in messages[0]
        assert space.get("pod", "p")["status"]["phase"] == "Pending"
    else:
        space.wait("condition=Ready", "pod/p")


@pytest.mark.skipif(minor(VIRTUAL) < 34, reason="the virtual API server has to take the values")
def test_a_service_is_served_whatever_the_host_knows_of_traffic(space: Space) -> None:
    def on_host(name: str) -> Object:
        found: Object = space.host.get("service", space.host_name(name), "-n", space.cluster.namespace)
        return found["spec"]

    ports = [{"name": "http", "port": 80}]
    for name, wanted in (("zone", "PreferSameZone"), ("node", "PreferSameNode")):
        spec = {"ports": ports, "selector": {"app": "a"}, "trafficDistribution": wanted}
        space.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
    new = minor(HOST) >= 34
    zone = eventually(lambda: on_host("zone"))
    assert zone["trafficDistribution"] == ("PreferSameZone" if new else "PreferClose")
    assert eventually(lambda: on_host("node")).get("trafficDistribution") == (
        "PreferSameNode" if new else None
    )
    assert zone["clusterIP"] == space.get("service", "zone")["spec"]["clusterIP"]
    if not new:
        [message] = eventually(lambda: warnings(space, "node", "Ignored"))
        assert message.startswith("spec.trafficDistribution")
