from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, service, unchanged

from vcli.syncer.translate.services import node_ports_from_host, recreate_with, status_to_virtual, to_host


def spec_of(virtual: dict[str, Any], **options: bool) -> dict[str, Any]:
    with unchanged(virtual):
        return to_host(virtual, scope=SCOPE, **options)["spec"]


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
    "externalIPs": ["192.0.2.1"],
    "externalName": "db.example.com",
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
    "somethingNew": 7,
    "trafficDistribution": "PreferClose",
    "healthCheckNodePort": 30999,
}


@pytest.mark.parametrize("field", MUTABLE)
def test_every_field_comes_along(field: str):
    assert spec_of(service(**{field: MUTABLE[field]}))[field] == MUTABLE[field]


@pytest.mark.parametrize("selector", [None, {}])
def test_without_selector_it_stays_without(selector: dict[str, str] | None):
    assert not spec_of(service(selector=selector))["selector"]


def test_the_host_may_choose_the_address():
    spec = spec_of(service(ipFamilyPolicy="SingleStack"), cluster_ip=False)
    assert not spec.keys() & {"clusterIP", "clusterIPs"}
    assert spec["ipFamilyPolicy"] == "SingleStack"


@pytest.mark.parametrize("cluster_ip", [True, False])
def test_headless_stays_headless(*, cluster_ip: bool):
    spec = spec_of(service(clusterIP="None", clusterIPs=["None"]), cluster_ip=cluster_ip)
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


def test_the_host_may_choose_node_ports():
    virtual = service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}], healthCheckNodePort=30999)
    assert spec_of(virtual)["ports"] == [{"port": 80, "nodePort": 30080}]
    chosen_by_host = spec_of(virtual, node_ports=False)
    assert chosen_by_host["ports"] == [{"port": 80}]
    assert "healthCheckNodePort" not in chosen_by_host


def test_the_load_balancers_address_comes_back():
    ingress = {"ingress": [{"ip": "203.0.113.7", "ports": [{"port": 80, "protocol": "TCP"}]}]}
    virtual = service(type="LoadBalancer") | {"status": {"loadBalancer": {"ingress": [{"ip": "stale"}]}}}
    assert status_to_virtual({"status": {"loadBalancer": ingress}}, virtual) == {"loadBalancer": ingress}
    assert status_to_virtual({}, virtual) == {"loadBalancer": {}}


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
        again = recreate_with(virtual, ["10.96.5.5", "fd00::5"])
    assert again["metadata"] == {
        "name": "web",
        "namespace": "default",
        "labels": {"a": "b"},
        "annotations": {"note": "x"},
        "ownerReferences": [{"uid": "u"}],
    }
    assert again["spec"] == virtual["spec"] | {
        "clusterIP": "10.96.5.5",
        "clusterIPs": ["10.96.5.5", "fd00::5"],
    }
    assert "status" not in again


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
