"""What somebody changes or deletes on the host is restored, for every kind that goes there."""

from collections.abc import Sequence
from typing import Any

import pytest
from testbed import Lab, pod

from vcli.kube.resources import (
    CONFIGMAPS,
    ENDPOINTSLICES,
    INGRESSES,
    NETWORKPOLICIES,
    PODS,
    PVCS,
    SECRETS,
    SERVICES,
    Resource,
)

Object = dict[str, Any]

BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
BODIES: dict[str, tuple[Resource, Object, Object]] = {
    "a ConfigMap": (CONFIGMAPS, {"data": {"a": "1"}}, {"data": {"a": "2", "b": "3"}}),
    "a Secret": (SECRETS, {"stringData": {"a": "1"}}, {"data": {"a": "Mg=="}}),
    "a Service": (
        SERVICES,
        {"spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}},
        {"spec": {"selector": {"app": "y"}}},
    ),
    "an Ingress": (
        INGRESSES,
        {"spec": {"defaultBackend": BACKEND}},
        {"spec": {"defaultBackend": {"service": {"name": "others", "port": {"number": 80}}}}},
    ),
    "a NetworkPolicy": (
        NETWORKPOLICIES,
        {"spec": {"podSelector": {}}},
        {"spec": {"policyTypes": ["Egress"]}},
    ),
    "a claim": (
        PVCS,
        {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
        {"metadata": {"labels": {"app": "y"}}},
    ),
    "an EndpointSlice": (
        ENDPOINTSLICES,
        {"addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.1"]}], "ports": []},
        {"endpoints": [{"addresses": ["192.0.2.9"]}]},
    ),
}
"""Kind, body, and what somebody makes of it on the host."""


@pytest.fixture
def sets() -> Sequence[str]:
    return ("sync.toHost.ingresses.enabled=true", "sync.toHost.networkPolicies.enabled=true")


async def made(lab: Lab, what: str) -> tuple[Resource, Object]:
    """Have an object in both clusters; gives it as the host has it."""
    resource, body, _ = BODIES[what]
    labels = {"app": "x"}
    if resource is ENDPOINTSLICES:
        labels["kubernetes.io/service-name"] = "own"
        await lab.create(SERVICES, {"metadata": {"name": "own"}, "spec": {"ports": [{"port": 80}]}})
    await lab.create(resource, {"metadata": {"name": "web", "labels": labels}, **body})
    if resource in (CONFIGMAPS, SECRETS):
        key = "configMapRef" if resource is CONFIGMAPS else "secretRef"
        await lab.create(PODS, pod("user", container={"envFrom": [{key: {"name": "web"}}]}))
    return resource, await lab.appears(resource, "web")


def content(obj: Object) -> Object:
    """What a test compares: all but what names a version of it."""
    kept = ("labels", "ownerReferences")
    metadata = {key: obj["metadata"].get(key) for key in kept}
    rest = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    return {**rest, "metadata": metadata}


@pytest.mark.parametrize("what", BODIES)
async def test_a_change_on_the_host_is_taken_back(lab: Lab, what: str) -> None:
    resource, before = await made(lab, what)
    change = BODIES[what][2]
    changed = await lab.host.patch(resource, lab.on_host("web"), change, namespace=lab.namespace)
    assert content(changed) != content(before)

    def is_restored(obj: Object) -> bool:
        return (
            all(
                obj.get(key, {}).get(name) == before.get(key, {}).get(name)
                for key in ("data", "spec")
                for name in (change.get(key) or {})
                if name in before.get(key, {})
            )
            and obj["metadata"]["labels"] == before["metadata"]["labels"]
        )

    restored = await lab.host_becomes(
        resource,
        "web",
        lambda obj: is_restored(obj) and obj.get("endpoints") == before.get("endpoints"),
    )
    assert restored["metadata"]["uid"] == before["metadata"]["uid"], "the same object, not another one"


@pytest.mark.parametrize("what", BODIES)
async def test_a_deletion_on_the_host_is_taken_back(lab: Lab, what: str) -> None:
    resource, before = await made(lab, what)
    await lab.unprotect(lab.host, resource, before)
    await lab.host.delete(resource, lab.on_host("web"), namespace=lab.namespace)
    await lab.host_becomes(resource, "web", lambda obj: obj["metadata"]["uid"] != before["metadata"]["uid"])


async def test_labels_and_images_of_a_pod_are_taken_back(lab: Lab) -> None:
    await lab.create(PODS, pod("web", metadata={"labels": {"app": "x"}}))
    await lab.runs("web")
    patch = {
        "metadata": {"labels": {"app": "y", "host": "own"}, "annotations": {"host.example.com/own": "1"}},
        "spec": {"containers": [{"name": "main", "image": "somebody/else"}]},
    }
    await lab.host.patch(PODS, lab.on_host("web"), patch, namespace=lab.namespace, strategy="strategic")
    found = await lab.host_becomes(
        PODS,
        "web",
        lambda obj: (
            obj["metadata"]["labels"]["app"] == "x" and obj["spec"]["containers"][0]["image"] == "busybox"
        ),
    )
    assert found["metadata"]["labels"]["host"] == "own"
    assert found["metadata"]["annotations"]["host.example.com/own"] == "1"


async def test_a_claim_whose_owner_was_taken_off_stays_without(lab: Lab) -> None:
    await made(lab, "a claim")
    name = lab.on_host("web")
    freed = {"metadata": {"ownerReferences": None, "labels": {"app": "y"}}}
    await lab.host.patch(PVCS, name, freed, namespace=lab.namespace)
    found = await lab.host_becomes(PVCS, "web", lambda obj: obj["metadata"]["labels"]["app"] == "x")
    assert "ownerReferences" not in found["metadata"]


async def test_what_was_changed_while_no_syncer_ran_is_taken_back(lab: Lab) -> None:
    resource, before = await made(lab, "a ConfigMap")
    await lab.stop()
    await lab.host.patch(resource, lab.on_host("web"), {"data": {"a": "2"}}, namespace=lab.namespace)
    await lab.start()
    await lab.host_becomes(resource, "web", lambda obj: obj["data"] == before["data"])


async def test_an_untouched_object_is_not_written_again(lab: Lab) -> None:
    resource, before = await made(lab, "a Service")
    await lab.restart()
    await lab.quiet()
    found = await lab.host_object(resource, "web")
    assert found is not None
    assert found["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
