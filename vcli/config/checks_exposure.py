"""Values of how the API server is reached that don't go together; a part of `vcli.config.checks`."""

import ipaddress

from vcli.config.document import Document
from vcli.config.parse import fail
from vcli.config.schema import Service, Values

_INGRESS = ("controlPlane", "ingress")
_SERVICE = ("controlPlane", "service")


def check_exposure(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    _check_service(values.control_plane.service, document)
    ingress = values.control_plane.ingress
    if ingress.enabled and not ingress.host:
        hint = "as in --set controlPlane.ingress.host=demo.example.com, a name that leads to the controller"
        raise fail(document, (*_INGRESS, "host"), "must be given for an Ingress", hint=hint)
    if "rules" in ingress.spec:
        raise fail(
            document,
            (*_INGRESS, "spec", "rules"),
            "the one rule is made from host and pathType",
            hint="set controlPlane.ingress.host",
        )


def _check_service(service: Service, document: Document) -> None:
    spec = service.spec
    if service.https_node_port and spec.type == "ClusterIP":
        raise fail(
            document,
            (*_SERVICE, "httpsNodePort"),
            "a Service of type ClusterIP has no node port",
            hint="set controlPlane.service.spec.type to NodePort",
        )
    for key, value, types in (
        ("externalTrafficPolicy", spec.external_traffic_policy, ("LoadBalancer", "NodePort")),
        ("loadBalancerClass", spec.load_balancer_class, ("LoadBalancer",)),
        ("loadBalancerIP", spec.load_balancer_ip, ("LoadBalancer",)),
        ("loadBalancerSourceRanges", spec.load_balancer_source_ranges, ("LoadBalancer",)),
    ):
        if value and spec.type not in types:
            hint = f"set controlPlane.service.spec.type to {types[0]}"
            raise fail(document, (*_SERVICE, "spec", key), f"not with type {spec.type}", hint=hint)
    for number, text in enumerate(spec.load_balancer_source_ranges):
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            place = (*_SERVICE, "spec", "loadBalancerSourceRanges", number)
            raise fail(document, place, f"{error}", hint="write a range as 203.0.113.0/24") from error
