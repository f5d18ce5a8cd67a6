"""Which pods an isolated virtual cluster runs, and where."""

from typing import Any

import pytest

from vcli.syncer.translate.pods.isolation import left_out, may_run, pinned, refused, tolerations

Object = dict[str, Any]


def pod(container: Object | None = None, **spec: Any) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", **(container or {})}], **spec}}


@pytest.mark.parametrize(
    ("hostile", "word"),
    [
        (pod(hostNetwork=True), "hostNetwork"),
        (pod(hostIPC=True), "hostIPC"),
        (pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), "volume v"),
        (pod({"securityContext": {"privileged": True}}), "privileged"),
        (pod({"securityContext": {"procMount": "Unmasked"}}), "procMount"),
        (pod({"securityContext": {"capabilities": {"add": ["SYS_ADMIN", "CHOWN"]}}}), "SYS_ADMIN:"),
        (pod({"securityContext": {"capabilities": {"add": ["ALL"]}}}), "ALL"),
        (pod({"securityContext": {"windowsOptions": {"hostProcess": True}}}), "hostProcess"),
        (pod(securityContext={"windowsOptions": {"hostProcess": True}}), "hostProcess"),
        (pod({"ports": [{"hostPort": 80}]}), "hostPort"),
        (pod(initContainers=[{"name": "i", "ports": [{"hostPort": 80}]}]), "container i"),
    ],
)
def test_what_leads_out_of_a_container_is_refused(hostile: Object, word: str):
    [reason] = refused(hostile)
    assert word in reason


def test_others_run():
    context = {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}, "procMount": "Default"}
    plain = pod(
        {"ports": [{"containerPort": 80}], "securityContext": context},
        volumes=[{"name": "v", "emptyDir": {}}],
        hostNetwork=False,
    )
    assert refused(plain) == []
    assert may_run(plain["spec"]["containers"][0])


def test_taints_are_tolerated_one_by_one():
    keyed = {"key": "dedicated", "operator": "Exists"}
    everything = {"operator": "Exists"}
    control_plane = {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}
    given = [keyed, everything, control_plane]
    assert tolerations(given) == [keyed]
    assert len(list(left_out(pod(tolerations=given), scheduled_inside=False))) == 1
    assert not list(left_out(pod(tolerations=[keyed]), scheduled_inside=False))


def test_a_named_node_is_asked_for():
    zone = {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [zone, zone]}}
    spec = pinned(pod(nodeName="n", affinity={"nodeAffinity": required, "podAffinity": {}}))["spec"]
    named = {"key": "metadata.name", "operator": "In", "values": ["n"]}
    terms = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert terms == {"nodeSelectorTerms": [{**zone, "matchFields": [named]}] * 2}
    assert spec["affinity"]["podAffinity"] == {}
    assert "nodeName" not in spec
    assert pinned(pod()) == pod()
    assert list(left_out(pod(nodeName="n"), scheduled_inside=True)) == []
