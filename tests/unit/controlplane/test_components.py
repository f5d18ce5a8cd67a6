"""Components, the roles that they have, and how they are packed into one pod."""

import pytest
from controlplane_builders import BUNDLE, FACTS, NAMES

from vcli.config import load
from vcli.controlplane import packing, roles, syncer
from vcli.controlplane.components import Component, Store
from vcli.controlplane.distros import k8s
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role
from vcli.controlplane.stores import embedded_etcd

SCHEDULER = "controlPlane.distro.k8s.scheduler"
STORE = embedded_etcd.store(NAMES, load(), FACTS)
ALL = [syncer.component(NAMES, load(), BUNDLE), *k8s.components(NAMES, load(), STORE), *STORE.components]


def test_the_roles_of_a_control_plane():
    assert {each.name: set(each.roles) for each in ALL} == {
        "etcd": {Role.STORE},
        "kube-apiserver": {Role.API_SERVER},
        "syncer": {Role.SYNCER},
        "kube-controller-manager": {Role.CONTROLLER_MANAGER},
    }


def test_a_scheduler_is_there_where_pods_are_scheduled_inside():
    values = load([], [f"{each}.enabled=true" for each in (SCHEDULER, "sync.fromHost.nodes")])
    scheduler = k8s.components(NAMES, values, STORE)[-1]
    assert scheduler.roles == {Role.SCHEDULER}
    assert scheduler.container["image"] == "registry.k8s.io/kube-scheduler:v1.36.3"
    assert [volume["name"] for volume in scheduler.volumes] == ["scheduler-pki"]


def test_each_component_has_the_volumes_that_it_mounts():
    claims = {each["metadata"]["name"] for each in STORE.claims}
    for each in ALL:
        mounted = {mount["name"] for mount in each.container["volumeMounts"]}
        assert {volume["name"] for volume in each.volumes} == mounted - claims


def test_the_api_server_keeps_its_objects_in_the_store_that_it_is_given():
    store = Store(endpoint="https://etcd.example:2379")
    api_server, _ = k8s.components(NAMES, load(), store)
    flags = [flag for flag in api_server.container["command"] if flag.startswith("--etcd-servers")]
    assert flags == ["--etcd-servers=https://etcd.example:2379"]


@pytest.mark.parametrize("name", ["true", "a", "no", "e1", "other-demo"])
def test_names_are_those_of_the_cluster(name):
    names = Names(name, "team")
    (pki,) = k8s.components(names, load(), STORE)[0].volumes
    assert pki["secret"]["secretName"] == names.certificates
    environment = k8s.components(names, load(), STORE)[1].container["env"]
    sources = [source for each in environment for source in each["valueFrom"].values()]
    assert {source["name"] for source in sources} == {names.certificates, names.facts}


def packed(*components: Component):
    workload = packing.one_pod(NAMES, load(), components, claims=(), checksum="")
    return workload["spec"]["template"]["spec"]


def test_a_pod_is_the_same_in_whatever_order_its_components_come():
    assert packed(*ALL) == packed(*reversed(ALL))
    assert [each["name"] for each in packed(*ALL)["containers"]] == [
        "etcd",
        "kube-apiserver",
        "syncer",
        "kube-controller-manager",
    ]


def test_one_container_may_have_several_roles(monkeypatch: pytest.MonkeyPatch):
    """As that of a distribution which is one process: it comes where the first of its roles does."""
    many = frozenset({Role.API_SERVER, Role.CONTROLLER_MANAGER, Role.SCHEDULER})
    monkeypatch.setattr(roles, "_CONTAINERS", {"all": many, "syncer": frozenset({Role.SYNCER})})
    whole = Component(container={"name": "all", "volumeMounts": []})
    containers = packed(ALL[0], whole)["containers"]
    assert [each["name"] for each in containers] == ["all", "syncer"]
    for role in many:
        assert roles.in_role(role, containers) == [containers[0]]


def test_a_container_that_is_not_known_has_no_role():
    assert roles.roles_of("mesh-proxy") == frozenset()
    assert roles.in_role(Role.API_SERVER, [{"name": "mesh-proxy"}]) == []


@pytest.mark.parametrize(
    ("image", "distro", "tag"),
    [
        ("registry.k8s.io/kube-apiserver:v1.36.3", "k8s", "v1.36.3"),
        ("localhost:5000/kube-apiserver", "k8s", ""),
        ("ghcr.io/loft-sh/kubernetes:v1.33.4@sha256:abc", "k8s", "v1.33.4"),
        ("rancher/k3s:v1.32.5-k3s1", "k3s", "v1.32.5-k3s1"),
        ("k0sproject/k0s:v1.36.3-k0s.2", "k0s", "v1.36.3-k0s.2"),
        ("me/own:1", None, "1"),
    ],
)
def test_what_an_image_tells(image, distro, tag):
    container = {"image": image}
    assert (roles.distro_of(container), roles.tag_of(container)) == (distro, tag)
