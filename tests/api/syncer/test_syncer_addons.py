"""CoreDNS belongs to the tenant once it is there."""

import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest

from vcli.config.load import load
from vcli.controlplane import addons
from vcli.kube.client import Client
from vcli.kube.errors import Invalid
from vcli.kube.resources import CONFIGMAPS, DEPLOYMENTS, SERVICES, Resource
from vcli.syncer.addons import apply_addons, filled_in

Object = dict[str, Any]

SYSTEM = "kube-system"
POLICIES = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    namespaced=False,
)
BINDINGS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    namespaced=False,
)


def rendered() -> list[Object]:
    return filled_in(addons.render(load([])), service_cidrs=("10.96.0.0/16",))


@pytest.fixture
async def wanted(client: Client) -> AsyncIterator[list[Object]]:
    """The addons, in a cluster that has them."""
    objects = rendered()
    assert await apply_addons(client, objects) == []
    yield objects
    for resource, name in ((DEPLOYMENTS, "coredns"), (CONFIGMAPS, "coredns"), (SERVICES, "kube-dns")):
        await client.delete(resource, name, namespace=SYSTEM)


async def corefile(client: Client) -> str:
    found = await client.get(CONFIGMAPS, "coredns", namespace=SYSTEM)
    text: str = found["data"]["Corefile"]
    return text


def newer(objects: list[Object]) -> list[Object]:
    """The same of a later version."""
    later = copy.deepcopy(objects)
    for each in later:
        if each["kind"] == "ConfigMap":
            each["data"]["Corefile"] += "# later\n"
        if each["kind"] == "Deployment":
            each["spec"]["template"]["spec"]["containers"][0]["image"] = "coredns:later"
    return later


async def test_a_restart_undoes_nothing_that_a_tenant_changed(client: Client, wanted: list[Object]) -> None:
    config = {"data": {"Corefile": "mine"}}
    await client.patch(CONFIGMAPS, "coredns", config, namespace=SYSTEM)
    await client.patch(DEPLOYMENTS, "coredns", {"spec": {"replicas": 3}}, namespace=SYSTEM)
    assert await apply_addons(client, wanted) == []
    assert await corefile(client) == "mine"
    assert (await client.get(DEPLOYMENTS, "coredns", namespace=SYSTEM))["spec"]["replicas"] == 3

    # A later version brings what is not the tenant's.
    assert await apply_addons(client, newer(wanted)) == []
    assert await corefile(client) == "mine"
    deployment = await client.get(DEPLOYMENTS, "coredns", namespace=SYSTEM)
    assert deployment["spec"]["replicas"] == 3
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "coredns:later"

    await client.delete(CONFIGMAPS, "coredns", namespace=SYSTEM)
    assert await apply_addons(client, newer(wanted)) == []
    assert (await corefile(client)).endswith("# later\n")


async def test_what_nobody_changed_follows_the_version(client: Client, wanted: list[Object]) -> None:
    assert await apply_addons(client, newer(wanted)) == []
    assert (await corefile(client)).endswith("# later\n")


async def test_a_deployment_of_the_tenants_own_is_left_alone(client: Client, wanted: list[Object]) -> None:
    await client.delete(DEPLOYMENTS, "coredns", namespace=SYSTEM)
    labels = {"app": "mine"}
    own = {
        "metadata": {"name": "coredns"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "dns", "image": "mine"}]},
            },
        },
    }
    made = await client.create(DEPLOYMENTS, own, namespace=SYSTEM)
    assert await apply_addons(client, wanted) == []
    assert await client.get(DEPLOYMENTS, "coredns", namespace=SYSTEM) == made


async def test_admission_that_refuses_an_addon_does_not_hold_up_the_rest(client: Client) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    policy = {
        "metadata": {"name": "no-corefile"},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "object.metadata.name != 'coredns'"}],
        },
    }
    binding = {
        "metadata": {"name": "no-corefile"},
        "spec": {"policyName": "no-corefile", "validationActions": ["Deny"]},
    }
    await client.create(POLICIES, policy)
    await client.create(BINDINGS, binding)
    trial = {"metadata": {"name": "coredns"}}
    while True:  # until the policy is in force
        try:
            await client.create(CONFIGMAPS, trial, namespace=SYSTEM, dry_run=True)
        except Invalid:
            break
    objects = rendered()
    refused = await apply_addons(client, objects, timeout=0.5)
    assert [each["kind"] for each in refused] == ["ConfigMap"]
    assert await client.get(DEPLOYMENTS, "coredns", namespace=SYSTEM)
    await client.delete(BINDINGS, "no-corefile")
    await client.delete(POLICIES, "no-corefile")
    assert await apply_addons(client, refused) == []
    await client.delete(DEPLOYMENTS, "coredns", namespace=SYSTEM)
    await client.delete(CONFIGMAPS, "coredns", namespace=SYSTEM)
    await client.delete(SERVICES, "kube-dns", namespace=SYSTEM)
