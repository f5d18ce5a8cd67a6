"""Several nodes of a host: names, addresses, rules, certificates, command lines, volumes."""

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from vcli import inputs
from vcli.errors import NotFoundError, UsageError
from vcli.host import components, local_volumes, network, readiness
from vcli.host.addons import ALWAYS, to_create
from vcli.host.addons.addon import Facts
from vcli.host.egress import Egress
from vcli.host.instance import NODES_CIDR, POD_CIDR, Instance
from vcli.host.pki import write_pki
from vcli.operations import host as operation
from vcli.operations import host_node

PROGRAMS = {
    x: Path("/bin", x)
    for x in (
        "etcd", "containerd", "relay", "kubelet", "kube-apiserver", "kube-proxy",
        "kube-controller-manager", "kube-scheduler",
    )
}  # fmt: skip
NODES = {"a": "/a/volumes", "a-2": "/b/volumes"}


@pytest.fixture
def host(tmp_path: Path) -> Instance:
    return Instance(name="lab", root=tmp_path / "root", run=tmp_path / "run")


def claim(**annotations: str) -> dict[str, Any]:
    meta = {"name": "data", "namespace": "ns", "uid": "1-2", "annotations": annotations}
    resources = {"requests": {"storage": "1Gi"}}
    spec = {"storageClassName": "standard", "accessModes": ["ReadWriteOnce"], "resources": resources}
    return {"metadata": meta, "spec": spec}


def ours(node: str = "a-2") -> dict[str, Any]:
    return claim(
        **{
            "volume.kubernetes.io/storage-provisioner": local_volumes.PROVISIONER,
            "volume.kubernetes.io/selected-node": node,
        }
    )


# Where things are


def test_first_node_is_the_host_itself(host: Instance) -> None:
    assert host.node(1) is host
    assert (str(host), host.ip, host.cgroup) == ("host lab", "10.201.0.2", "/vcli/lab")


def test_further_nodes_lie_inside_the_hosts_folders_and_beside_its_cgroup(host: Instance) -> None:
    node = host.node(3)
    assert (node.name, node.host, str(node), node.ip) == ("lab-3", "lab", "node lab-3", "10.201.0.4")
    assert node.root.parent == host.root
    assert node.run.parent == host.run
    others = [
        x.cgroup for x in [*host.possible_nodes(), Instance(name="lab-3", root=host.root, run=host.run)]
    ]
    assert len(set(others)) == len(others)
    assert not any(x.startswith(f"{y}/") for x in others for y in others)


def test_ranges_of_pods_are_apart_and_take_more_pods_than_a_kubelet(host: Instance) -> None:
    ranges = [ipaddress.ip_network(x.pod_cidr) for x in host.possible_nodes()]
    assert len(ranges) == inputs.MOST_NODES
    assert all(x.subnet_of(ipaddress.ip_network(POD_CIDR)) and x.num_addresses > 500 for x in ranges)
    assert not any(x.overlaps(y) for x in ranges for y in ranges if x is not y)
    assert all(ipaddress.ip_address(x.ip) in ipaddress.ip_network(NODES_CIDR) for x in host.possible_nodes())


def test_zones_come_by_turns(host: Instance) -> None:
    assert [host.node(x).zone for x in (1, 2, 3, 4)] == ["zone-a", "zone-b", "zone-c", "zone-a"]


def test_nodes_are_those_with_a_plan(host: Instance) -> None:
    for number in (1, 3):
        host.node(number).root.mkdir(parents=True)
        host.node(number).plan.touch()
    assert [x.number for x in host.nodes()] == [1, 3]


def test_folder_that_is_too_long_for_the_sockets_of_the_last_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VCLI_HOST_ROOT", f"/tmp/{'x' * 70}")
    with pytest.raises(UsageError, match="too long"):
        Instance.of("lab")


# Network


def test_host_of_one_node_has_no_way_to_others(host: Instance) -> None:
    commands = network.commands(host, [], Egress.NONE)
    rules = next(x[1] for x in commands if x[0] == "nft")
    assert 'oifname "node0" reject' in rules
    assert "10.244.16.0" not in rules
    assert not [x for x in commands if "via" in x]


@pytest.mark.parametrize("number", [1, 2])
def test_every_node_has_routes_to_the_pods_of_the_others(host: Instance, number: int) -> None:
    members = [host.node(x) for x in (1, 2, 3)]
    others = [x for x in members if x.number != number]
    commands = network.commands(host.node(number), others, Egress.NONE)
    routes = {x[3]: x[5] for x in commands if x[:3] == ["ip", "route", "add"] and x[3] != "default"}
    assert routes == {x.pod_cidr: x.ip for x in others}
    rules = next(x[1] for x in commands if x[0] == "nft")
    accepted, refused = rules.index(f"{others[0].ip}, "), rules.index("reject")
    assert accepted < refused


def test_further_node_sends_what_is_not_private_by_the_first_one(host: Instance) -> None:
    rules = network._rules(host.node(2), [host], Egress.PUBLIC)
    assert 'oifname "node0" reject' not in rules
    assert '"node0" ip daddr { 10.201.0.0/24, 10.244.0.0/16 } reject' in rules
    assert "192.168.0.0/16" in rules


# Components and certificates


def test_further_node_runs_no_control_plane(host: Instance) -> None:
    node = host.node(2)
    found = {x.name: list(x.argv) for x in components.of_further_node(node, PROGRAMS)}
    assert set(found) == {"containerd", "kubelet", "kube-proxy"}
    assert f"--node-ip={node.ip}" in found["kubelet"]
    assert "--node-labels=topology.kubernetes.io/zone=zone-b" in found["kubelet"]


@pytest.mark.parametrize(("nodes", "host_path"), [(1, True), (3, False)])
def test_who_provides_volumes(host: Instance, nodes: int, host_path: bool) -> None:  # noqa: FBT001
    found = {x.name: list(x.argv) for x in components.components(host, PROGRAMS, nodes=nodes)}
    assert ("--enable-hostpath-provisioner=true" in found["kube-controller-manager"]) is host_path
    assert (f"lab-3={host.node(3).root}/volumes" in found["volumes"]) is not host_path
    storage = to_create(ALWAYS, Facts(node="lab", several=not host_path))[-1][1]
    assert (storage["provisioner"] == local_volumes.PROVISIONER) is not host_path


def test_further_node_gets_only_its_own_certificates(host: Instance) -> None:
    host.root.mkdir()
    node = host.node(2)
    write_pki(host, port=1, further=[node], users=["here"], users_everywhere=["everywhere"])
    assert {x.name for x in node.pki.iterdir()} == {
        *("ca.crt", "kubelet.crt", "kubelet.key", "node.crt", "node.key", "node.kubeconfig"),
        *("kube-proxy.crt", "kube-proxy.key", "kube-proxy.kubeconfig"),
        *("everywhere.crt", "everywhere.key", "everywhere.kubeconfig"),
    }
    assert (host.pki / "here.kubeconfig").exists()
    assert (host.pki / "everywhere.crt").read_bytes() != (node.pki / "everywhere.crt").read_bytes()
    certificate = x509.load_pem_x509_certificate((node.pki / "kubelet.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(x) for x in names.get_values_for_type(x509.IPAddress)] == [node.ip]
    user = x509.load_pem_x509_certificate((node.pki / "node.crt").read_bytes())
    assert "CN=system:node:lab-2" in user.subject.rfc4514_string()


# Volumes


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"spec": {"volumeName": "there"}}, False),
        ({"metadata": {"deletionTimestamp": "now"}}, False),
        ({"metadata": {"annotations": {}}}, False),
        ({"metadata": {"annotations": {"volume.kubernetes.io/storage-provisioner": "other"}}}, False),
    ],
)
def test_claims_that_wait_for_us(changes: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    given = ours()
    for part, fields in changes.items():
        given[part] |= fields
    assert local_volumes.waits(given) is expected


def test_volume_is_on_the_node_that_the_scheduler_chose() -> None:
    node = local_volumes.node_of(ours(), NODES)
    made = local_volumes.volume(ours(), {"reclaimPolicy": "Retain"}, node, NODES[node])
    spec = made["spec"]
    [term] = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["a-2"]
    assert spec["local"]["path"] == "/b/volumes/pvc-1-2"
    assert spec["persistentVolumeReclaimPolicy"] == "Retain"
    assert spec["claimRef"]["uid"] == "1-2"
    assert spec["capacity"] == {"storage": "1Gi"}


def test_class_that_binds_at_once_has_its_volumes_on_the_first_node() -> None:
    assert local_volumes.node_of(claim(), NODES) == "a"


def test_claims_that_can_have_no_volume_say_why() -> None:
    with pytest.raises(ValueError, match="the pod is on elsewhere"):
        local_volumes.node_of(ours("elsewhere"), NODES)
    block = ours()
    block["spec"]["volumeMode"] = "Block"
    with pytest.raises(ValueError, match="no block devices"):
        local_volumes.node_of(block, NODES)


@pytest.mark.parametrize(
    ("phase", "policy", "expected"),
    [("Released", "Delete", True), ("Bound", "Delete", False), ("Released", "Retain", False)],
)
def test_volumes_that_go(phase: str, policy: str, expected: bool) -> None:  # noqa: FBT001
    made = local_volumes.volume(ours(), {"reclaimPolicy": policy}, "a", "/a")
    assert local_volumes.is_over(made | {"status": {"phase": phase}}) is expected
    made["metadata"]["annotations"] = {}
    assert not local_volumes.is_over(made | {"status": {"phase": phase}})


def test_folder_is_for_any_user(tmp_path: Path) -> None:
    local_volumes.make_folder(tmp_path / "volumes" / "x")
    local_volumes.make_folder(tmp_path / "volumes" / "x")
    assert (tmp_path / "volumes" / "x").stat().st_mode & 0o777 == 0o777


def test_no_folder_but_a_volumes_own_is_ever_removed() -> None:
    forged = local_volumes.volume(ours(), {}, "a", "/a/volumes")
    assert forged["spec"]["local"]["path"] in map(str, local_volumes.folders(forged, NODES))
    forged["spec"]["local"]["path"] = "/etc"
    assert list(map(str, local_volumes.folders(forged, NODES))) == [
        "/a/volumes/pvc-1-2",
        "/b/volumes/pvc-1-2",
    ]


def test_event_names_its_claim_and_is_the_same_each_time() -> None:
    made = [local_volumes.event(ours(), ValueError("why")) for _ in range(2)]
    assert {x["metadata"]["name"] for x in made} == {"data.1-2"}
    assert (made[0]["message"], made[0]["involvedObject"]["uid"]) == ("why", "1-2")


# Commands


@pytest.mark.parametrize("nodes", [0, -1, inputs.MOST_NODES + 1, 100])
def test_number_of_nodes_that_makes_no_sense(nodes: int) -> None:
    with pytest.raises(UsageError, match=f"nodes {nodes} is not possible"):
        operation.up(name="lab", nodes=nodes)


def test_node_of_a_host_that_is_not_up(monkeypatch: pytest.MonkeyPatch, short_path: Path) -> None:
    monkeypatch.setenv("VCLI_HOST_ROOT", str(short_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(NotFoundError) as caught:
        host_node.stop("lab-2", name="lab")
    assert caught.value.hint == "vcli host up --name lab"


def test_names_for_completion(monkeypatch: pytest.MonkeyPatch, short_path: Path) -> None:
    monkeypatch.setenv("VCLI_HOST_ROOT", str(short_path))
    assert host_node.names(name="lab") == []
    for node in Instance.of("lab").possible_nodes()[:3]:
        node.root.mkdir(parents=True)
        node.plan.touch()
    assert host_node.names(name="lab") == ["lab-2", "lab-3"]


@pytest.mark.parametrize(
    ("status", "taint", "takes"),
    [
        ("True", None, True),
        ("True", "node.kubernetes.io/not-ready", False),
        ("True", "example.com/gpu", True),
        ("False", None, False),
    ],
)
def test_a_node_takes_pods_once_its_taint_is_gone(status: str, taint: str | None, *, takes: bool) -> None:
    taints = [{"key": taint, "effect": "NoSchedule"}] if taint else None
    node = {"spec": {"taints": taints}, "status": {"conditions": [{"type": "Ready", "status": status}]}}
    assert readiness.takes_pods(node) is takes
