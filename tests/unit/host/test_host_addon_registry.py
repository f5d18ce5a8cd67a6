"""The registry of add-ons; that they work is for the end-to-end tests."""

import ipaddress
from pathlib import Path

import pytest

from vcli.cli.completing import complete_addons
from vcli.commands.host import With
from vcli.config.schema_database import EmbeddedDatabase
from vcli.errors import UsageError
from vcli.host.addons import ALWAYS, OPTIONAL, chosen, to_create
from vcli.host.addons.addon import Facts
from vcli.host.addons.load_balancer import RANGE
from vcli.host.instance import NODES_CIDR, Instance
from vcli.host.products import PRODUCTS

NAMES = [x.name for x in OPTIONAL]
PROGRAMS = {y: Path("/bin/sh") for x in OPTIONAL for z in x.products for y in z.packages}
# What prints objects prints none.
FACTS = Facts(node="lab", programs=dict.fromkeys(PROGRAMS, Path(__file__).with_name("print_no_objects")))


def test_what_an_addon_needs_comes_with_it_and_before_it() -> None:
    assert [x.name for x in chosen(["ingress"])] == ["load-balancer", "ingress"]
    assert [x.name for x in chosen(["metrics", "metrics"])] == ["metrics"]
    assert chosen([]) == ()


def test_an_unknown_one_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(UsageError, match="there is no add-on 'dns'") as caught:
        chosen(["metrics", "dns"])
    assert all(x in str(caught.value.hint) for x in NAMES)


def test_the_help_names_all_of_them() -> None:
    text = With.__metadata__[0].help
    assert [x for x in NAMES if x not in text] == []


def test_a_host_without_addons_is_as_lean_as_before() -> None:
    assert [y for x in ALWAYS for y in (*x.products, *x.packages, *x.users)] == []
    kinds = [body["kind"] for _, body in to_create(ALWAYS, FACTS)]
    assert kinds == [
        *("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "Deployment", "Service"),
        "StorageClass",
    ]


def test_dns_forwards_only_where_there_is_a_name_server() -> None:
    def corefile(*, name_server: bool) -> str:
        objects = dict(to_create(ALWAYS, Facts(node="lab", name_server=name_server)))
        return str(objects["/api/v1/namespaces/kube-system/configmaps"]["data"]["Corefile"])

    assert "forward . /etc/resolv.conf" in corefile(name_server=True)
    assert "forward" not in corefile(name_server=False)


def test_pods_of_all_are_on_the_first_node() -> None:
    pods = [
        x["spec"]["template"]["spec"]
        for _, x in to_create([*ALWAYS, *OPTIONAL], FACTS)
        if x["kind"] == "Deployment"
    ]
    assert len(pods) >= 3
    assert [x["nodeSelector"] for x in pods] == [{"kubernetes.io/hostname": "lab"}] * len(pods)


def test_every_object_has_the_path_of_its_collection() -> None:
    paths = {(y["kind"], x) for x, y in to_create([*ALWAYS, *OPTIONAL], FACTS)}
    assert {
        ("APIService", "/apis/apiregistration.k8s.io/v1/apiservices"),
        ("ClusterRole", "/apis/rbac.authorization.k8s.io/v1/clusterroles"),
        ("Deployment", "/apis/apps/v1/namespaces/kube-system/deployments"),
        ("GatewayClass", "/apis/gateway.networking.k8s.io/v1/gatewayclasses"),
        ("IngressClass", "/apis/networking.k8s.io/v1/ingressclasses"),
        ("Service", "/api/v1/namespaces/kube-system/services"),
        ("StorageClass", "/apis/storage.k8s.io/v1/storageclasses"),
    } <= paths


@pytest.mark.parametrize("addon", OPTIONAL, ids=NAMES)
def test_images_of_pods_are_offered_and_users_have_rights(addon, tmp_path: Path) -> None:
    bodies = [body for _, body in to_create([addon], FACTS)]
    pods = [x["spec"]["template"]["spec"] for x in bodies if x["kind"] == "Deployment"]
    wanted = {y["image"] for x in pods for y in x["containers"]}
    # One without objects is there for pods of users.
    assert wanted == {y for x in addon.images(PROGRAMS) for y in x.image().names} or not bodies
    bound = {y["name"] for x in bodies if x["kind"].endswith("Binding") for y in x["subjects"]}
    assert {f"vcli:{x}" for x in addon.users} <= bound
    instance = Instance(name="lab", root=tmp_path, run=tmp_path)
    components = addon.components(instance, PROGRAMS)
    assert len(components) == len({x.name for x in components})
    # A node that makes no objects itself knows by the rights of these when they are there.
    assert not addon.every_node or all(x.user in addon.users for x in components)


@pytest.mark.parametrize("addon", OPTIONAL, ids=NAMES)
def test_components_of_every_node_name_the_node_and_its_own_files(addon, tmp_path: Path) -> None:
    node = Instance(name="lab", root=tmp_path, run=tmp_path).node(2)
    assert addon.is_on(node) == addon.every_node
    if addon.every_node:
        for line in (" ".join(x.argv) for x in addon.components(node, PROGRAMS)):
            assert "lab-2" in line
            assert str(node.pki) in line


def test_kine_is_offered_under_the_name_by_which_virtual_clusters_run_it() -> None:
    [addon] = chosen(["kine"])
    [offer] = addon.images(PROGRAMS)
    assert offer.image().names == [EmbeddedDatabase().image.reference()]


def test_products_have_names_of_their_own() -> None:
    found = [*PRODUCTS, *(y for x in OPTIONAL for y in x.products)]
    by_name = {x.name: x for x in found}
    assert all(by_name[x.name] == x for x in found)


def test_addresses_for_services_are_in_the_nodes_network_and_not_their_own(tmp_path: Path) -> None:
    pool = ipaddress.ip_network(RANGE)
    assert pool.subnet_of(ipaddress.ip_network(NODES_CIDR))
    nodes = Instance(name="lab", root=tmp_path, run=tmp_path).possible_nodes()
    assert not any(ipaddress.ip_address(x.ip) in pool for x in nodes)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", NAMES),
        ("in", ["ingress"]),
        ("ga", ["gateway-api"]),
        ("metrics,", [f"metrics,{x}" for x in NAMES if x != "metrics"]),
        ("metrics,ingress,n", ["metrics,ingress,network-policy"]),
        ("x", []),
    ],
)
def test_completion_goes_on_after_a_comma(typed: str, offered: list[str]) -> None:
    assert complete_addons(typed) == offered
