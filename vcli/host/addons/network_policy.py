"""NetworkPolicies are enforced: kube-router's firewall on every node, and nothing else of it."""

from vcli.host.addons import objects
from vcli.host.addons.addon import Addon, Programs
from vcli.host.addons.load_balancer import RANGE
from vcli.host.instance import SERVICE_CIDR, Instance
from vcli.host.plan import Component
from vcli.host.products import Product
from vcli.host.versions import KUBE_ROUTER
from vcli.kube.types import Object

_MODULE = "github.com/cloudnativelabs/kube-router/v2"
_NAME = "kube-router"
_ROLE = "vcli:kube-router"


def _objects() -> list[Object]:
    return [
        objects.cluster_role(
            _ROLE,
            ("", "namespaces pods services nodes endpoints", "get list watch"),
            ("networking.k8s.io", "networkpolicies", "get list watch"),
            ("discovery.k8s.io", "endpointslices", "get list watch"),
        ),
        objects.bound_to_user(_ROLE, _NAME),
    ]


def _components(instance: Instance, program: Programs) -> list[Component]:
    argv = [
        str(program[_NAME]),
        f"--kubeconfig={instance.pki / _NAME}.kubeconfig",
        f"--hostname-override={instance.name}",
        "--run-firewall=true",
        "--run-router=false",
        "--run-service-proxy=false",
        # What leads to Services may leave a pod: where it leads to is decided with the endpoint's address.
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        f"--service-external-ip-range={RANGE}",
        "--health-port=0",
    ]
    return [Component(name=_NAME, argv=argv, after="node", user=_NAME)]


NETWORK_POLICY = Addon(
    name="network-policy",
    summary="NetworkPolicies are enforced (kube-router)",
    products=[
        Product(
            name=_NAME,
            version=KUBE_ROUTER,
            packages={_NAME: f"{_MODULE}/cmd/kube-router"},
            stamps={f"{_MODULE}/pkg/version.Version": KUBE_ROUTER},
        )
    ],
    packages={"ipset": "ipset"},
    objects=lambda _: _objects(),
    users=[_NAME],
    components=_components,
    every_node=True,
)
