"""Shapes of Ingresses, as `vcli.kube.types` has them of other kinds."""

from typing import Required, TypedDict

from vcli.kube.types import Object


class ServiceBackendPort(TypedDict, total=False):
    """The port of a Service, by name or by number."""

    name: str
    number: int


class IngressServiceBackend(TypedDict, total=False):
    """A Service, as what an Ingress leads to."""

    name: Required[str]
    port: ServiceBackendPort


class IngressBackend(TypedDict, total=False):
    """What an Ingress leads to: a Service or, for controllers that know them, another object."""

    service: IngressServiceBackend
    resource: Object


class HTTPIngressPath(TypedDict, total=False):
    """One of the paths of an Ingress rule."""

    path: str
    pathType: str
    backend: Required[IngressBackend]


class HTTPIngressRuleValue(TypedDict):
    """The paths of an Ingress rule."""

    paths: list[HTTPIngressPath]


class IngressRule(TypedDict, total=False):
    """What an Ingress does for a host name."""

    host: str
    http: HTTPIngressRuleValue


class IngressTLS(TypedDict, total=False):
    """The certificate of some of an Ingress's host names."""

    hosts: list[str]
    secretName: str


class IngressSpec(TypedDict, total=False):
    """``spec`` of an Ingress."""

    defaultBackend: IngressBackend
    ingressClassName: str
    rules: list[IngressRule]
    tls: list[IngressTLS]
