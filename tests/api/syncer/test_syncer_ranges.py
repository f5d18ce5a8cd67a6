"""Service addresses and ports on hosts with two IP families and with a range of node ports of their own."""

from collections.abc import AsyncIterator, Iterator

import pytest
from apiserver import ApiServer, Etcd, binary
from testbed import Lab, lab_between

from vcli.bootstrap import node_ports, service_cidr
from vcli.kube.client import Client
from vcli.kube.resources import NAMESPACES, SERVICES

DUAL = "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112"
RANGE = "20000-20100"
PORT = {"name": "http", "port": 80, "protocol": "TCP"}


@pytest.fixture(scope="module")
def dual_host(etcd: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    flags = [DUAL, f"--service-node-port-range={RANGE}"]
    folder = tmp_path_factory.mktemp("dual-host")
    server = ApiServer(binary("kube-apiserver"), folder, etcd, name="dual-host", flags=flags)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def dual_virtual(etcd: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder = tmp_path_factory.mktemp("dual-virtual")
    server = ApiServer(binary("kube-apiserver"), folder, etcd, name="dual-virtual", flags=[DUAL])
    yield server
    server.stop()


@pytest.fixture
async def host(dual_host: ApiServer) -> AsyncIterator[Client]:
    async with Client(dual_host.access) as client:
        yield client


@pytest.fixture
async def lab(host: Client, dual_host: ApiServer, dual_virtual: ApiServer) -> AsyncIterator[Lab]:
    made = await host.create(NAMESPACES, {"metadata": {"generateName": "team-"}})
    async with lab_between(host, made["metadata"]["name"], dual_host, dual_virtual) as lab:
        await lab.start()
        yield lab


async def test_the_ranges_are_found_out(host: Client, lab: Lab) -> None:
    own = await host.get(SERVICES, "demo", namespace=lab.namespace)
    assert await node_ports.find(host, own) == RANGE
    assert await host.get(SERVICES, "demo", namespace=lab.namespace) == own
    assert len((await host.list(SERVICES, namespace=lab.namespace))["items"]) == 1
    ips = ["10.96.3.4", "fd00:10:96::77"]
    found = await service_cidr.find(host, namespace="default", service_ips=ips)
    assert found == ("10.96.0.0/16", "fd00:10:96::/112")
    named = ("fd00:10:96::/112", "10.96.0.0/16")
    assert await service_cidr.find(host, namespace="default", service_ips=ips, named=named) == named
    with pytest.raises(service_cidr.NoServiceCidrError, match=r"10\.43\.0\.0/16 is not the range"):
        await service_cidr.find(host, namespace="default", service_ips=ips, named=("10.43.0.0/16",))


def service(**spec):
    return {"metadata": {"name": "web"}, "spec": {"ports": [PORT], "selector": {"app": "web"}, **spec}}


async def test_two_families_come_along_and_may_come_later(lab: Lab) -> None:
    virtual = await lab.create(SERVICES, service(ipFamilyPolicy="RequireDualStack"))
    host = await lab.appears(SERVICES, "web")
    for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        assert host["spec"][field] == virtual["spec"][field]
    assert len(host["spec"]["clusterIPs"]) == 2
    single = {
        "ipFamilyPolicy": "SingleStack",
        "ipFamilies": ["IPv4"],
        "clusterIPs": [host["spec"]["clusterIP"]],
    }
    for change, families in ((single, 1), ({"ipFamilyPolicy": "PreferDualStack"}, 2)):
        await lab.virtual.patch(SERVICES, "web", {"spec": change}, namespace=lab.space)
        changed = await lab.host_becomes(
            SERVICES, "web", lambda h, n=families: len(h["spec"]["clusterIPs"]) == n
        )
        assert changed["metadata"]["uid"] == host["metadata"]["uid"]
    again = await lab.virtual_object(SERVICES, "web")
    assert again is not None
    assert again["spec"]["clusterIPs"] == changed["spec"]["clusterIPs"]


async def test_a_clash_in_the_second_family_moves_the_service(lab: Lab) -> None:
    taken = await lab.host.create(
        SERVICES,
        service(ipFamilyPolicy="RequireDualStack") | {"metadata": {"name": "taken"}},
        namespace=lab.namespace,
    )
    second = taken["spec"]["clusterIPs"][1]
    own = service(ipFamilyPolicy="RequireDualStack", ipFamilies=["IPv4", "IPv6"])
    free = "10.96.200.200"
    own["spec"] |= {"clusterIP": free, "clusterIPs": [free, second]}
    await lab.create(SERVICES, own)
    moved = await lab.virtual_becomes(SERVICES, "web", lambda v: second not in v["spec"]["clusterIPs"])
    host = await lab.host_becomes(
        SERVICES, "web", lambda h: h["spec"]["clusterIPs"] == moved["spec"]["clusterIPs"]
    )
    assert len(host["spec"]["clusterIPs"]) == 2


async def test_node_ports_out_of_the_hosts_range_are_told_and_served_by_another(lab: Lab) -> None:
    ports = [{**PORT, "nodePort": 30080}]
    await lab.create(SERVICES, service(type="NodePort", ports=ports))
    host = await lab.appears(SERVICES, "web")
    chosen = host["spec"]["ports"][0]["nodePort"]
    assert 20000 <= chosen <= 20100

    async def told():
        return await lab.events("web")

    [event] = await lab.eventually(told)
    assert f"the host serves this Service on node port {chosen}" in event["message"]
    assert "The range of valid ports is 30000-32767" in event["message"]
    assert lab.namespace not in event["message"]
    await lab.quiet()
    again = await lab.host_object(SERVICES, "web")
    assert again is not None
    assert again["spec"]["ports"][0]["nodePort"] == chosen


async def test_a_port_for_health_checks_that_the_host_has_given_away(lab: Lab) -> None:
    local = {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
    # The host's range has none of the virtual cluster's ports: each of them counts as given away.
    first = await lab.create(SERVICES, service(**local, allocateLoadBalancerNodePorts=False))
    host = await lab.appears(SERVICES, "web")
    assert first["spec"]["healthCheckNodePort"] >= 30000
    assert 20000 <= host["spec"]["healthCheckNodePort"] <= 20100
