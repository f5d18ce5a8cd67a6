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
        (pod(volumes=[{"name": "v", "nfs": {"server": "10.0.0.1", "path": "/"}}]), "volume v: nfs"),
        (pod(volumes=[{"name": "v", "iscsi": {"lun": 0}}]), "volume v: iscsi"),
        (pod(volumes=[{"name": "v", "ofTomorrow": {}}]), "volume v: ofTomorrow"),
        (pod(securityContext={"seccompProfile": {"type": "Unconfined"}}), "seccompProfile Unconfined"),
        (pod({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}), "container c: seccompProfile"),
        (pod({"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}), "appArmorProfile Unconfined"),
        (pod({"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}), "seLinuxOptions"),
        (pod({"securityContext": {"seLinuxOptions": {"role": "sysadm_r"}}}), "seLinuxOptions"),
        (pod(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}), "kernel.msgmax"),
        (pod({"livenessProbe": {"httpGet": {"host": "127.0.0.1", "port": 1}}}), "livenessProbe.httpGet.host"),
        (pod({"startupProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 1}}}), "startupProbe.tcpSocket"),
        (pod({"lifecycle": {"preStop": {"httpGet": {"host": "10.0.0.1", "port": 1}}}}), "lifecycle.preStop"),
        (pod(initContainers=[{"name": "i", "ports": [{"hostPort": 80}]}]), "container i"),
    ],
)
def test_what_leads_out_of_a_container_is_refused(hostile: Object, word: str):
    [reason] = refused(hostile)
    assert word in reason


def test_an_annotation_that_turns_apparmor_off_is_refused():
    hostile = pod()
    hostile["metadata"]["annotations"] = {"container.apparmor.security.beta.kubernetes.io/c": "unconfined"}
    [reason] = refused(hostile)
    assert "container.apparmor.security.beta.kubernetes.io/c" in reason


def test_others_run():
    context = {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}, "procMount": "Default"}
    plain = pod(
        {
            "ports": [{"containerPort": 80}],
            "securityContext": {**context, "seccompProfile": {"type": "RuntimeDefault"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
            "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
        },
        volumes=[{"name": "v", "emptyDir": {}}, {"name": "w", "csi": {"driver": "d"}}],
        hostNetwork=False,
        securityContext={
            "seLinuxOptions": {"type": "container_t"},
            "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
        },
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
