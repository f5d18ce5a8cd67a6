"""A real API server is the judge: it takes what translate makes, and a patch settles what it was made for."""

from dataclasses import replace
from typing import Any

import pytest
from pair import Pair

from vcli.kube.resources import (
    PODS,
)
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import (
    ephemeral_containers,
    host_status_patch,
    mutable_patch,
    resize_patch,
    to_host,
    virtual_status,
)

Object = dict[str, Any]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NOW = "2026-01-01T00:00:00Z"


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


async def test_updates_are_accepted_and_converge(pair: Pair):
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
