from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, service, unchanged

from vcli.syncer.translate.managers import set_by_syncer_alone, set_by_tenant
from vcli.syncer.translate.services import (
    changed_node_ports,
    has_address_of_its_own,
    immutable_fields_match,
    is_on_host,
    may_ask_for_its_own,
    node_ports_from_host,
    numbers,
    recreate_as,
    status_to_virtual,
    to_host,
    trials,
    unknown_fields,
)


def spec_of(virtual: dict[str, Any], left: Collection[str] = ()) -> dict[str, Any]:
    with unchanged(virtual):
        return to_host(virtual, scope=SCOPE, left=left)["spec"]


def test_a_service():
    host = to_host(service(), scope=SCOPE)
    assert host["metadata"]["name"] == "web-x-default-x-demo"
    assert host["metadata"]["annotations"]["vcli.dev/kind"] == "Service"
    assert host["spec"] == {
        "type": "ClusterIP",
        "clusterIP": "10.96.1.1",
        "clusterIPs": ["10.96.1.1"],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
        "selector": {"app": "web", "vcli.dev/managed-by": "demo", "vcli.dev/namespace": "default"},
    }
    assert "status" not in host


MUTABLE = {
    "allocateLoadBalancerNodePorts": False,
    "externalTrafficPolicy": "Local",
    "internalTrafficPolicy": "Local",
    "ipFamilies": ["IPv6", "IPv4"],
    "ipFamilyPolicy": "PreferDualStack",
    "loadBalancerClass": "example.com/lb",
    "loadBalancerIP": "192.0.2.2",
    "loadBalancerSourceRanges": ["10.0.0.0/8"],
    "publishNotReadyAddresses": True,
    "sessionAffinity": "ClientIP",
    "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10}},
    "trafficDistribution": "PreferClose",
    "healthCheckNodePort": 30999,
}


@pytest.mark.parametrize("field", MUTABLE)
def test_every_field_comes_along(field: str):
    assert spec_of(service(type="LoadBalancer", **{field: MUTABLE[field]}))[field] == MUTABLE[field]


def test_what_reaches_beyond_the_service_is_left_out():
    beyond = service(externalIPs=["10.96.0.10"], externalName="db.other.svc.cluster.local", somethingNew=7)
    assert spec_of(beyond) == spec_of(service())
    assert "status" not in to_host(
        beyond | {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}, scope=SCOPE
    )
    [sentence] = unknown_fields(beyond)
    assert "spec.somethingNew" in sentence
    assert unknown_fields(service(**MUTABLE)) == []


def test_external_ips_that_are_allowed_come_along():
    virtual = service(externalIPs=["192.0.2.1", "10.96.0.10"])
    with unchanged(virtual):
        host = to_host(virtual, scope=SCOPE, external_ips=["192.0.2.1"])
    assert host["spec"]["externalIPs"] == ["192.0.2.1"]


def test_the_policy_for_traffic_from_outside_goes_with_the_external_ips():
    virtual = service(externalIPs=["192.0.2.1"], externalTrafficPolicy="Cluster")
    assert "externalTrafficPolicy" not in spec_of(virtual)
    host = to_host(virtual, scope=SCOPE, external_ips=["192.0.2.1"])
    assert host["spec"]["externalTrafficPolicy"] == "Cluster"


def test_the_host_has_nothing_for_an_external_name():
    assert is_on_host(service())
    assert not is_on_host(service(type="ExternalName", externalName="db.other.svc.cluster.local"))


@pytest.mark.parametrize("selector", [None, {}])
def test_without_selector_it_stays_without(selector: dict[str, str] | None):
    assert not spec_of(service(selector=selector))["selector"]


def test_the_host_may_choose_the_address():
    spec = spec_of(service(ipFamilyPolicy="SingleStack"), ["spec.clusterIP"])
    assert not spec.keys() & {"clusterIP", "clusterIPs"}
    assert spec["ipFamilyPolicy"] == "SingleStack"


@pytest.mark.parametrize("left", [(), ["spec.clusterIP"]])
def test_headless_stays_headless(left: Collection[str]):
    spec = spec_of(service(clusterIP="None", clusterIPs=["None"]), left)
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


def test_the_host_may_choose_one_number_and_leave_the_others():
    both = {"port": 81, "nodePort": 30081}
    ports = [{"port": 80, "nodePort": 30080}, both, {**both, "protocol": "UDP"}]
    virtual = service(type="LoadBalancer", ports=ports, healthCheckNodePort=30999)
    assert spec_of(virtual)["ports"] == ports
    spec = spec_of(virtual, ["spec.ports[1].nodePort"])
    assert spec["ports"] == [ports[0], {"port": 81}, {"port": 81, "protocol": "UDP"}]
    assert spec["healthCheckNodePort"] == 30999
    spec = spec_of(virtual, ["spec.healthCheckNodePort"])
    assert "healthCheckNodePort" not in spec
    assert spec["ports"] == ports


def test_the_load_balancers_address_comes_back():
    ingress = {"ingress": [{"ip": "203.0.113.7", "ports": [{"port": 80, "protocol": "TCP"}]}]}
    virtual = service(type="LoadBalancer") | {"status": {"loadBalancer": {"ingress": [{"ip": "stale"}]}}}
    assert status_to_virtual({"status": {"loadBalancer": ingress}}, virtual) == {"loadBalancer": ingress}
    assert status_to_virtual({}, virtual) == {"loadBalancer": {}}


def test_the_address_of_a_load_balancer_inside_stays():
    own = {"ingress": [{"ip": "192.0.2.20"}]}
    virtual = service(type="LoadBalancer") | {"status": {"loadBalancer": own}}
    assert has_address_of_its_own(virtual, service())
    assert status_to_virtual({}, virtual, keep=True) == {"loadBalancer": own}
    given = service() | {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}}
    assert not has_address_of_its_own(virtual, given)
    assert not has_address_of_its_own(service(type="LoadBalancer"), service())
    assert not has_address_of_its_own(service() | {"status": {"loadBalancer": own}}, service())


def test_node_ports_that_change():
    ports = [{"port": 80, "nodePort": 30080}, {"port": 81, "nodePort": 30081}, {"port": 82}]
    host = service(ports=[{"port": 80, "nodePort": 30080}, {"port": 81, "nodePort": 31000}, {"port": 82}])
    virtual = service(type="NodePort", ports=ports)
    patch = node_ports_from_host(virtual, host)
    assert patch is not None
    assert changed_node_ports(virtual, patch) == [(1, ports[1], 31000)]


def test_numbers_in_a_sentence():
    assert numbers(service(clusterIPs=["10.96.1.1", "fd00::1"])) == "10.96.1.1, fd00::1"
    assert numbers(service(healthCheckNodePort=30001)) == "10.96.1.1, health check port 30001"


# --- who has set a field


def managed(*entries: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    fields = [{"manager": manager, "operation": "Update", "fieldsV1": found} for manager, found in entries]
    return {"metadata": {"name": "web", "managedFields": fields}}


ADDRESS = {"f:spec": {"f:clusterIP": {}}}
PORT = {"f:spec": {"f:ports": {".": {}, 'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:nodePort": {}}}}}
INGRESS = {"f:status": {"f:loadBalancer": {"f:ingress": {}}}}


def test_a_field_that_a_tenant_has_set():
    assert set_by_tenant(managed(("kubectl-create", ADDRESS)), "spec", "clusterIP")
    assert set_by_tenant(managed(("vcli", ADDRESS), ("helm", ADDRESS)), "spec", "clusterIP")
    assert not set_by_tenant(managed(("kubectl-create", PORT)), "spec", "clusterIP")
    assert not set_by_tenant(managed(("vcli", ADDRESS)), "spec", "clusterIP")
    assert not set_by_tenant({"metadata": {}}, "spec", "clusterIP")
    key = {"port": 80, "protocol": "TCP"}
    assert set_by_tenant(managed(("kubectl", PORT)), "spec", "ports", key, "nodePort")
    assert not set_by_tenant(managed(("kubectl", PORT)), "spec", "ports", {**key, "port": 81}, "nodePort")


def test_a_field_that_the_syncer_has_set():
    path = ("status", "loadBalancer", "ingress")
    assert set_by_syncer_alone(managed(("vcli", INGRESS), ("kubectl", ADDRESS)), *path)
    assert not set_by_syncer_alone(managed(("metallb", INGRESS), ("vcli", INGRESS)), *path)
    assert not set_by_syncer_alone(managed(("vcli", ADDRESS)), *path)


def test_what_a_tenant_wrote_into_another_services_status_stays():
    own = {
        "loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]},
        "conditions": [{"type": "Mine", "status": "True"}],
    }
    virtual = service() | {"status": own}
    with unchanged(virtual):
        assert status_to_virtual({"status": {"loadBalancer": {}}}, virtual) == own


def test_conditions_are_merged_by_type():
    virtual = service() | {
        "status": {"conditions": [{"type": "A", "status": "1"}, {"type": "B", "status": "1"}]}
    }
    host = {"status": {"conditions": [{"type": "B", "status": "2"}]}}
    assert status_to_virtual(host, virtual)["conditions"] == [
        {"type": "A", "status": "1"},
        {"type": "B", "status": "2"},
    ]


def test_recreated_with_the_hosts_address():
    virtual = service(clusterIPs=["10.96.1.1"])
    virtual["metadata"] |= {
        "resourceVersion": "7",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{}],
        "labels": {"a": "b"},
        "annotations": {"note": "x"},
        "ownerReferences": [{"uid": "u"}],
    }
    virtual["status"] = {"loadBalancer": {}}
    with unchanged(virtual):
        again = recreate_as(virtual, service(clusterIPs=["10.96.5.5", "fd00::5"]))
    assert again["metadata"] == {
        "name": "web",
        "namespace": "default",
        "labels": {"a": "b"},
        "annotations": {"note": "x"},
        "ownerReferences": [{"uid": "u"}],
        "finalizers": ["vcli.dev/recreation"],
    }
    assert again["spec"] == virtual["spec"] | {
        "clusterIP": "10.96.5.5",
        "clusterIPs": ["10.96.5.5", "fd00::5"],
    }
    assert "status" not in again


def test_immutable_fields_must_match():
    virtual = service(healthCheckNodePort=30999)
    assert immutable_fields_match(virtual, service(healthCheckNodePort=30999))
    assert immutable_fields_match(virtual, service())
    assert immutable_fields_match(virtual, service(clusterIP=None, clusterIPs=None))
    assert immutable_fields_match(service(type="ExternalName", clusterIP=None, clusterIPs=None), service())
    assert not immutable_fields_match(virtual, service(healthCheckNodePort=30001))
    assert not immutable_fields_match(virtual, service(clusterIP="10.96.5.5", clusterIPs=["10.96.5.5"]))
    again = recreate_as(virtual, service(healthCheckNodePort=30001))
    assert again["spec"]["healthCheckNodePort"] == 30001
    assert "healthCheckNodePort" not in recreate_as(service(), service(healthCheckNodePort=30001))["spec"]


def test_trials_ask_for_what_is_new_alone():
    virtual = service(clusterIPs=["10.96.1.1", "fd00::1"], healthCheckNodePort=30999)
    host = service(clusterIPs=["10.96.1.1", "fd00::2"], healthCheckNodePort=30001)
    address, port = [each["spec"] for each in trials(virtual, host)]
    assert address["clusterIP"] == "fd00::2"
    assert port["healthCheckNodePort"] == 30001
    assert trials(virtual, virtual) == []


@pytest.mark.parametrize(
    ("given", "may"),
    [
        (None, True),
        (["10.96.1.1"], True),
        (["10.96.1.1", "fd00::2"], True),
        (["10.96.9.9", "fd00::1"], False),
    ],
)
def test_the_first_address_can_not_be_changed(*, given: list[str] | None, may: bool):
    virtual = service(clusterIPs=["10.96.1.1", "fd00::1"])
    host = service(clusterIP=given and given[0], clusterIPs=given)
    assert may_ask_for_its_own(virtual, host) is may


ports = st.lists(
    st.fixed_dictionaries(
        {"port": st.sampled_from([80, 443, 53]), "protocol": st.sampled_from(["TCP", "UDP"])},
        optional={"nodePort": st.integers(30000, 32767)},
    ),
    min_size=1,
    unique_by=lambda port: (port["port"], port["protocol"]),
)


@given(ports, st.randoms(use_true_random=False))
def test_node_ports_of_the_host(virtual_ports, random):
    virtual = service(type="NodePort", ports=virtual_ports)
    chosen = [{**port, "nodePort": random.randint(30000, 32767)} for port in virtual_ports]
    host = service(type="NodePort", ports=random.sample(chosen, len(chosen)))
    with unchanged(virtual, host):
        patch = node_ports_from_host(virtual, host)
    wanted = [chosen[index] if "nodePort" in port else port for index, port in enumerate(virtual_ports)]
    assert (patch or {"spec": {"ports": virtual_ports}})["spec"]["ports"] == wanted
    assert (patch is None) == (wanted == virtual_ports)


def test_a_protocol_that_goes_without_saying():
    virtual = service(type="NodePort", ports=[{"port": 80, "protocol": "TCP", "nodePort": 30001}])
    host = service(type="NodePort", ports=[{"port": 80, "nodePort": 30002}])
    patch = node_ports_from_host(virtual, host)
    assert patch == {"spec": {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30002}]}}


def test_ports_that_the_host_has_not_got_yet():
    virtual = service(type="NodePort", ports=[{"port": 80, "nodePort": 30001}])
    assert node_ports_from_host(virtual, service(ports=[{"port": 80}])) is None
    assert node_ports_from_host(virtual, service(ports=[])) is None
