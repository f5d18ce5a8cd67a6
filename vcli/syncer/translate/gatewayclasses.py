"""GatewayClasses of the host as tenants see them; their parameters are objects of the host, and left out."""

from vcli.syncer.translate.mirrors import differ, mirrored, picked
from vcli.syncer.translate.objects import Object


def to_virtual(gateway_class: Object) -> Object:
    """The complete virtual GatewayClass for one of the host's."""
    spec = picked(gateway_class["spec"], ("controllerName", "description"))
    return mirrored(gateway_class, "gateway.networking.k8s.io/v1", "GatewayClass", {"spec": spec})


def virtual_status(host: Object) -> Object:
    """The status of the virtual GatewayClass: whether a controller answers, and what it can do."""
    return picked(host.get("status") or {}, ("conditions", "supportedFeatures"))


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a virtual GatewayClass can't become the desired one, as the API takes no such change."""
    return differ(current["spec"], desired["spec"], ("controllerName",))
