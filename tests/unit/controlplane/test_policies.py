"""What `policies` of the values make of the control plane; test_chart.py has the chart make the same."""

import ipaddress
import json
from typing import Any

import pytest
from controlplane_builders import NAMES, container_of, find, pod_of, rendered

from value_examples_policies import REFUSED
from vcli.catalog import SYNCED
from vcli.cli.values import ValueOptions
from vcli.config import load
from vcli.config.load import from_mapping
from vcli.contract.labels import MANAGED_BY
from vcli.controlplane.facts import Facts
from vcli.controlplane.rights import features
from vcli.errors import UsageError

Object = dict[str, Any]
QUOTA = "policies.resourceQuota.enabled=true"
NETWORK = "policies.networkPolicy.enabled=true"
KINDS = {"ResourceQuota", "LimitRange", "NetworkPolicy"}


def policy(part: str, *sets: str, facts: Facts | None = None) -> Object:
    objects = rendered(NETWORK, *sets, **({"facts": facts} if facts else {}))
    spec: Object = find(objects, "NetworkPolicy", NAMES.network_policy(part))["spec"]
    return spec


def test_by_default_there_are_none():
    objects = rendered()
    assert not KINDS & {obj["kind"] for obj in objects}
    assert "--admission-control-config-file" not in str(pod_of(objects))


def test_isolate_is_below_what_is_given():
    assert (
        ValueOptions(isolate=True).read().values().policies
        == load(
            [],
            [
                "policies.podSecurityStandard=baseline",
                QUOTA,
                "policies.limitRange.enabled=true",
                NETWORK,
                "policies.hostMetadata.enabled=true",
            ],
        ).policies
    )
    chosen = ["policies.podSecurityStandard=restricted", "policies.networkPolicy.enabled=false"]
    narrowed = ValueOptions(isolate=True, sets=chosen).read().values().policies
    assert narrowed.pod_security_standard == "restricted"
    assert not narrowed.network_policy.enabled
    assert narrowed.has_quota


def test_every_kind_that_is_made_on_the_host_is_counted():
    hard = find(rendered(QUOTA), "ResourceQuota", NAMES.service_account)["spec"]["hard"]
    for kind in SYNCED:
        resource = kind.resource
        if kind.direction != "fromHost" and resource.namespaced and resource.plural != "events":
            name = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
            assert f"count/{name}" in hard


def test_one_follows_the_other_and_the_own_service_fits():
    objects = rendered(QUOTA, "controlPlane.service.spec.type=LoadBalancer")
    assert find(objects, "LimitRange", NAMES.service_account)
    hard = find(objects, "ResourceQuota", NAMES.service_account)["spec"]["hard"]
    assert (hard["services.nodeports"], hard["services.loadbalancers"]) == ("1", "1")


def test_what_the_values_say_of_resources_stays():
    objects = rendered(QUOTA, "controlPlane.distro.k8s.apiServer.resources.limits.cpu=7")
    assert container_of(objects, "kube-apiserver")["resources"]["limits"]["cpu"] == 7
    assert container_of(objects, "etcd")["resources"]["limits"]["cpu"] == "2"


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_another_level_is_another_file(level: str):
    objects = rendered(f"policies.podSecurityStandard={level}")
    command = container_of(objects, "kube-apiserver")["command"]
    assert f"--admission-control-config-file=/etc/vcli/admission/{level}.yaml" in command
    [text] = find(objects, "ConfigMap", NAMES.admission)["data"].values()
    [plugin] = json.loads(text)["plugins"]
    assert plugin["configuration"]["defaults"]["enforce"] == level
    assert "exemptions" not in plugin["configuration"]


def test_privileged_is_no_standard_and_loosens_isolation():
    privileged = "policies.podSecurityStandard=privileged"
    kept = "vc-config-demo"
    assert [each for each in rendered(privileged) if each["metadata"]["name"] != kept] == [
        each for each in rendered() if each["metadata"]["name"] != kept
    ]
    assert load([], [privileged, "controlPlane.distro.k3s.enabled=true"]).warnings == ()
    loosened = ValueOptions(isolate=True, sets=[privileged]).read().values()
    assert loosened.policies.enforced_standard == ""
    [note] = loosened.warnings
    assert "policies.podSecurityStandard: privileged forbids nothing: pods on a host's network" in note


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "10.96.0.1", "192.168.1.1"])
def test_no_pod_reaches_metadata_nor_private_addresses(address: str):
    rules = policy("work")["egress"]
    blocks = [peer["ipBlock"] for rule in rules for peer in rule["to"] if "ipBlock" in peer]
    assert blocks
    wanted = ipaddress.ip_address(address)
    for block in blocks:
        if wanted in ipaddress.ip_network(block["cidr"]):
            assert any(wanted in ipaddress.ip_network(each) for each in block["except"])
    assert all(rule.get("to") for rule in rules)


def test_outside_is_a_choice():
    for peer in policy("work", "policies.networkPolicy.outgoingConnections.ipBlock.cidr=")["egress"][0]["to"]:
        assert peer == {"podSelector": {"matchLabels": {MANAGED_BY: NAMES.cluster}}}


def test_the_ports_of_the_hosts_api_are_those_that_are_known():
    facts = Facts(features=frozenset(features(load())), api_ports=(16443,))
    ports = {
        port["port"]
        for rule in policy("cp", facts=facts)["egress"]
        if "to" not in rule
        for port in rule["ports"]
    }
    assert ports == {443, 6443, 16443, 53, 5353}


def test_the_name_server_of_the_values_is_asked_and_no_other():
    sets = "policies.networkPolicy.fallbackDns=192.0.2.53"
    [rule] = policy("dns", sets)["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "192.0.2.53/32"}}]
    settings = find(rendered(NETWORK, sets), "ConfigMap", NAMES.settings)["data"]["settings.json"]
    assert "forward . 192.0.2.53 {" in settings
    assert "HOST_DNS" not in settings


def test_a_range_that_is_no_part_is_refused():
    block = "policies.networkPolicy.outgoingConnections.ipBlock"
    with pytest.raises(UsageError, match="is not a part of"):
        load([], [NETWORK, f"{block}.cidr=203.0.113.0/24"])
    assert load([], [NETWORK, f"{block}.cidr=203.0.113.0/24", ("--set-json", f"{block}.except=[]")])


@pytest.mark.parametrize("flat", [flat for flat, _ in REFUSED])
def test_what_has_no_effect_is_refused(flat: dict[str, Any]):
    from value_examples import nested  # noqa: PLC0415  it imports the examples of all

    with pytest.raises(UsageError):
        from_mapping(nested(flat), name="values")
