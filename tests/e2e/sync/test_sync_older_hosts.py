"""What an older host can't do is reported in events of the pods; by `skew`, see `kubernetes_versions`."""

import pytest
from kubernetes_versions import HOST, VIRTUAL
from patience import eventually
from space import Object, Space, pod

from vcli.host.versions import KUBERNETES

pytestmark = pytest.mark.skew


def minor(version: str) -> int:
    return int(version.split(".")[1])


def warnings(space: Space, name: str, reason: str) -> list[str]:
    """The messages of the Warning events about a pod."""
    items = space.get("events", "--field-selector", f"involvedObject.name={name},reason={reason}")["items"]
    return [each["message"] for each in items]


def of_main(**fields: object) -> Object:
    return {"container": fields}


# What the tenant's API server takes, since which version a host does it, and what its event names.
DROPPED = {
    "pod-resources": ({"resources": {"limits": {"memory": "64Mi"}}}, 34, "spec.resources"),
    "hostname-override": ({"hostnameOverride": "a.example"}, 35, "spec.hostnameOverride"),
}
VOLUME = {"name": "v", "image": {"reference": "docker.io/library/busybox:1.36"}}
RULES = {
    "restartPolicy": "Never",
    "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}],
}
REJECTED = {
    "image-volume": ({"volumes": [VOLUME]}, 35, "volumes"),
    "restart-rules": (of_main(**RULES), 35, "restartPolicy"),
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
