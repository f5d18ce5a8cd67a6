"""Gateways are answered by a Traefik of their own, at the address of its Service of type LoadBalancer.

Its entry points have the ports of listeners: 80 and 443 for HTTP and TLS, 9000 for TCP.
"""

import json
import subprocess

from vcli.errors import VcliError
from vcli.host.addons import objects, traefik
from vcli.host.addons.addon import NAMESPACE, Addon, Facts, deployment
from vcli.host.products import Product
from vcli.host.versions import GATEWAY_API as VERSION
from vcli.kube.types import Object

DEFINITIONS = "gateway-api-definitions"
_NAME = "traefik-gateway"
_CLASS = "traefik"
_ROLE = f"vcli:{_NAME}"
_LABELS = {"app.kubernetes.io/name": _NAME}
_GROUP = "gateway.networking.k8s.io"
_ROUTES = "httproutes grpcroutes tcproutes tlsroutes"
_PORTS = {"web": 80, "websecure": 443, "tcp": 9000}

PRODUCT = Product(
    name="gateway-api",
    version=VERSION,
    packages={DEFINITIONS: "."},
    overlaid={"crds": "sigs.k8s.io/gateway-api"},
)


def _objects(facts: Facts) -> list[Object]:
    status = " ".join(f"{each}/status" for each in ("gatewayclasses", "gateways", *_ROUTES.split()))
    ports = [{"name": name, "port": port, "targetPort": name} for name, port in _PORTS.items()]
    return [
        *_definitions(facts),
        objects.account(_NAME),
        objects.cluster_role(
            _ROLE,
            ("", "namespaces services secrets configmaps nodes", "get list watch"),
            ("discovery.k8s.io", "endpointslices", "list watch"),
            (
                _GROUP,
                f"gatewayclasses gateways referencegrants backendtlspolicies {_ROUTES}",
                "get list watch",
            ),
            (_GROUP, f"{status} backendtlspolicies/status", "update patch"),
        ),
        objects.bound_to_account(_ROLE, _NAME),
        objects.deployment(_NAME, _LABELS, _pod()),
        objects.service(_NAME, _LABELS, ports, type="LoadBalancer"),
        {
            "apiVersion": f"{_GROUP}/v1",
            "kind": "GatewayClass",
            "metadata": {"name": _CLASS},
            "spec": {"controllerName": "traefik.io/gateway-controller"},
        },
    ]


def _definitions(facts: Facts) -> list[Object]:
    """The CustomResourceDefinitions of the standard channel."""
    program = facts.programs[DEFINITIONS]
    try:
        said = subprocess.run([program], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise VcliError(f"{program} does not print the definitions of the Gateway API: {error}") from error
    found: list[Object] = json.loads(said)
    return found


def _pod() -> Object:
    return traefik.pod(
        _NAME,
        _PORTS,
        [
            "--providers.kubernetesgateway=true",
            f"--providers.kubernetesgateway.statusaddress.service.name={_NAME}",
            f"--providers.kubernetesgateway.statusaddress.service.namespace={NAMESPACE}",
        ],
        # Who is not root may listen on the ports of listeners, in the pod's own network.
        securityContext={"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]},
    )


GATEWAY_API = Addon(
    name="gateway-api",
    summary="Gateways are answered (Traefik, GatewayClass traefik)",
    needs=["ingress"],
    products=[traefik.PRODUCT, PRODUCT],
    images=traefik.images,
    objects=_objects,
    available=[deployment(_NAME)],
)
