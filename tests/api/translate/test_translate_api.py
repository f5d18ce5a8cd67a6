"""A real API server is the judge: it takes what translate makes, and a patch settles what it was made for."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from vcli.kube.client import Client
from vcli.kube.resources import (
    CONFIGMAPS,
    ENDPOINTS,
    ENDPOINTSLICES,
    EVENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    PVCS,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
)
from vcli.syncer.translate import configs, endpoints, events, nodes, pvcs, services
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import (
    PodContext,
    ephemeral_containers,
    host_status_patch,
    mutable_patch,
    resize_patch,
    to_host,
    virtual_status,
)
from vcli.syncer.translate.scope import Scope

Object = dict[str, Any]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NOW = "2026-01-01T00:00:00Z"


class Pair:
    """A virtual namespace and a host namespace on one API server."""

    def __init__(self, client: Client, virtual: str, scope: Scope) -> None:
        self.client, self.virtual, self.scope = client, virtual, scope

    @property
    def context(self) -> PodContext:
        return PodContext(
            scope=self.scope,
            service_account="vc-workload-demo",
            api_host="10.96.3.4",
            api_port=443,
            dns_ip="10.96.0.77",
            namespace_labels={
                "kubernetes.io/metadata.name": self.virtual,
                "example.com/" + "k" * 63: "v" * 63,
            },
            hostname_override=True,
        )

    async def pod(self, name: str = "web", **spec: Any) -> Object:
        """Create a virtual pod; the API server defaults it."""
        metadata = {
            "name": name,
            "labels": spec.pop("labels", {"app": "web", "release": "demo", "hash": "1"}),
            "annotations": spec.pop("annotations", {"note": "x", "vcli.dev/name": "forged"}),
        }
        body = {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": "nginx:1"}], **spec}}
        return await self.client.create(PODS, body, namespace=self.virtual)

    async def host_pod(self, virtual: Object) -> Object:
        return await self.client.create(PODS, to_host(virtual, self.context))

    async def patch_host(self, host: Object, patch: Object, subresource: str | None = None) -> Object:
        return await self.client.patch(
            PODS,
            host["metadata"]["name"],
            patch,
            namespace=self.scope.host_namespace,
            subresource=subresource,
            strategy="strategic",
        )

    async def patch_virtual(self, virtual: Object, patch: Object, subresource: str | None = None) -> Object:
        name = virtual["metadata"]["name"]
        return await self.client.patch(
            PODS, name, patch, namespace=self.virtual, subresource=subresource, strategy="strategic"
        )


@pytest.fixture
async def pair(client: Client) -> AsyncIterator[Pair]:
    """Two namespaces, and a Service on the host that owns what is made."""
    names = []
    for account in ("default", "vc-workload-demo"):
        created = await client.create(NAMESPACES, {"metadata": {"generateName": "translate-"}})
        names.append(created["metadata"]["name"])
        await client.create(SERVICEACCOUNTS, {"metadata": {"name": account}}, namespace=names[-1])
    owner = {
        "apiVersion": "v1",
        "kind": "Service",
        "name": "demo",
        "uid": "12345678-1234-1234-1234-123456789012",
    }
    yield Pair(client, names[0], Scope(cluster="demo", host_namespace=names[1], owner=owner))
    for name in names:
        await client.delete(NAMESPACES, name)


def everything() -> Object:
    """A pod spec with nearly all that translate touches."""
    term = {
        "topologyKey": "zone",
        "labelSelector": {"matchLabels": {"app": "web", "release": "demo"}},
        "namespaceSelector": {"matchLabels": {"example.com/" + "k" * 63: "v"}},
        "matchLabelKeys": ["hash"],
        "mismatchLabelKeys": ["release"],
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "web"}},
        "matchLabelKeys": ["hash"],
    }
    field = {
        path: {
            "path": path.replace("['", "-").replace("']", "").replace("/", "-"),
            "fieldRef": {"fieldPath": path},
        }
        for path in (
            "metadata.name",
            "metadata.namespace",
            "metadata.uid",
            "metadata.labels",
            "metadata.annotations",
            "metadata.labels['release']",
            "metadata.annotations['vcli.dev/name']",
        )
    }
    variables = [
        {"name": f"V{index}", "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for index, path in enumerate(
            (
                "metadata.name",
                "metadata.labels['release']",
                "metadata.annotations['vcli.dev/name']",
                "spec.serviceAccountName",
                "spec.nodeName",
                "status.hostIPs",
            )
        )
    ]
    projected = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"serviceAccountToken": {"path": "vault", "audience": "vault"}},
        {"configMap": {"name": "kube-root-ca.crt", "optional": True}},
        {"secret": {"name": "s", "optional": True}},
        {"downwardAPI": {"items": list(field.values())}},
    ]
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    return {
        "affinity": {
            "podAffinity": {REQUIRED: [term]},
            "podAntiAffinity": {REQUIRED: [{**term, "namespaces": ["other"]}]},
        },
        "topologySpreadConstraints": [spread],
        "containers": [
            {
                "name": "main",
                "image": "nginx:1",
                "env": [*variables, {"name": "KUBERNETES_SERVICE_HOST", "value": "mine"}],
                "envFrom": [{"prefix": "P_", "configMapRef": {"name": "c", "optional": True}}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                "volumeMounts": [{"name": "all", "mountPath": "/all"}],
            }
        ],
        "initContainers": [{"name": "side", "image": "nginx:1", "restartPolicy": "Always"}],
        "dnsConfig": {"nameservers": ["192.0.2.1", "192.0.2.2", "192.0.2.3"], "searches": ["example.com"]},
        "hostname": "db",
        "subdomain": "peers",
        "setHostnameAsFQDN": True,
        "imagePullSecrets": [{"name": "pull"}],
        "priorityClassName": "system-node-critical",
        "volumes": [
            {"name": "all", "projected": {"sources": projected}},
            {"name": "claim", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "cache", "ephemeral": {"volumeClaimTemplate": template}},
            {"name": "legacy", "csi": {"driver": "d.example.com", "nodePublishSecretRef": {"name": "s"}}},
        ],
        "securityContext": {"fsGroup": 7},
        "serviceAccountName": "default",
        "schedulingGates": [{"name": "example.com/wait"}],
        "readinessGates": [{"conditionType": "example.com/lb"}],
    }


async def test_a_pod_with_everything_is_accepted_as_it_is_meant(pair: Pair):
    virtual = await pair.pod(**everything())
    host = await pair.host_pod(virtual)
    assert virtual_name_of(host, scope=pair.scope, kind="Pod") == VirtualName(pair.virtual, "web")
    term = host["spec"]["affinity"]["podAffinity"][REQUIRED][0]
    keys = [each["key"] for each in term["labelSelector"]["matchExpressions"]]
    assert len(keys) == len(set(keys)), "no requirement twice"
    assert host["spec"]["priority"] == 0
    assert mutable_patch(host, to_host(virtual, pair.context)) is None
    assert resize_patch(host, to_host(virtual, pair.context)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
        {"runtimeClassName": None, "enableServiceLinks": False},
        {"setHostnameAsFQDN": None, "hostnameOverride": "db.corp.example", "subdomain": None},
        {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"]}},
        {"dnsPolicy": "Default", "automountServiceAccountToken": False},
    ],
)
async def test_variants_are_accepted(pair: Pair, changes: Object):
    host = await pair.host_pod(await pair.pod(**{**everything(), **changes}))
    assert host["spec"]["serviceAccountName"] == "vc-workload-demo"


async def test_a_pod_with_a_long_name_full_of_dots(pair: Pair):
    name = ".".join(["a" * 25] * 9)
    virtual = await pair.pod(name)
    for context in (pair.context, replace(pair.context, hostname_override=False)):
        await pair.client.create(PODS, to_host(virtual, context), dry_run=True)


async def test_updates_are_accepted_and_settle(pair: Pair):
    virtual = await pair.pod(**everything(), tolerations=[{"key": "a", "operator": "Exists"}])
    host = await pair.host_pod(virtual)
    change = {
        "metadata": {"labels": {"hash": None, "new": "1"}, "annotations": {"note": None, "other": "y"}},
        "spec": {
            "containers": [{"name": "main", "image": "nginx:2"}],
            "initContainers": [{"name": "side", "image": "nginx:2"}],
            "activeDeadlineSeconds": 100,
            "tolerations": [*virtual["spec"]["tolerations"], {"key": "b", "operator": "Exists"}],
            "nodeSelector": {"disk": "ssd"},
            "schedulingGates": [{"$patch": "delete", "name": "example.com/wait"}],
        },
    }
    virtual = await pair.patch_virtual(virtual, change)
    desired = to_host(virtual, pair.context)
    patch = mutable_patch(host, desired)
    assert patch is not None
    host = await pair.patch_host(host, patch)
    assert mutable_patch(host, desired) is None
    assert host["metadata"]["labels"].keys() >= {"new", "release"}
    assert "hash" not in host["metadata"]["labels"]
    assert host["spec"]["containers"][0]["image"] == "nginx:2"
    assert host["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert not host["spec"].get("schedulingGates")
    assert host["spec"]["tolerations"] == virtual["spec"]["tolerations"]
    assert host["metadata"]["annotations"]["vcli.dev/generation"] == str(virtual["metadata"]["generation"])


async def test_resize_in_place(pair: Pair):
    virtual = await pair.pod(**everything())
    host = await pair.host_pod(virtual)
    bigger = {
        "spec": {
            "containers": [{"name": "main", "resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "2"}}}]
        }
    }
    virtual = await pair.patch_virtual(virtual, bigger, "resize")
    desired = to_host(virtual, pair.context)
    patch = resize_patch(host, desired)
    assert patch is not None
    host = await pair.patch_host(host, patch, "resize")
    assert host["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "2", "memory": "1Gi"}
    follow_up = mutable_patch(host, desired)
    assert follow_up is not None
    host = await pair.patch_host(host, follow_up)
    assert resize_patch(host, desired) is None
    assert mutable_patch(host, desired) is None


async def test_ephemeral_containers(pair: Pair):
    virtual = await pair.pod()
    host = await pair.host_pod(virtual)
    debugger = {"name": "debug", "image": "busybox", "targetContainerName": "main", "tty": True}
    virtual = await pair.patch_virtual(
        virtual, {"spec": {"ephemeralContainers": [debugger]}}, "ephemeralcontainers"
    )
    wanted = ephemeral_containers(virtual, pair.context)
    host = await pair.patch_host(host, {"spec": {"ephemeralContainers": wanted}}, "ephemeralcontainers")
    assert host["spec"]["ephemeralContainers"][0].items() >= debugger.items()


async def test_status_goes_back_and_readiness_gates_go_there(pair: Pair):
    virtual = await pair.pod(readinessGates=[{"conditionType": "example.com/lb"}])
    host = await pair.host_pod(virtual)
    state = {"waiting": {"reason": "Wait", "message": f"for {host['metadata']['name']}"}}
    shared = {"restartCount": 0, "ready": False, "image": "i", "imageID": "", "state": state}
    told = {
        "observedGeneration": host["metadata"]["generation"],
        "podIP": "10.1.2.3",
        "podIPs": [{"ip": "10.1.2.3"}],
        "conditions": [
            {"type": "Ready", "status": "False", "observedGeneration": host["metadata"]["generation"]}
        ],
        "containerStatuses": [{"name": "main", **shared}, {"name": "injected", **shared}],
    }
    host = await pair.patch_host(host, {"status": told}, "status")
    gate = {"conditions": [{"type": "example.com/lb", "status": "True", "lastTransitionTime": NOW}]}
    virtual = await pair.patch_virtual(virtual, {"status": gate}, "status")
    patch = host_status_patch(host, virtual)
    assert patch is not None
    host = await pair.patch_host(host, patch, "status")
    assert host_status_patch(host, virtual) is None
    body = {**virtual, "status": virtual_status(host, virtual, scope=pair.scope)}
    found = (await pair.client.replace(PODS, body, namespace=pair.virtual, subresource="status"))["status"]
    assert found["observedGeneration"] == virtual["metadata"]["generation"]
    assert [each["name"] for each in found["containerStatuses"]] == ["main"]
    assert found["containerStatuses"][0]["state"]["waiting"]["message"] == "for web"
    assert {each["type"] for each in found["conditions"]} == {"Ready", "example.com/lb"}
    assert found["qosClass"] == "BestEffort"


@pytest.mark.parametrize(
    "spec",
    [
        {"ports": [{"port": 80}], "selector": {"app": "web", "release": "demo"}},
        {"clusterIP": "None", "ports": [{"port": 80}], "selector": {"app": "web"}},
        {"clusterIP": "None", "selector": {"app": "web"}},
        {"type": "ExternalName", "externalName": "db.example.com"},
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
    host = await pair.client.create(
        SERVICES, services.to_host(virtual, scope=pair.scope, cluster_ip=False, node_ports=False)
    )
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
        again = services.recreate_with(virtual, addresses)
        made = await pair.client.create(SERVICES, again, namespace=pair.virtual)
        assert made["spec"]["clusterIPs"] == addresses


async def test_server_side_apply_takes_every_type_change(pair: Pair):
    ports, selector = [{"port": 80, "targetPort": 80, "protocol": "TCP"}], {"app": "web"}
    bodies: list[Object] = [
        {"type": "ClusterIP", "ports": ports, "selector": selector},
        {"type": "NodePort", "ports": [{**ports[0], "nodePort": 30555}], "selector": selector},
        {"type": "ClusterIP", "ports": ports, "selector": selector},
        {"type": "ExternalName", "externalName": "db.example.com"},
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
    subsets = [{"addresses": [{"ip": "192.0.2.1", "targetRef": target}], "ports": [{"port": 80}]}]
    virtual = {"metadata": {"name": "web", "namespace": pair.virtual, "uid": "u"}, "subsets": subsets}
    host = await pair.client.apply(ENDPOINTS, endpoints.endpoints_to_host(virtual, scope=pair.scope))
    assert host["subsets"][0]["addresses"][0]["targetRef"]["name"] == f"web-x-{pair.virtual}-x-demo"


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
    assert "volumeName" not in host["spec"]


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
    body = nodes.fake_node(
        name,
        internal_ips=["192.0.2.7"],
        kubelet_host="demo-headless.team-a.svc",
        kubelet_port=10251,
        kubernetes_version="v1.36.3",
        now=NOW,
    )
    node = await pair.client.create(NODES, body)
    assert node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 10251
    status = nodes.heartbeat(node, now="2026-01-01T00:05:00Z")
    node = await pair.client.patch(
        NODES, name, {"status": status}, subresource="status", strategy="strategic"
    )
    assert {each["lastHeartbeatTime"] for each in node["status"]["conditions"]} == {"2026-01-01T00:05:00Z"}
    mirrored = nodes.mirrored_node(node, kubelet_host="h", kubelet_port=10252)
    await pair.client.create(NODES, {**mirrored, "metadata": {**mirrored["metadata"], "name": f"m-{name}"}})
    namespace = {"metadata": {"name": "kube-node-lease"}}
    if "kube-node-lease" not in {
        each["metadata"]["name"] for each in (await pair.client.list(NAMESPACES))["items"]
    }:
        await pair.client.create(NAMESPACES, namespace)
    await pair.client.create(
        LEASES, nodes.lease(name, now="2026-01-01T00:00:00.000000Z", node_uid=node["metadata"]["uid"])
    )
