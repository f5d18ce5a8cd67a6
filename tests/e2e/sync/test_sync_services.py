"""Services as on a plain cluster: addresses, ports, types and endpoints, with traffic on the real host."""

import copy
import dataclasses
import json

import pytest
from kubernetes_versions import both_have
from polling import eventually
from services import HTTP, answered, answers, on_host, service, web
from space import IDLE, Object, Space, pod


def patch(space: Space, name: str, spec: Object) -> None:
    space.kubectl("patch", "service", name, "--type=merge", "--patch", json.dumps({"spec": spec}))


def node_address(space: Space, name: str) -> str:
    """The InternalIP of the node that a pod runs on, as the virtual Node tells it."""
    node = space.get("node", space.get("pod", name)["spec"]["nodeName"])
    [address] = [each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP"]
    return str(address)


@pytest.mark.skew
def test_every_type_in_turn_is_one_service_of_the_hosts(space: Space) -> None:
    target = f"target.{space.name}.svc.cluster.local"
    space.apply(
        service("target", selector={"app": "target"}),
        web("behind", app="target"),
        web("web"),
        pod("client"),
        service("web", type="ExternalName", externalName=target),
    )
    space.wait("condition=Ready", "pod/web", "pod/behind", "pod/client")
    answered(space, "http://web/", "behind")
    assert space.host_name("web") not in space.on_host("services")

    patch(space, "web", {"type": "ClusterIP", "externalName": None})
    first = eventually(lambda: on_host(space, "web"))["metadata"]["uid"]
    answered(space, f"http://{space.get('service', 'web')['spec']['clusterIP']}/", "web")
    answered(space, "http://web/", "web")

    address = node_address(space, "web")
    patch(space, "web", {"type": "NodePort"})
    port = space.get("service", "web")["spec"]["ports"][0]["nodePort"]
    answered(space, f"http://{address}:{port}/", "web")

    patch(space, "web", {"type": "LoadBalancer", "externalTrafficPolicy": "Local"})
    eventually(lambda: on_host(space, "web")["spec"].get("healthCheckNodePort"))
    check = space.get("service", "web")["spec"]["healthCheckNodePort"]
    assert on_host(space, "web")["spec"]["healthCheckNodePort"] == check
    # Be the cloud.
    condition = {"type": "example.com/Ready", "status": "True", "reason": "Made", "message": ""}
    status = {
        "loadBalancer": {"ingress": [{"ip": "192.0.2.9", "ipMode": "VIP"}]},
        "conditions": [{**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}],
    }
    change = json.dumps({"status": status})
    host_name, namespace = space.host_name("web"), space.cluster.namespace
    space.host.kubectl(
        "patch", "service", host_name, "-n", namespace, "--subresource=status", "--type=merge", "-p", change
    )
    space.wait("jsonpath={.status.loadBalancer.ingress[0].ip}=192.0.2.9", "service/web")
    assert space.get("service", "web")["status"]["conditions"][0]["type"] == "example.com/Ready"

    patch(space, "web", {"type": "ClusterIP", "externalTrafficPolicy": None})
    eventually(lambda: "nodePort" not in on_host(space, "web")["spec"]["ports"][0])
    assert on_host(space, "web")["metadata"]["uid"] == first

    patch(
        space, "web", {"type": "ExternalName", "externalName": target, "clusterIP": None, "clusterIPs": None}
    )
    eventually(lambda: space.host_name("web") not in space.on_host("services"))
    patch(space, "web", {"type": "NodePort", "externalName": None})
    port = eventually(lambda: space.get("service", "web")["spec"]["ports"][0].get("nodePort"))
    answered(space, f"http://{address}:{port}/", "web")


def test_addresses_of_neighbours_are_not_taken(space: Space, namespace: str) -> None:
    """The tenant wants the traffic to a neighbour's Service, to a free address, and to the node."""
    space.host.apply(namespace, web("web"), pod("client"), service("web"))
    waiting = ("wait", "--for=condition=Ready", "pod/web", "pod/client", "--timeout=120s", "-n", namespace)
    space.host.kubectl(*waiting)
    address = space.host.get("service", "web", "-n", namespace)["spec"]["clusterIP"]
    node = space.host.get("pod", "web", "-n", namespace)["status"]["hostIP"]
    wanted = [address, "203.0.113.7", node]
    space.apply(web("thief"), service("thief", selector={"app": "web"}, externalIPs=wanted), pod("client"))
    space.wait("condition=Ready", "pod/thief", "pod/client")
    answered(space, "http://thief/", "thief")  # by now the host has all that it will ever get

    def asked(url: str) -> str:
        script = f"timeout 5 wget -qO- {url} || echo none"
        return space.host.kubectl("exec", "client", "-n", namespace, "--", "sh", "-c", script).strip()

    assert [asked(f"http://{address}/") for _ in range(5)] == ["web"] * 5
    assert asked("http://203.0.113.7/") == "none"
    assert "thief" not in asked(f"http://{node}/")
    assert "externalIPs" not in on_host(space, "thief")["spec"]

    def ignored() -> str:
        events = space.get("events", "--field-selector=involvedObject.name=thief,reason=Ignored")["items"]
        return " ".join(each["message"] for each in events)

    eventually(lambda: all(each in ignored() for each in [*wanted, "externalIPs.allowedCIDRs"]))


@pytest.mark.skew
def test_every_field_reaches_the_host_and_changes_there(space: Space) -> None:
    near = ("PreferSameZone", "PreferSameNode") if both_have(34) else ("PreferClose", "PreferClose")
    fields: Object = {
        "allocateLoadBalancerNodePorts": False,
        "externalTrafficPolicy": "Local",
        "internalTrafficPolicy": "Local",
        "ipFamilyPolicy": "PreferDualStack",
        "loadBalancerClass": "example.com/none",
        "loadBalancerIP": "192.0.2.1",
        "loadBalancerSourceRanges": ["198.51.100.0/24"],
        "ports": [{**HTTP, "appProtocol": "kubernetes.io/h2c", "targetPort": "http"}],
        "publishNotReadyAddresses": True,
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 90}},
        "trafficDistribution": near[0],
    }
    space.apply(service("web", type="LoadBalancer", **fields))
    first = eventually(lambda: on_host(space, "web"))
    same_in_both(space, fields)
    changed: Object = {
        "internalTrafficPolicy": "Cluster",
        "loadBalancerIP": "192.0.2.2",
        "loadBalancerSourceRanges": ["203.0.113.0/24", "198.51.100.0/24"],
        "ports": [{**HTTP, "targetPort": 9090}, {"name": "dns", "port": 53, "protocol": "UDP"}],
        "publishNotReadyAddresses": False,
        "selector": {"app": "other", "tier": "a"},
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 30}},
        "trafficDistribution": near[1],
    }
    patch(space, "web", changed)
    same_in_both(space, changed)
    # What is taken away goes on the host as well.
    gone = dict.fromkeys(["loadBalancerIP", "loadBalancerSourceRanges", "trafficDistribution"])
    patch(space, "web", {**gone, "externalTrafficPolicy": "Cluster", "sessionAffinity": "None"})
    eventually(lambda: not gone.keys() & on_host(space, "web")["spec"].keys())
    eventually(lambda: "healthCheckNodePort" not in on_host(space, "web")["spec"])
    assert on_host(space, "web")["metadata"]["uid"] == first["metadata"]["uid"]
    assert on_host(space, "web")["spec"]["loadBalancerClass"] == "example.com/none"


def same_in_both(space: Space, fields: Object) -> None:
    """Wait until these fields of the Service `web` are as they were asked for, on the host as well."""

    def same() -> bool:
        virtual, host = space.get("service", "web")["spec"], on_host(space, "web")["spec"]
        selector = {k: v for k, v in host["selector"].items() if not k.startswith("vcli.dev/")}
        host = {**host, "selector": selector}
        return all(host.get(field) == virtual.get(field) for field in fields)

    eventually(same)
    virtual = space.get("service", "web")["spec"]
    wanted = {field: value for field, value in fields.items() if value and field != "ports"}
    assert {field: virtual[field] for field in wanted} == wanted


@pytest.mark.skew
def test_clients_stick_to_a_pod_where_they_are_told_to_and_ports_of_nodes_are_served(space: Space) -> None:
    sticky = service("web", type="NodePort", sessionAffinity="ClientIP")
    port = 30000 + int(space.name[-4:], 16) % 2000
    host_port = {"ports": [{"containerPort": 8080, "hostPort": port + 5000}]}
    space.apply(web("web-0", container=host_port), web("web-1"), pod("client"), sticky)
    space.wait("condition=Ready", "pod/web-0", "pod/web-1", "pod/client")
    address = node_address(space, "web-0")
    answered(space, f"http://{address}:{port + 5000}/", "web-0")
    node_port = space.get("service", "web")["spec"]["ports"][0]["nodePort"]
    patch(space, "web", {"sessionAffinity": "None"})
    answered(space, "http://web/", "web-0", "web-1")
    answered(space, f"http://{address}:{node_port}/", "web-0", "web-1")
    patch(space, "web", {"sessionAffinity": "ClientIP"})
    for url in ("http://web/", f"http://{address}:{node_port}/"):
        eventually(lambda url=url: len(answers(space, url, times=10)) == 1)
        assert answers(space, url) < {"web-0", "web-1"}


def test_namespaces_with_equal_labels_do_not_mix(space: Space) -> None:
    other = f"{space.name}-too"
    space.kubectl("create", "namespace", other)
    space.wait("create", "serviceaccount/default", "-n", other)
    space.apply(web("here"), pod("client"), service("web"))
    there = dataclasses.replace(space, name=other)
    there.apply(web("elsewhere"), service("web"))
    space.wait("condition=Ready", "pod/here", "pod/client")
    there.wait("condition=Ready", "pod/elsewhere")
    answered(space, "http://web/", "here")
    answered(space, f"http://web.{other}/", "elsewhere")
    patch(space, "web", {"selector": {"app": "none"}})
    answered(space, "http://web/", "none")
    patch(space, "web", {"selector": {"app": "web"}})
    answered(space, "http://web/", "here")
    space.kubectl("delete", "namespace", other, "--wait=false")


@pytest.mark.skew
def test_a_headless_service_names_its_pods_ready_ones_or_all(space: Space) -> None:
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    slow = pod("slow", IDLE, labels={"app": "web"}, container={"readinessProbe": never})
    space.apply(web("quick"), slow, pod("client"), service("web", clusterIP="None"))
    space.wait("condition=Ready", "pod/quick", "pod/client")
    eventually(lambda: space.get("pod", "slow")["status"].get("podIP"))
    ready, waiting = (space.get("pod", name)["status"]["podIP"] for name in ("quick", "slow"))

    def named() -> set[str]:
        script = f"nslookup -type=a web.{space.name}.svc.cluster.local | tail -n +3"
        told = space.kubectl("exec", "client", "--", "sh", "-c", script, check=False).split()
        return set(told) & {ready, waiting}

    assert on_host(space, "web")["spec"]["clusterIP"] == "None"
    eventually(lambda: named() == {ready})
    patch(space, "web", {"publishNotReadyAddresses": True})
    eventually(lambda: named() == {ready, waiting})


def test_endpoints_that_the_tenant_writes_are_served(space: Space) -> None:
    """Endpoints and EndpointSlices of Services without selector, in either order with the Service."""
    space.apply(web("here", app="any"), web("there", app="any"), pod("client"))
    space.wait("condition=Ready", "pod/here", "pod/there", "pod/client")
    here, there = (space.get("pod", name)["status"]["podIP"] for name in ("here", "there"))
    bare = service("old")
    del bare["spec"]["selector"]
    port = {"name": "http", "port": 8080, "protocol": "TCP"}
    old: Object = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "old"},
        "subsets": [{"addresses": [{"ip": here}], "ports": [port]}],
    }
    long = "slice-of-a-long-name-" + "x" * 60
    target = {"kind": "Pod", "namespace": space.name, "name": "there"}
    new: Object = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": long, "labels": {"kubernetes.io/service-name": "new"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [there], "conditions": {"ready": True}, "targetRef": target}],
        "ports": [port],
    }
    space.apply(old, new)
    for name in ("old", "new"):
        space.apply(bare | {"metadata": {"name": name}})
    answered(space, "http://old/", "here")
    answered(space, "http://new/", "there")
    [on_host_too] = [each for each in slices(space) if each["endpoints"][0]["addresses"] == [there]]
    assert on_host_too["endpoints"][0]["targetRef"]["name"] == space.host_name("there")
    assert len(on_host_too["metadata"]["name"]) <= 63

    old["subsets"][0]["addresses"] = [{"ip": there}]
    new["endpoints"][0]["addresses"] = [here]
    space.apply(old, new)
    answered(space, "http://old/", "there")
    answered(space, "http://new/", "here")
    new["ports"] = [{**port, "port": 8081}]
    space.apply(new)
    answered(space, "http://new/", "none")

    # Of a Service with a selector too: its pods are served, and these.
    extra = copy.deepcopy(new) | {"ports": [port]}
    extra["metadata"] = {"name": "extra", "labels": {"kubernetes.io/service-name": "both"}}
    extra["endpoints"][0]["addresses"] = [there]
    space.apply(service("both", selector={"app": "one"}), extra)
    space.kubectl("label", "pod", "here", "app=one", "--overwrite")
    answered(space, "http://both/", "here", "there")
    space.kubectl("delete", "service", "both")
    space.kubectl("delete", "endpointslice", "extra")
    space.kubectl("label", "pod", "here", "app=any", "--overwrite")

    # The type of addresses can't be changed: the tenant makes another slice of the same name.
    space.kubectl("delete", "endpointslice", long)
    six = {"addressType": "IPv6", "endpoints": [{"addresses": ["2001:db8::1"]}]}
    space.apply(new | six)
    eventually(lambda: "IPv6" in {each["addressType"] for each in slices(space)})
    space.kubectl("delete", "endpointslice", long)
    # With a selector, the host knows the endpoints by itself.
    patch(space, "old", {"selector": {"app": "any"}})
    answered(space, "http://old/", "here", "there")
    eventually(lambda: slices(space) == [])


def slices(space: Space) -> list[Object]:
    """The host's EndpointSlices that were made from this namespace's."""
    selector = f"vcli.dev/namespace={space.name},endpointslice.kubernetes.io/managed-by=vcli.dev"
    found: list[Object] = space.host.get("endpointslices", "-n", space.cluster.namespace, "-l", selector)[
        "items"
    ]
    return found
