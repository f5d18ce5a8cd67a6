"""An isolated virtual cluster: what its tenants are refused, what is counted, and how it is turned on."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import Space, container, pod, virtual_namespace

from vcli import VirtualCluster

_ENFORCE = "pod-security.kubernetes.io/enforce"


@pytest.fixture(scope="module")
def isolated(host: Host) -> Iterator[VirtualCluster]:
    """One that was made as others are, and isolated later: by an upgrade, which restarts it."""
    namespace = f"isolated-{uuid.uuid4().hex[:8]}"
    host.create_namespace(namespace)
    usual = ("tenant", "--namespace", namespace)
    host.vcli("create", *usual, "--ephemeral", "--no-connect", "--set", "controlPlane.coredns.enabled=false")
    host.vcli("upgrade", *usual, "--isolate", "--yes", "--set", "policies.resourceQuota.quota.count/pods=4")
    with VirtualCluster.connect("tenant", namespace=namespace, kubeconfig=host.kubeconfig) as cluster:
        yield cluster
    host.end_namespace(namespace)


@pytest.fixture
def apart(isolated: VirtualCluster, host: Host) -> Iterator[Space]:
    """A namespace in it."""
    with virtual_namespace(isolated, host) as space:
        yield space


def messages(space: Space, name: str) -> str:
    listed = space.get("events", "--field-selector", f"involvedObject.name={name}")["items"]
    return "\n".join(each["message"] for each in listed)


def quota(space: Space) -> dict[str, Any]:
    found = space.host.get("resourcequota", "vc-tenant", "--namespace", space.cluster.namespace)
    status: dict[str, Any] = found["status"]
    return status


HOSTILE = {
    "hostPID": {"hostPID": True},
    "hostPath": {"volumes": [{"name": "host", "hostPath": {"path": "/"}}]},
    "privileged": {"container": {"securityContext": {"privileged": True}}},
    "hostPort": {"container": {"ports": [{"containerPort": 80, "hostPort": 18080}]}},
}


def test_the_api_refuses_what_leads_to_nodes(apart: Space) -> None:
    for what, fields in HOSTILE.items():
        document = json.dumps(pod(what.lower(), **fields))
        done = apart.run("apply", "--filename", "-", stdin=document)
        assert done.returncode != 0, what
        assert "violates PodSecurity" in done.stderr
    where = apart.cluster.namespace
    assert apart.host.get("namespace", where)["metadata"]["labels"][_ENFORCE] == "baseline"


def test_a_label_of_the_tenant_opens_nothing(apart: Space) -> None:
    apart.kubectl("label", "namespace", apart.name, f"{_ENFORCE}=privileged", "--overwrite")
    for what, fields in HOSTILE.items():
        apart.apply(pod(what.lower(), **fields))
        eventually(lambda what=what: "which is isolated" in messages(apart, what.lower()))
    assert not apart.on_host("pods")


def test_the_host_places_pods(apart: Space) -> None:
    node = apart.host.get("nodes")["items"][0]["metadata"]["name"]
    apart.apply(pod("placed", nodeName=node, tolerations=[{"operator": "Exists"}]))
    apart.wait("condition=Ready", "pod/placed")
    spec = apart.host.get("pod", apart.host_name("placed"), "--namespace", apart.cluster.namespace)["spec"]
    assert all(each.get("key") for each in spec["tolerations"])
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    named = {"key": "metadata.name", "operator": "In", "values": [node]}
    assert required == {"nodeSelectorTerms": [{"matchFields": [named]}]}
    eventually(lambda: "spec.tolerations" in messages(apart, "placed"))
    eventually(lambda: "spec.nodeName" in messages(apart, "placed"))


def test_amounts_are_counted_and_end(apart: Space) -> None:
    eventually(lambda: int(quota(apart)["used"]["count/pods"]) == 1)  # the control plane's
    apart.apply(*(pod(f"p{number}") for number in range(4)))
    eventually(lambda: int(quota(apart)["used"]["count/pods"]) == 4)
    eventually(lambda: len(apart.on_host("pods")) == 3)
    waiting = {f"p{number}" for number in range(4)} - {
        each["metadata"]["name"] for each in apart.get("pods")["items"] if each["spec"].get("nodeName")
    }
    eventually(lambda: any("exceeded quota" in messages(apart, each) for each in waiting))
    apart.wait("condition=Ready", *(f"pod/p{n}" for n in range(4) if f"p{n}" not in waiting))
    [limited] = [
        each["resources"]["limits"]["cpu"]
        for each in apart.host.get("pod", apart.on_host("pods")[0], "--namespace", apart.cluster.namespace)[
            "spec"
        ]["containers"]
    ]
    assert limited == "1"
    apart.kubectl("delete", "pods", "--all", "--now")
    eventually(lambda: int(quota(apart)["used"]["count/pods"]) == 1)


def test_each_container_of_the_control_plane_has_limits_and_its_own_keys(apart: Space) -> None:
    spec = apart.host.get("pod", "tenant-0", "--namespace", apart.cluster.namespace)["spec"]
    amounts = {"cpu", "memory", "ephemeral-storage"}
    for each in spec["containers"]:
        assert amounts <= each["resources"]["limits"].keys(), each["name"]
        assert amounts <= each["resources"]["requests"].keys(), each["name"]
    volumes = {
        each["name"]: {item["key"] for item in each["secret"]["items"]}
        for each in spec["volumes"]
        if "secret" in each
    }
    assert {name for name, keys in volumes.items() if "ca.key" in keys} == {"controller-manager-pki"}
    assert not any("front-proxy-ca.key" in keys for keys in volumes.values())


def test_an_ephemeral_container_is_no_way_out(apart: Space) -> None:
    apart.kubectl("label", "namespace", apart.name, f"{_ENFORCE}=privileged", "--overwrite")
    apart.apply(pod("plain"))
    apart.wait("condition=Ready", "pod/plain")
    live = apart.get("pod", "plain")
    debugger = {**container("sleep 100"), "name": "debug", "securityContext": {"privileged": True}}
    live["spec"]["ephemeralContainers"] = [debugger]
    path = f"/api/v1/namespaces/{apart.name}/pods/plain/ephemeralcontainers"
    apart.kubectl("replace", "--raw", path, "--filename", "-", stdin=json.dumps(live))
    eventually(lambda: "debug not started" in messages(apart, "plain"))
    on_host = apart.host.get("pod", apart.host_name("plain"), "--namespace", apart.cluster.namespace)
    assert "ephemeralContainers" not in on_host["spec"]
