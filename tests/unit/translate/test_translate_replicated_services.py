"""Services that the other cluster has by a name of its own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, service, unchanged

from vcli.syncer.translate.labels import host_labels, matches
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.mirrors import is_mirror, mirror_metadata
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.replicated_services import (
    is_as_mirrored,
    is_replica,
    is_slice_as_mirrored,
    mirror,
    mirrored_slices,
    to_host,
)
from vcli.syncer.translate.services import is_on_host

Object = dict[str, Any]
NAME = VirtualName("shop", "db")


def endpoints(*subsets: Object) -> Object:
    return {"metadata": {"name": "postgres", "namespace": "data"}, "subsets": list(subsets)}


def headless(**spec: Any) -> Object:
    return service("postgres", "data", clusterIP="None", clusterIPs=["None"], **spec)


def test_the_second_host_service_selects_the_same_pods() -> None:
    virtual = service(
        type="LoadBalancer",
        sessionAffinity="ClientIP",
        loadBalancerClass="example.com/lb",
        externalIPs=["203.0.113.7"],
        ports=[{"port": 80, "targetPort": 8080, "nodePort": 30080}],
    )
    with unchanged(virtual):
        host = to_host(virtual, "shop-web", scope=SCOPE)
    assert host["metadata"]["name"] == "shop-web"
    assert host["metadata"]["namespace"] == "team-a"
    assert host["metadata"]["ownerReferences"][0]["uid"] == "owner-uid"
    assert host["spec"] == {
        "type": "ClusterIP",
        "sessionAffinity": "ClientIP",
        "ports": [{"port": 80, "targetPort": 8080}],
        "selector": {"app": "web", "vcli.dev/managed-by": "demo", "vcli.dev/namespace": "default"},
    }


def test_a_headless_one_is_headless_there() -> None:
    assert to_host(headless(), "db", scope=SCOPE)["spec"]["clusterIP"] == "None"


def test_it_is_nobodys_host_service() -> None:
    """The controller of Services must not take it for the first one, whatever its name is."""
    virtual = service()
    for name in ("shop-web", "web-x-default-x-demo"):
        host = to_host(virtual, name, scope=SCOPE)
        assert is_replica(host)
        assert virtual_name_of(host, scope=SCOPE, kind="Service") is None


LABELS = st.dictionaries(
    st.sampled_from(["app", "release", "k8s-app"]), st.sampled_from(["a", "b"]), min_size=1
)


@given(LABELS, LABELS, st.sampled_from(["default", "other"]))
def test_no_other_namespaces_pods(selector: dict[str, str], of_pod: dict[str, str], namespace: str) -> None:
    host = to_host(service(selector=selector), "web", scope=SCOPE)
    found = matches({"matchLabels": host["spec"]["selector"]}, host_labels(of_pod, namespace, SCOPE))
    assert found is (namespace == "default" and selector.items() <= of_pod.items())


def test_a_service_of_the_host_is_a_headless_one_at_its_address() -> None:
    host = service(
        "postgres",
        "data",
        type="NodePort",
        clusterIPs=["10.96.7.7", "fd00::7"],
        ports=[
            {"name": "sql", "port": 5432, "targetPort": "pg", "nodePort": 30432, "appProtocol": "postgres"},
            {"name": "metrics", "port": 9187, "protocol": "TCP", "targetPort": 9187},
        ],
    )
    with unchanged(host):
        virtual = mirror(host, NAME)
        slices = mirrored_slices(host, None, NAME)
    assert virtual["metadata"] == mirror_metadata("shop", "db")
    assert all(map(is_mirror, (virtual, *slices)))
    assert virtual["spec"]["clusterIP"] == "None"
    assert "selector" not in virtual["spec"]
    assert [(port["name"], port["port"], port["targetPort"]) for port in virtual["spec"]["ports"]] == [
        ("sql", 5432, 5432),
        ("metrics", 9187, 9187),
    ]
    assert not is_on_host(virtual), "it is nobody's business there"
    assert [(each["addressType"], each["endpoints"][0]["addresses"]) for each in slices] == [
        ("IPv4", ["10.96.7.7"]),
        ("IPv6", ["fd00::7"]),
    ]
    assert [port["port"] for port in slices[0]["ports"]] == [5432, 9187]
    assert slices[0]["metadata"]["labels"]["kubernetes.io/service-name"] == "db"


def test_a_headless_one_has_the_hosts_endpoints_and_none_of_their_names() -> None:
    found = endpoints(
        {
            "addresses": [
                {
                    "ip": "10.244.0.5",
                    "hostname": "postgres-0",
                    "nodeName": "node-1",
                    "targetRef": {"kind": "Pod", "name": "postgres-0", "namespace": "data"},
                },
                {"ip": "fd00::5"},
            ],
            "notReadyAddresses": [{"ip": "10.244.0.6"}],
            "ports": [{"name": "sql", "port": 5432}],
        },
        {"addresses": [{"ip": "10.244.0.9"}], "ports": [{"name": "sql", "port": 6432}]},
    )
    first, second, third = mirrored_slices(headless(), found, NAME)
    assert first["endpoints"] == [
        {"addresses": ["10.244.0.5"], "hostname": "postgres-0", "conditions": {"ready": True}},
        {"addresses": ["10.244.0.6"], "conditions": {"ready": False}},
    ]
    assert (second["addressType"], third["ports"][0]["port"]) == ("IPv6", 6432)
    assert len({each["metadata"]["name"] for each in (first, second, third)}) == 3


@pytest.mark.parametrize("found", [None, endpoints(), endpoints({"ports": [{"port": 1}]})])
def test_a_headless_one_without_endpoints(found: Object | None) -> None:
    assert mirrored_slices(headless(), found, NAME) == []


def test_no_more_endpoints_than_a_slice_takes() -> None:
    found = endpoints({"addresses": [{"ip": f"10.0.{n // 250}.{n % 250}"} for n in range(1200)]})
    [only] = mirrored_slices(headless(), found, NAME)
    assert len(only["endpoints"]) == 1000


def test_a_name_alone_stays_a_name() -> None:
    host = service("web", type="ExternalName", externalName="www.example.com", clusterIP="", clusterIPs=[])
    assert mirror(host, NAME)["spec"]["externalName"] == "www.example.com"
    assert mirrored_slices(host, None, NAME) == []


def test_what_is_undone() -> None:
    desired = mirror(service(), NAME)
    filled_in = {**desired["spec"], "clusterIPs": ["None"], "sessionAffinity": "None"}
    assert is_as_mirrored({**desired, "spec": filled_in}, desired)
    for change in ({"selector": {"app": "mine"}}, {"ports": []}, {"clusterIP": "10.96.1.2"}):
        assert not is_as_mirrored({**desired, "spec": {**filled_in, **change}}, desired)
    [of_address] = mirrored_slices(service(), None, NAME)
    assert is_slice_as_mirrored({**of_address}, of_address)
    assert not is_slice_as_mirrored({**of_address, "endpoints": []}, of_address)
