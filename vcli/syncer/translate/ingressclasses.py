"""IngressClasses of the host as tenants see them; their parameters are objects of the host, and left out."""

from typing import Final

from vcli.syncer.translate.mirrors import differ, mirrored, picked
from vcli.syncer.translate.objects import Object

_DEFAULT: Final = "ingressclass.kubernetes.io/is-default-class"


def to_virtual(ingress_class: Object) -> Object:
    """The complete virtual IngressClass for one of the host's."""
    spec = picked(ingress_class.get("spec") or {}, ("controller",))
    return mirrored(ingress_class, "networking.k8s.io/v1", "IngressClass", {"spec": spec}, noted=(_DEFAULT,))


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a virtual IngressClass can't become the desired one, as the API takes no such change."""
    return differ(current.get("spec") or {}, desired["spec"], ("controller",))
