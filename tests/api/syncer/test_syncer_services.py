"""Services under one address on both sides, and the endpoints that no selector makes."""

import dataclasses
import json

from testbed import Lab, pod

from vcli.kube.client import Client
from vcli.kube.resources import ENDPOINTSLICES, EVENTS, PODS, SERVICES
from vcli.syncer.translate.services import EXTERNAL_IPS, EXTERNAL_NAME, HOST_FIELDS

PORTS = [{"name": "http", "port": 80, "protocol": "TCP"}]


def service(name: str, **spec):
    return {"metadata": {"name": name}, "spec": {"ports": PORTS, "selector": {"app": name}, **spec}}


async def test_a_service_has_the_same_address_on_the_host(lab: Lab) -> None:
    virtual = await lab.create(SERVICES, service("web"))
    host = await lab.appears(SERVICES, "web")
    assert host["spec"]["clusterIP"] == virtual["spec"]["clusterIP"]
    assert host["spec"]["selector"] == {
        "app": "web",
        "vcli.dev/managed-by": "demo",
        "vcli.dev/namespace": lab.space,
    }
    await lab.virtual.delete(SERVICES, "web", namespace=lab.space)
    await lab.gone_from_host(SERVICES, "web")


async def ignored(lab: Lab, name: str) -> list[str]:
    """The messages about what the host does not get."""

    async def found() -> list[str]:
        return [event["message"] for event in await lab.events(name) if event["reason"] == "Ignored"]

    return await lab.eventually(found)


async def test_addresses_of_others_are_not_taken(lab: Lab) -> None:
    neighbour = await taken_address(lab)
    await lab.create(SERVICES, service("web", externalIPs=["203.0.113.7", neighbour]))
    host = await lab.appears(SERVICES, "web")
    assert "externalIPs" not in host["spec"]
    messages = await ignored(lab, "web")
    assert any("203.0.113.7" in each and "externalIPs.allowedCIDRs" in each for each in messages)
    assert any(neighbour in each for each in messages)
    more = {"spec": {"externalIPs": ["203.0.113.8"]}}
    await lab.virtual.patch(SERVICES, "web", more, namespace=lab.space)

    async def told_again() -> bool:
        return any("203.0.113.8" in each for each in await ignored(lab, "web"))

    await lab.eventually(told_again)
    [event, *_] = [each for each in await lab.events("web") if each["reason"] == "Ignored"]
    assert event["type"] == "Warning"
    assert event["count"] == 1
    assert "externalIPs" not in (await lab.appears(SERVICES, "web"))["spec"]


async def test_external_ips_of_a_range_that_is_allowed_until_a_pod_has_the_address(idle_lab: Lab) -> None:
    lab = idle_lab
    lab.settings = dataclasses.replace(lab.settings, external_ip_ranges=["203.0.113.0/24", "10.0.0.0/8"])
    await lab.start()
    wanted = ["203.0.113.7", "198.51.100.1", "10.96.7.7", "10.244.0.7"]
    await lab.create(SERVICES, service("web", externalIPs=wanted))
    host = await lab.appears(SERVICES, "web")
    assert host["spec"]["externalIPs"] == ["203.0.113.7", "10.244.0.7"]
    await lab.create(PODS, pod("first"))
    await lab.runs("first")  # with just this address
    await lab.host_becomes(SERVICES, "web", lambda h: h["spec"]["externalIPs"] == ["203.0.113.7"])
    await lab.ends_on_host("first")
    await lab.host_becomes(SERVICES, "web", lambda h: len(h["spec"]["externalIPs"]) == 2)


async def test_an_external_name_is_nothing_on_the_host(lab: Lab) -> None:
    name = {"type": "ExternalName", "externalName": "db.other.svc.cluster.local"}
    await lab.create(SERVICES, service("web", **name))
    await lab.quiet()
    assert await lab.host_object(SERVICES, "web") is None
    normal = {"spec": {"type": "ClusterIP", "externalName": None}}
    virtual = await lab.virtual.patch(SERVICES, "web", normal, namespace=lab.space)
    host = await lab.appears(SERVICES, "web")
    assert host["spec"]["clusterIP"] == virtual["spec"]["clusterIP"]
    back = {"spec": {**name, "clusterIP": None, "clusterIPs": None}}
    await lab.virtual.patch(SERVICES, "web", back, namespace=lab.space)
    await lab.gone_from_host(SERVICES, "web")


async def test_each_field_of_a_service_was_looked_at(client: Client) -> None:
    """What a newer Kubernetes adds goes to the host only after its effect there was reviewed."""
    answer = await client.request("GET", "/openapi/v2")
    spec = json.loads(answer.text)["definitions"]["io.k8s.api.core.v1.ServiceSpec"]["properties"]
    assert set(spec) == HOST_FIELDS | {EXTERNAL_IPS, EXTERNAL_NAME}


async def taken_address(lab: Lab) -> str:
    """An address that only the host has given out."""
    taken = await lab.host.create(SERVICES, service("taken"), namespace=lab.namespace)
    address: str = taken["spec"]["clusterIP"]
    return address


async def test_on_a_clash_the_virtual_service_moves_to_an_address_of_the_hosts(lab: Lab) -> None:
    address = await taken_address(lab)
    first = await lab.create(
        SERVICES, service("web", clusterIP=address) | {"metadata": {"name": "web", "labels": {"a": "b"}}}
    )
    second = await lab.virtual_becomes(SERVICES, "web", lambda v: v["spec"]["clusterIP"] != address)
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    assert second["metadata"]["labels"] == {"a": "b"}
    assert second["spec"]["ports"] == first["spec"]["ports"]
    host = await lab.host_becomes(
        SERVICES, "web", lambda h: h["metadata"]["annotations"]["vcli.dev/uid"] == second["metadata"]["uid"]
    )
    assert host["spec"]["clusterIP"] == second["spec"]["clusterIP"]
    await lab.host_becomes(
        SERVICES, "web", lambda h: "vcli.dev/successor" not in h["metadata"]["annotations"]
    )


async def test_a_syncer_killed_in_the_middle_of_a_move_loses_nothing(lab: Lab) -> None:
    virtual = await lab.create(SERVICES, service("web"))
    host = await lab.appears(SERVICES, "web")
    await lab.stop()
    # What is there at the worst moment: the old one deleted, the new one only remembered.
    successor = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "web",
            "namespace": lab.space,
            "labels": {"moved": "yes"},
            "finalizers": ["vcli.dev/recreation"],
        },
        "spec": virtual["spec"],
    }
    mark = {"metadata": {"annotations": {"vcli.dev/successor": json.dumps(successor)}}}
    await lab.host.patch(SERVICES, host["metadata"]["name"], mark, namespace=lab.namespace)
    await lab.virtual.delete(SERVICES, "web", namespace=lab.space)
    await lab.start()
    again = await lab.virtual_becomes(SERVICES, "web", lambda v: v["metadata"].get("labels"))
    assert again["spec"]["clusterIP"] == host["spec"]["clusterIP"]
    await lab.virtual.delete(SERVICES, "web", namespace=lab.space)
    await lab.gone_from_host(SERVICES, "web")
    await lab.quiet()
    assert await lab.virtual_object(SERVICES, "web") is None


async def test_a_service_that_is_deleted_in_the_middle_of_its_move_stays_deleted(idle_lab: Lab) -> None:
    # What is there when the syncer is killed after the last step but one, and then somebody deletes it.
    virtual = service("web") | {"metadata": {"name": "web", "finalizers": ["vcli.dev/recreation"]}}
    made = await idle_lab.create(SERVICES, virtual)
    await idle_lab.start()
    host = await idle_lab.appears(SERVICES, "web")
    await idle_lab.virtual_becomes(SERVICES, "web", lambda v: not v["metadata"].get("finalizers"))
    await idle_lab.stop()
    back = {"metadata": {"finalizers": ["vcli.dev/recreation"]}}
    await idle_lab.virtual.patch(SERVICES, "web", back, namespace=idle_lab.space)
    mark = {"metadata": {"annotations": {"vcli.dev/successor": json.dumps(made | virtual)}}}
    await idle_lab.host.patch(SERVICES, host["metadata"]["name"], mark, namespace=idle_lab.namespace)
    await idle_lab.virtual.delete(SERVICES, "web", namespace=idle_lab.space)
    await idle_lab.start()
    await idle_lab.gone_from_host(SERVICES, "web")
    await idle_lab.quiet()
    assert await idle_lab.virtual_object(SERVICES, "web") is None


async def test_a_node_port_that_the_host_has_given_away_is_chosen_by_the_host(lab: Lab) -> None:
    taken = await lab.host.create(SERVICES, service("taken", type="NodePort"), namespace=lab.namespace)
    port = taken["spec"]["ports"][0]["nodePort"]
    await lab.create(SERVICES, service("web", type="NodePort", ports=[{**PORTS[0], "nodePort": port}]))
    host = await lab.appears(SERVICES, "web")
    chosen = host["spec"]["ports"][0]["nodePort"]
    assert chosen != port
    await lab.virtual_becomes(SERVICES, "web", lambda v: v["spec"]["ports"][0]["nodePort"] == chosen)


async def test_mutable_fields_and_types_change_in_place(lab: Lab) -> None:
    await lab.create(SERVICES, service("web"))
    first = await lab.appears(SERVICES, "web")

    async def change(patch, when):
        await lab.virtual.patch(SERVICES, "web", {"spec": patch}, namespace=lab.space)
        host = await lab.host_becomes(SERVICES, "web", when)
        assert host["metadata"]["uid"] == first["metadata"]["uid"]
        return host

    await change({"sessionAffinity": "ClientIP"}, lambda h: h["spec"]["sessionAffinity"] == "ClientIP")
    await change({"internalTrafficPolicy": "Local"}, lambda h: h["spec"]["internalTrafficPolicy"] == "Local")
    await change({"ports": [*PORTS, {"name": "more", "port": 81}]}, lambda h: len(h["spec"]["ports"]) == 2)
    await change({"ports": PORTS}, lambda h: len(h["spec"]["ports"]) == 1)
    await change({"type": "NodePort"}, lambda h: h["spec"]["ports"][0].get("nodePort"))
    await change({"type": "ClusterIP"}, lambda h: h["spec"]["type"] == "ClusterIP")


async def test_headless_stays_headless(lab: Lab) -> None:
    await lab.create(SERVICES, service("web", clusterIP="None"))
    assert (await lab.appears(SERVICES, "web"))["spec"]["clusterIP"] == "None"


async def test_the_load_balancers_address_comes_back(lab: Lab) -> None:
    await lab.create(SERVICES, service("web", type="LoadBalancer"))
    await lab.appears(SERVICES, "web")
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}]}}}
    await lab.host.patch(SERVICES, lab.on_host("web"), status, namespace=lab.namespace, subresource="status")
    await lab.virtual_becomes(SERVICES, "web", lambda v: v["status"]["loadBalancer"].get("ingress"))


async def test_a_restart_writes_nothing(lab: Lab) -> None:
    await lab.create(SERVICES, service("web", type="LoadBalancer"))
    await lab.appears(SERVICES, "web")
    await lab.quiet()
    before = await lab.host_object(SERVICES, "web"), await lab.virtual_object(SERVICES, "web")
    await lab.restart()
    await lab.quiet()
    assert (await lab.host_object(SERVICES, "web"), await lab.virtual_object(SERVICES, "web")) == before


async def test_kubernetes_has_the_address_of_the_control_plane(lab: Lab) -> None:
    async def address():
        found = await lab.virtual.get(SERVICES, "kubernetes", namespace="default")
        return found["spec"]["clusterIP"] == lab.settings.service_ip

    assert await address()
    await lab.virtual.delete(SERVICES, "kubernetes", namespace="default")
    await lab.quiet()
    await lab.eventually(address)


async def test_the_control_planes_endpoints_are_those_of_kubernetes(lab: Lab) -> None:
    own = {
        "metadata": {"name": "demo-abc", "labels": {"kubernetes.io/service-name": "demo"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.244.0.3"], "conditions": {"ready": True}}],
        "ports": [{"name": "", "port": 8443}],
    }
    await lab.host.create(ENDPOINTSLICES, own, namespace=lab.namespace)

    async def published():
        found = (await lab.virtual.list(ENDPOINTSLICES, namespace="default"))["items"]
        return [(e["addresses"], s["ports"][0]["port"]) for s in found for e in s["endpoints"]]

    async def ours():
        return await published() == [(["10.244.0.3"], 8443)]

    await lab.eventually(ours)


def endpoint_slice(name: str, of: str, *, managed_by: str = "me"):
    labels = {"kubernetes.io/service-name": of, "endpointslice.kubernetes.io/managed-by": managed_by}
    return {
        "metadata": {"name": name, "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.7"], "conditions": {"ready": True}}],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }


async def test_slices_that_no_selector_makes_go_to_the_host(lab: Lab) -> None:
    await lab.create(ENDPOINTSLICES, endpoint_slice("early", "plain"))
    await lab.create(SERVICES, service("selects"))
    await lab.create(ENDPOINTSLICES, endpoint_slice("selects-1", "selects"))
    of_selector = endpoint_slice("selects-2", "selects", managed_by="endpointslice-controller.k8s.io")
    await lab.create(ENDPOINTSLICES, of_selector)
    await lab.create(SERVICES, {"metadata": {"name": "plain"}, "spec": {"ports": PORTS}})
    host = await lab.appears(ENDPOINTSLICES, "early")
    assert host["metadata"]["labels"]["kubernetes.io/service-name"] == lab.on_host("plain")
    ports = [{"name": "http", "port": 9090, "protocol": "TCP"}]
    await lab.virtual.patch(ENDPOINTSLICES, "early", {"ports": ports}, namespace=lab.space)
    await lab.host_becomes(ENDPOINTSLICES, "early", lambda h: h["ports"][0]["port"] == 9090)
    # Of a Service with a selector as well: proxies serve these beside what the selector finds.
    host = await lab.appears(ENDPOINTSLICES, "selects-1")
    assert host["metadata"]["labels"]["kubernetes.io/service-name"] == lab.on_host("selects")
    assert await lab.host_object(ENDPOINTSLICES, "selects-2") is None
    nothing = {"type": "ExternalName", "externalName": "example.org", "clusterIP": None, "clusterIPs": None}
    await lab.virtual.patch(SERVICES, "plain", {"spec": nothing}, namespace=lab.space)
    await lab.gone_from_host(ENDPOINTSLICES, "early")
    for name in ("early", "selects-1", "selects-2"):
        await lab.virtual.delete(ENDPOINTSLICES, name, namespace=lab.space)
    await lab.gone_from_host(ENDPOINTSLICES, "selects-1")


async def test_host_events_are_told_with_virtual_names(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    host = await lab.appears(PODS, "web")
    event = {
        "metadata": {"name": f"{host['metadata']['name']}.18d2"},
        "involvedObject": {
            "kind": "Pod",
            "apiVersion": "v1",
            "name": host["metadata"]["name"],
            "namespace": lab.namespace,
            "uid": host["metadata"]["uid"],
        },
        "reason": "FailedMount",
        "message": f'{lab.namespace}/{host["metadata"]["name"]}: configmap "{lab.on_host("x")}" not found',
        "type": "Warning",
        "source": {"component": "kubelet"},
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "count": 1,
    }
    await lab.host.create(EVENTS, event, namespace=lab.namespace)

    async def told():
        return [e for e in await lab.events("web") if e["reason"] == "FailedMount"]

    [found] = await lab.eventually(told)
    assert found["message"] == f'{lab.space}/web: configmap "x" not found'
    await lab.host.patch(EVENTS, event["metadata"]["name"], {"count": 2}, namespace=lab.namespace)

    async def again():
        return [e for e in await told() if e["count"] == 2]

    [found] = await lab.eventually(again)
    assert len(await told()) == 1
