from typing import Any

import pytest
from translate_builders import context, pod, unchanged

from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.pods import to_host


def spec_of(virtual: dict[str, Any], **changes: Any) -> dict[str, Any]:
    with unchanged(virtual):
        return to_host(virtual, context(**changes))["spec"]


def test_the_service_account_is_one_without_rights():
    spec = spec_of(pod(serviceAccountName="admin", serviceAccount="admin", automountServiceAccountToken=True))
    assert spec["serviceAccountName"] == "vc-workload-demo"
    assert spec["automountServiceAccountToken"] is False
    assert "serviceAccount" not in spec


KEPT = {
    "activeDeadlineSeconds": 60,
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db"]}],
    "hostIPC": True,
    "hostPID": True,
    "hostUsers": False,
    "nodeName": "node-1",
    "nodeSelector": {"disk": "ssd"},
    "os": {"name": "linux"},
    "readinessGates": [{"conditionType": "example.com/ready"}],
    "resources": {"limits": {"cpu": "1"}},
    "restartPolicy": "Never",
    "runtimeClassName": "gvisor",
    "schedulingGates": [{"name": "example.com/wait"}],
    "securityContext": {"runAsUser": 1000, "fsGroup": 7},
    "shareProcessNamespace": True,
    "terminationGracePeriodSeconds": 5,
    "tolerations": [{"key": "k", "operator": "Exists"}],
}


@pytest.mark.parametrize("field", KEPT)
def test_what_stays(field: str):
    assert spec_of(pod(**{field: KEPT[field]}))[field] == KEPT[field]


DROPPED = {
    "overhead": {"cpu": "1"},
    "preemptionPolicy": "Never",
    "priority": 1000,
    "priorityClassName": "high",
    "schedulerName": "my-scheduler",
    "serviceAccount": "default",
    "subdomain": "peers",
    "ephemeralContainers": [{"name": "debug", "image": "i"}],
}


@pytest.mark.parametrize("field", DROPPED)
def test_what_the_host_decides_itself(field: str):
    assert field not in spec_of(pod(**{field: DROPPED[field]}))


def test_a_container_keeps_everything_else():
    container = {
        "name": "main",
        "image": "i",
        "command": ["sh"],
        "ports": [{"containerPort": 80, "hostPort": 8080}],
        "resources": {"requests": {"cpu": "1"}},
        "volumeMounts": [{"name": "v", "mountPath": "/v", "subPathExpr": "$(A)"}],
        "restartPolicy": "Always",
        "readinessProbe": {"httpGet": {"port": 80}},
    }
    spec = spec_of(pod(containers=[container], initContainers=[container]))
    for group in ("containers", "initContainers"):
        assert spec[group][0].items() >= container.items()


def test_image_pull_secrets():
    spec = spec_of(pod(imagePullSecrets=[{"name": "s"}, {}]))
    assert spec["imagePullSecrets"] == [{"name": host_name(VirtualName("default", "s"), "demo")}, {}]


def test_classes_that_the_host_allows():
    virtual = pod(priorityClassName="high", runtimeClassName="sandbox")
    spec = spec_of(
        virtual, priority_classes={"high": "vcli-high"}, runtime_classes={"sandbox": "vcli-sandbox"}
    )
    assert (spec["priorityClassName"], spec["runtimeClassName"]) == ("vcli-high", "vcli-sandbox")
    assert "runtimeClassName" not in spec_of(virtual, runtime_classes={"sandbox": None})


def test_metadata():
    virtual = pod(labels={"app": "web"}, annotations={"note": "x"}, generation=3)
    host = to_host(
        virtual, context(namespace_labels={"kubernetes.io/metadata.name": "default", "env": "prod"})
    )
    assert virtual_name_of(host, scope=context().scope, kind="Pod") == VirtualName("default", "web")
    labels = host["metadata"]["labels"]
    assert labels["app"] == "web"
    assert [value for key, value in labels.items() if key.startswith(keys.NAMESPACE_LABEL_PREFIX)] == ["prod"]
    assert host["metadata"]["annotations"]["vcli.dev/generation"] == "3"
    assert host["metadata"]["annotations"]["note"] == "x"
    assert "status" not in host


def test_a_virtual_pod_without_generation_claims_none():
    assert "vcli.dev/generation" not in to_host(pod(), context())["metadata"]["annotations"]


def test_nothing_of_the_host_leaks_into_what_a_container_reads():
    items = [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]
    virtual = pod(
        labels={"a": "b"}, subdomain="peers", volumes=[{"name": "v", "downwardAPI": {"items": items}}]
    )
    spec = to_host(virtual, context())["spec"]
    assert "team-a" not in repr(spec["containers"])
    assert "team-a" not in repr(spec["dnsConfig"])
    assert "team-a" not in to_host(virtual, context())["metadata"]["annotations"]["vcli.dev/labels"]
