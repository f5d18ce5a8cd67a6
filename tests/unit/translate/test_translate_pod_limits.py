from typing import Any

import pytest
from translate_builders import context, pod

from vcli.syncer.translate.pods import awaited_scheduler, to_host, unsupported, without_effect


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"resourceClaims": [{"name": "gpu", "resourceClaimName": "gpu"}]}, "resourceClaims"),
        ({"schedulingGroup": {"podGroupName": "g"}}, "schedulingGroup"),
        (
            {"volumes": [{"name": "v", "projected": {"sources": [{"clusterTrustBundle": {"path": "p"}}]}}]},
            "clusterTrustBundle",
        ),
        (
            {"volumes": [{"name": "v", "projected": {"sources": [{"podCertificate": {"signerName": "s"}}]}}]},
            "podCertificate",
        ),
    ],
)
def test_what_is_rejected_says_why(spec: dict[str, Any], field: str):
    (reason,) = unsupported(pod(**spec))
    assert field in reason


def test_an_ordinary_pod_is_not_rejected():
    sources = [{"serviceAccountToken": {"path": "token"}}, {"configMap": {"name": "c"}}]
    assert unsupported(pod(volumes=[{"name": "v", "projected": {"sources": sources}}])) == []


def test_an_ordinary_pod_loses_nothing():
    assert without_effect(pod(subdomain="peers", hostname="web"), context()) == []


def test_a_priority_that_the_host_does_not_know_is_reported():
    virtual = pod(priorityClassName="high", priority=1000)
    (sentence,) = without_effect(virtual, context())
    assert "high" in sentence
    assert without_effect(virtual, context(priority_classes={"high": "vcli-high"})) == []
    assert without_effect(pod(priorityClassName="zero", priority=0), context()) == []


def test_a_host_name_that_the_host_can_not_set_is_reported():
    full = pod(setHostnameAsFQDN=True, subdomain="peers")
    (sentence,) = without_effect(full, context())
    assert "version" in sentence
    assert without_effect(full, context(hostname_override=True)) == []
    (sentence,) = without_effect(
        pod("w" * 40, setHostnameAsFQDN=True, subdomain="peers"), context(hostname_override=True)
    )
    assert "longer" in sentence
    assert len(without_effect(pod(hostnameOverride="a.b"), context())) == 1
    assert without_effect(pod(hostnameOverride="a.b"), context(hostname_override=True)) == []


def test_a_scheduler_of_the_tenants_own_is_waited_for():
    assert awaited_scheduler(pod(schedulerName="mine")) == "mine"
    bound = pod(schedulerName="mine", nodeName="node-1")
    assert awaited_scheduler(bound) is None
    assert to_host(bound, context())["spec"]["nodeName"] == "node-1"
    assert awaited_scheduler(pod(schedulerName="default-scheduler")) is None
    assert awaited_scheduler(pod()) is None


@pytest.mark.parametrize("name", ["default-scheduler", "mine"])
def test_a_scheduler_inside_is_waited_for(name: str):
    assert awaited_scheduler(pod(schedulerName=name), inside=True) == name
    assert awaited_scheduler(pod(schedulerName=name, nodeName="node-1"), inside=True) is None
