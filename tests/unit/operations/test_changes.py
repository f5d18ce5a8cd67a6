"""What an upgrade says that it would change."""

import copy
import json
from typing import Any

import pytest

from vcli.controlplane.names import Names
from vcli.operations.changes import Changes, Planned, compare

NAMES = Names("demo", "team")
Object = dict[str, Any]

RESTARTS = "restarts the control plane: its API is unavailable for some seconds"
LOSES = "recreates the store: all data of the ephemeral cluster is lost"


def workload(*, version: str = "v1.36.3", claim: bool = False, replicas: int = 1) -> Object:
    spec: Object = {
        "replicas": replicas,
        "template": {
            "metadata": {"annotations": {"vcli.dev/checksum": "1"}},
            "spec": {
                "containers": [
                    {"name": "kube-apiserver", "image": f"registry.k8s.io/kube-apiserver:{version}"}
                ]
            },
        },
    }
    if claim:
        spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
    return {"kind": "StatefulSet", "metadata": {"name": "demo", "labels": {}}, "spec": spec}


def secret(**data: str) -> Object:
    return {"kind": "Secret", "metadata": {"name": "demo-certs"}, "data": data}


def service(kind: str) -> Object:
    return {"kind": "Service", "metadata": {"name": "demo"}, "spec": {"type": kind}}


def changes(
    *pairs: tuple[Object | None, Object],
    stored: Object | None = None,
    values: Object | None = None,
    surplus: tuple[Object, ...] = (),
) -> Changes:
    planned = [
        Planned(wanted=after, live=live, after=None if live is None else after) for live, after in pairs
    ]
    return compare(NAMES, stored=stored or {}, values=values or {}, planned=planned, surplus=surplus)


def checksum_changed(obj: Object) -> Object:
    other = copy.deepcopy(obj)
    other["spec"]["template"]["metadata"]["annotations"]["vcli.dev/checksum"] = "2"
    return other


def test_nothing():
    found = changes((workload(), workload()), (secret(a="1"), secret(a="1")))
    assert not found
    assert found.data() == {"values": [], "objects": [], "consequences": []}
    assert list(found.lines()) == []


def test_the_shape_for_programs():
    bundle = {"kind": "ConfigMap", "metadata": {"name": "vc-bundle-new-demo"}}
    old = {"kind": "ConfigMap", "metadata": {"name": "vc-bundle-old-demo"}}
    found = changes(
        (None, bundle),
        (secret(a="1"), secret(a="2")),
        (workload(), workload()),
        stored={"controlPlane": {"coredns": {"enabled": False}, "proxy": {"extraSANs": ["a"]}}},
        values={"controlPlane": {"coredns": {"enabled": True}, "service": {"labels": {"x.y": "1"}}}},
        surplus=(old,),
    )
    assert json.loads(json.dumps(found.data())) == {
        "values": [
            {"key": "controlPlane.coredns.enabled", "from": False, "to": True},
            {"key": "controlPlane.proxy.extraSANs", "from": ["a"], "to": None},
            {"key": "controlPlane.service.labels.x\\.y", "from": None, "to": "1"},
        ],
        "objects": [
            {"kind": "ConfigMap", "name": "vc-bundle-new-demo", "action": "created", "fields": []},
            {"kind": "Secret", "name": "demo-certs", "action": "changed", "fields": ["data.a"]},
            {"kind": "ConfigMap", "name": "vc-bundle-old-demo", "action": "deleted", "fields": []},
        ],
        "consequences": [],
    }
    assert list(found.lines()) == [
        "values:",
        "  controlPlane.coredns.enabled: false → true",
        '  controlPlane.proxy.extraSANs: ["a"] → (default)',
        '  controlPlane.service.labels.x\\.y: (default) → "1"',
        "objects:",
        "  created configmap/vc-bundle-new-demo",
        "  changed secret/demo-certs: data.a",
        "  deleted configmap/vc-bundle-old-demo",
    ]


@pytest.mark.parametrize("claim", [True, False])
def test_another_template_restarts_and_costs_the_data_of_an_ephemeral_one(claim):
    live = workload(claim=claim)
    found = changes((live, checksum_changed(live)))
    assert found.restarts
    assert found.loses_data is not claim
    assert found.consequences == ((RESTARTS,) if claim else (RESTARTS, LOSES))


def test_labels_of_the_statefulset_alone_restart_nothing():
    live, other = workload(), workload()
    other["metadata"]["labels"] = {"a": "b"}
    found = changes((live, other))
    assert found
    assert (found.restarts, found.loses_data, found.consequences) == (False, False, ())


def test_what_is_paused_has_nothing_to_lose():
    live = workload(replicas=0)
    found = changes((live, checksum_changed(live)))
    assert (found.restarts, found.loses_data) == (False, False)
    assert found.consequences == ("it is paused: the control plane changes when it is resumed",)


def test_a_statefulset_that_is_missing_is_created_and_not_called_a_restart():
    found = changes((None, workload()))
    assert [each.action for each in found.objects] == ["created"]
    assert not found.loses_data


def test_versions_service_type_and_authority_are_said_in_words():
    found = changes(
        (service("ClusterIP"), service("NodePort")),
        (secret(**{"ca.crt": "1"}), secret(**{"ca.crt": "2"})),
        (workload(claim=True), workload(version="v1.37.1", claim=True)),
    )
    assert found.consequences == (
        "the Service becomes NodePort instead of ClusterIP: addresses from before may no longer work",
        "makes a new certificate authority: every kubeconfig and token from before becomes invalid",
        "Kubernetes v1.36.3 becomes v1.37.1",
        RESTARTS,
    )


def test_content_of_secrets_is_in_no_form_of_the_changes():
    found = changes((secret(key="aHVudGVyMg=="), secret(key="c2VzYW1l")))
    said = json.dumps(found.data()) + "".join(found.lines())
    assert "data.key" in said
    assert "aHVudGVyMg" not in said
    assert "c2VzYW1l" not in said


def test_a_long_list_of_fields_is_cut_for_people_only():
    before, after = ({f"k{n}": str(n * factor) for n in range(1, 10)} for factor in (1, 2))
    found = changes((secret(**before), secret(**after)))
    assert list(found.lines())[1].endswith("data.k6 and 3 more")
    assert len(found.data()["objects"][0]["fields"]) == 9


def test_several_pods_are_restarted_one_after_another():
    etcd = {"name": "etcd", "command": ["etcd", "--initial-cluster=demo-0=https://a,demo-1=https://b"]}
    live = workload(claim=True)
    live["spec"]["template"]["spec"]["containers"].append(etcd)
    found = changes((live, checksum_changed(live)))
    assert found.consequences == (
        "restarts the control plane's pods one after another: connections through each of them end",
    )
