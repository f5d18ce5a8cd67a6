"""A real API server is the judge: it takes what translate makes, and a patch settles what it was made for."""

from contextlib import suppress
from typing import Any

import pytest
from pair import Pair

from vcli.kube.errors import AlreadyExists
from vcli.kube.resources import (
    CONFIGMAPS,
    ENDPOINTSLICES,
    EVENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PVCS,
    SECRETS,
    SERVICES,
)
from vcli.syncer.translate import configs, endpoints, events, nodes, pvcs, services
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.mirrored_nodes import mirrored_node
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NOW = "2026-01-01T00:00:00Z"
LEFT = [services.CLUSTER_IP, services.HEALTH_CHECK, "spec.ports[0].nodePort"]


@pytest.mark.parametrize(
    "spec",
    [
        {"ports": [{"port": 80}], "selector": {"app": "web", "release": "demo"}},
        {"clusterIP": "None", "ports": [{"port": 80}], "selector": {"app": "web"}},
        {"clusterIP": "None", "selector": {"app": "web"}},
        {
            "type": "NodePort",
            "ports": [{"port": 80, "name": "a"}, {"port": 80, "protocol": "UDP", "name": "b"}],
        },
        {
            "type": "LoadBalancer",
            "externalTrafficPolicy": "Local",
            "ports": [{"port": 80}],
            "sessionAffinity": "ClientIP",
        },
    ],
)
async def test_services(pair: Pair, spec: Object):
    body = {"metadata": {"name": "web"}, "spec": spec}
    virtual = await pair.client.create(SERVICES, body, namespace=pair.virtual)
    # On one API server the virtual Service holds its address and ports itself: the host chooses.
    host = await pair.client.create(SERVICES, services.to_host(virtual, scope=pair.scope, left=LEFT))
    assert virtual_name_of(host, scope=pair.scope, kind="Service") == VirtualName(pair.virtual, "web")
    assert host["spec"]["type"] == virtual["spec"]["type"]
    patch = services.node_ports_from_host(virtual, host)
    assert (patch is not None) == (spec.get("type") in ("NodePort", "LoadBalancer"))
    await pair.client.delete(SERVICES, host["metadata"]["name"], namespace=pair.scope.host_namespace)
    if patch is not None:
        virtual = await pair.client.patch(SERVICES, "web", patch, namespace=pair.virtual)
        assert services.node_ports_from_host(virtual, host) is None
    if addresses := host["spec"].get("clusterIPs"):
        await pair.client.delete(SERVICES, "web", namespace=pair.virtual)
        again = services.recreate_as(virtual, host)
        made = await pair.client.create(SERVICES, again, namespace=pair.virtual)
        assert made["spec"]["clusterIPs"] == addresses


async def test_server_side_apply_takes_every_type_change(pair: Pair):
    ports, selector = [{"port": 80, "targetPort": 80, "protocol": "TCP"}], {"app": "web"}
    bodies: list[Object] = [
        {"type": "ClusterIP", "ports": ports, "selector": selector},
        {"type": "NodePort", "ports": [{**ports[0], "nodePort": 30555}], "selector": selector},
        {"type": "ClusterIP", "ports": ports, "selector": selector},
        {"type": "ClusterIP", "ports": ports, "selector": selector},
    ]
    for spec in bodies:
        virtual = {"metadata": {"name": "web", "namespace": pair.virtual, "uid": "u"}, "spec": spec}
        host = await pair.client.apply(SERVICES, services.to_host(virtual, scope=pair.scope))
        assert host["spec"]["type"] == spec["type"]
        assert [port.get("nodePort") for port in host["spec"].get("ports") or ()] == [
            port.get("nodePort") for port in spec.get("ports") or ()
        ]


async def test_endpoints_and_slices(pair: Pair):
    target = {"kind": "Pod", "name": "web", "namespace": pair.virtual, "uid": "u"}
    virtual_slice = await pair.client.create(
        ENDPOINTSLICES,
        {
            "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["192.0.2.1"], "targetRef": target, "zone": "z"}],
            "ports": [{"name": "http", "port": 80}],
        },
        namespace=pair.virtual,
    )
    host_slice = await pair.client.apply(
        ENDPOINTSLICES, endpoints.slice_to_host(virtual_slice, scope=pair.scope)
    )
    assert host_slice["metadata"]["labels"]["kubernetes.io/service-name"] == f"web-x-{pair.virtual}-x-demo"


async def test_configs_claims_and_tokens(pair: Pair):
    metadata = {"name": "c", "namespace": pair.virtual, "uid": "u"}
    config = {"metadata": metadata, "data": {"a": "1"}, "binaryData": {"b": "AA=="}, "immutable": True}
    await pair.client.apply(CONFIGMAPS, configs.config_map_to_host(config, scope=pair.scope))
    secret = {"metadata": metadata, "type": "kubernetes.io/service-account-token", "data": {"token": "AA=="}}
    await pair.client.apply(SECRETS, configs.secret_to_host(secret, scope=pair.scope))
    token = configs.Token(value="t", issued=1.0, expires=2.0)
    virtual = await pair.pod()
    made = await pair.client.apply(SECRETS, configs.token_secret(virtual, {"all.0": token}, scope=pair.scope))
    assert configs.tokens_in(made) == {"all.0": token}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "volumeName": "pv",
    }
    claim = await pair.client.create(
        PVCS, {"metadata": {"name": "data"}, "spec": spec}, namespace=pair.virtual
    )
    host = await pair.client.apply(PVCS, pvcs.to_host(claim, scope=pair.scope))
    assert host["spec"]["volumeName"] == claim["spec"]["volumeName"]


async def test_events(pair: Pair):
    virtual = await pair.pod()
    host = await pair.host_pod(virtual)
    about = {"apiVersion": "v1", "kind": "Pod", "namespace": pair.scope.host_namespace}
    name = host["metadata"]["name"]
    body = {
        "metadata": {"name": f"{name}.17ab"},
        "involvedObject": {**about, "name": name, "uid": host["metadata"]["uid"]},
        "reason": "Started",
        "message": f"Started {pair.scope.host_namespace}/{name}",
        "type": "Normal",
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingComponent": "kubelet",
        "reportingInstance": "node-1",
        "action": "Starting",
    }
    event = await pair.client.create(EVENTS, body, namespace=pair.scope.host_namespace)
    told = events.to_virtual(event, {**virtual, "apiVersion": "v1", "kind": "Pod"}, scope=pair.scope)
    made = await pair.client.create(EVENTS, told)
    assert made["message"] == f"Started {pair.virtual}/web"


async def test_nodes(pair: Pair):
    name = f"node-of-{pair.virtual}"
    body = nodes.synthetic_node(
        name,
        internal_ips=["192.0.2.7"],
        kubelet_host="demo-headless.team-a.svc",
        kubelet_port=10251,
        kubernetes_version="v1.36.3",
        now=NOW,
        architecture="amd64",
    )
    node = await pair.client.create(NODES, body)
    assert node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 10251
    mirrored = mirrored_node(node, kubelet_host="h", kubelet_port=10252)
    await pair.client.create(NODES, {**mirrored, "metadata": {**mirrored["metadata"], "name": f"m-{name}"}})
    with suppress(AlreadyExists):  # a server makes it, some time after its start
        await pair.client.create(NAMESPACES, {"metadata": {"name": "kube-node-lease"}})
    await pair.client.create(
        LEASES, nodes.lease(name, now="2026-01-01T00:00:00.000000Z", node_uid=node["metadata"]["uid"])
    )
