"""ResourceClaims on the host and their status; the claims of pods; DeviceClasses of the host."""

from typing import Any

import pytest
from translate_builders import SCOPE, context, pod, unchanged

from vcli.syncer.translate import deviceclasses, resourceclaims
from vcli.syncer.translate.pods import claim_names, pod_names, references, to_host, unsupported

Object = dict[str, Any]
FINALIZER = resourceclaims.PROTECTION
USES = {"resource": "pods", "name": "web-x-default-x-demo", "uid": "host-web"}
INSIDE = {"resource": "pods", "name": "web", "uid": "uid-web"}
RESULT = {"driver": "gpu.example.com", "pool": "node-1", "device": "gpu-0", "request": "gpu"}


def claim(*, finalizers: Any = (), terminating: bool = False, **status: Any) -> Object:
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu", "count": 1}}
    either = {
        "name": "any",
        "firstAvailable": [
            {"name": "a", "deviceClassName": "large"},
            {"name": "b", "deviceClassName": "small"},
        ],
    }
    metadata: Object = {
        "name": "gpu",
        "namespace": "default",
        "uid": "uid-gpu",
        "resourceVersion": "7",
        "finalizers": list(finalizers),
    }
    if terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata, "spec": {"devices": {"requests": [request, either]}}, "status": status}


def test_a_claim_asks_for_the_same_of_the_host() -> None:
    virtual = claim()
    with unchanged(virtual):
        host = resourceclaims.to_host(virtual, scope=SCOPE)
    assert host["metadata"]["name"] == "gpu-x-default-x-demo"
    assert "finalizers" not in host["metadata"]
    assert host["spec"] == virtual["spec"]
    assert resourceclaims.device_classes(virtual) == {"gpu", "large", "small"}


def told(host: Object, virtual: Object, consumers: Any = None) -> Object:
    pods = {"host-web": pod("web")} if consumers is None else consumers
    return resourceclaims.virtual_status(host, virtual, consumers=pods, scope=SCOPE)


def test_what_is_allocated_is_shown_for_the_tenants_pods() -> None:
    config = [{"source": "FromClass", "opaque": {}}, {"source": "FromClaim", "requests": ["gpu"]}]
    allocation = {"devices": {"results": [RESULT], "config": config}}
    condition = {"type": "Ready", "status": "True", "message": "for web-x-default-x-demo in team-a"}
    others = [{"resource": "pods", "name": "gone", "uid": "gone"}, {**USES, "apiGroup": "example.com"}]
    host = claim(
        allocation=allocation,
        reservedFor=[USES, *others],
        devices=[{"driver": "gpu.example.com", "conditions": [condition]}],
    )
    found = told(host, claim())
    assert found["allocation"] == {"devices": {"results": [RESULT], "config": config[1:]}}
    assert found["reservedFor"] == [INSIDE]
    [device] = found["devices"]
    assert device["conditions"][0]["message"] == "for web in default"
    assert told(claim(), claim(allocation=allocation)) == {}


def test_of_a_claim_that_is_terminating_only_who_is_done_comes_back() -> None:
    allocation = {"devices": {"results": [RESULT]}}
    host = claim(allocation=allocation, reservedFor=[USES])
    virtual = claim(terminating=True, allocation=allocation, reservedFor=[INSIDE])
    assert told(host, virtual) == {"allocation": allocation, "reservedFor": [INSIDE]}
    assert told(host, virtual, {}) == {"allocation": allocation}
    deallocated = claim(terminating=True)
    assert told(host, deallocated) == {}, "no pod is added to it, and no device"


@pytest.mark.parametrize(
    ("on_host", "inside", "terminating", "expected"),
    [
        ([FINALIZER], ["mine"], False, ["mine", FINALIZER]),
        ([FINALIZER], [FINALIZER], False, None),
        ([FINALIZER], [], True, None),
        ([], [FINALIZER, "mine"], True, ["mine"]),
        ([], [], False, None),
    ],
)
def test_a_claim_is_protected_while_the_hosts_is(
    on_host: Any, inside: Any, terminating: Any, expected: Any
) -> None:
    virtual = claim(finalizers=inside, terminating=terminating)
    patch = resourceclaims.virtual_patch(claim(finalizers=on_host), virtual)
    metadata = {"finalizers": expected, "resourceVersion": "7"}
    assert patch == (None if expected is None else {"metadata": metadata})


CLAIMS = [
    {"name": "own", "resourceClaimName": "shared"},
    {"name": "made", "resourceClaimTemplateName": "template"},
    {"name": "idle", "resourceClaimTemplateName": "empty"},
]
STATUSES = [{"name": "made", "resourceClaimName": "web-made-x7"}, {"name": "idle"}]


def test_claims_of_a_pod_have_names_on_the_host() -> None:
    uses = [{"name": "own"}, {"name": "made", "request": "gpu"}, {"name": "idle"}]
    container = {"name": "main", "image": "nginx:1", "resources": {"claims": uses, "limits": {"cpu": "1"}}}
    virtual = pod(resourceClaims=CLAIMS, containers=[container], status={"resourceClaimStatuses": STATUSES})
    with unchanged(virtual):
        host = to_host(virtual, context())
    assert host["spec"]["resourceClaims"] == [
        {"name": "own", "resourceClaimName": "shared-x-default-x-demo"},
        {"name": "made", "resourceClaimName": "web-made-x7-x-default-x-demo"},
    ]
    assert host["spec"]["containers"][0]["resources"] == {"claims": uses[:2], "limits": {"cpu": "1"}}
    assert references(virtual).resource_claims == ("shared", "web-made-x7")
    assert pod_names(virtual, SCOPE)["shared-x-default-x-demo"] == "shared"


def test_a_claim_that_is_yet_to_be_made_has_no_name() -> None:
    virtual = pod(resourceClaims=CLAIMS)
    assert claim_names(virtual) == {"own": "shared", "made": None, "idle": None}
    assert references(virtual).resource_claims == ("shared",)


def test_a_pod_with_claims_is_supported_where_they_are_synced() -> None:
    virtual = pod(resourceClaims=CLAIMS)
    [reason] = unsupported(virtual)
    assert "sync.toHost.resourceClaims.enabled=true" in reason
    assert unsupported(virtual, resource_claims=True) == []


def test_a_class_is_shown_without_its_configuration() -> None:
    selectors = [{"cel": {"expression": "true"}}]
    spec = {"selectors": selectors, "config": [{"opaque": {"driver": "gpu.example.com"}}]}
    virtual = deviceclasses.to_virtual({"metadata": {"name": "gpu"}, "spec": spec})
    assert virtual["spec"] == {"selectors": selectors}
    assert (virtual["apiVersion"], virtual["kind"]) == ("resource.k8s.io/v1", "DeviceClass")
