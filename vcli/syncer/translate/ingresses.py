"""Ingresses: the same rules on the host, with the host's names of the Services and Secrets.

The class stays as it is: it is one of the host's. Where there is none, the host fills in its default.
"""

from collections.abc import Iterator
from typing import Final, cast

from vcli.kube.types import annotations
from vcli.syncer.translate import ingress_annotations
from vcli.syncer.translate.ingress_types import (
    HTTPIngressPath,
    IngressBackend,
    IngressRule,
    IngressSpec,
    IngressTLS,
)
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

_CLASS: Final = "kubernetes.io/ingress.class"
_ACTION: Final = "use-annotation"
"""Port of a backend that is no Service, but an action of an annotation (AWS Load Balancer Controller)."""
_HOST_FIELDS: Final = frozenset({"defaultBackend", "ingressClassName", "rules", "tls"})
"""The fields of a spec that the host gets: each was looked at for what it names."""


def class_of(ingress: Object) -> str:
    """The name of its class; empty where it has none."""
    named: str = ingress["spec"].get("ingressClassName") or ""
    return named or annotations(ingress).get(_CLASS, "")


def to_host(ingress: Object, *, scope: Scope) -> Object:
    """The complete host Ingress of one that `leads_somewhere`."""
    virtual, namespace = _spec(ingress), ingress["metadata"]["namespace"]
    noted = ingress_annotations.to_host(
        annotations(ingress), namespace, scope, actions=frozenset(_actions(virtual))
    )
    spec: IngressSpec = {}
    if virtual.get("ingressClassName"):
        spec["ingressClassName"] = virtual["ingressClassName"]
    if (backend := _backend(virtual.get("defaultBackend"), namespace, scope)) is not None:
        spec["defaultBackend"] = backend
    if rules := list(_rules(virtual, namespace, scope)):
        spec["rules"] = rules
    if virtual.get("tls"):
        spec["tls"] = [_tls(each, namespace, scope) for each in virtual["tls"]]
    bare = {**ingress, "metadata": {**ingress["metadata"], "annotations": noted}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": host_metadata(bare, kind="Ingress", scope=scope),
        "spec": spec,
    }


def leads_somewhere(ingress: Object) -> bool:
    """Whether anything of it can be on the host, where an Ingress without backends is no valid one."""
    spec = _spec(ingress)
    return _is_known(spec.get("defaultBackend")) or any(map(_is_rule_kept, spec.get("rules") or ()))


def virtual_status(host: Object, virtual: Object) -> Object:
    """The status of the virtual Ingress: the host's addresses, once there are some.

    Where the host has none, what is there stays: a controller inside the virtual cluster may have written it.
    """
    shown: Object = virtual.get("status") or {}
    balancer: Object = (host.get("status") or {}).get("loadBalancer") or {}
    return {**shown, "loadBalancer": balancer} if balancer.get("ingress") else shown


def services_of(ingress: Object) -> Iterator[VirtualName]:
    """The Services that it leads to, by its spec and by annotations; each perhaps several times."""
    namespace = ingress["metadata"]["namespace"]
    for backend in _backends(_spec(ingress)):
        if _is_known(backend) and not _is_action(backend):
            yield VirtualName(namespace, backend["service"]["name"])
    for found in ingress_annotations.references(annotations(ingress), namespace):
        if found.kind == "Service" and found.name.namespace == namespace:
            yield found.name


def configs_of(ingress: Object) -> Iterator[tuple[str, VirtualName]]:
    """Kind and name of the ConfigMaps and Secrets that the host must have for it."""
    namespace = ingress["metadata"]["namespace"]
    for each in _spec(ingress).get("tls") or ():
        if each.get("secretName"):
            yield "Secret", VirtualName(namespace, each["secretName"])
    for found in ingress_annotations.references(annotations(ingress), namespace):
        if found.kind != "Service" and found.name.namespace == namespace:
            yield found.kind, found.name


def ignored(ingress: Object, *, scope: Scope) -> list[str]:
    """A sentence for each part of it that does not work as in a cluster of its own."""
    spec, namespace = _spec(ingress), ingress["metadata"]["namespace"]
    found = [
        f"spec.{name} left out on the host: this version of vcli does not know it"
        for name in sorted(spec.keys() - _HOST_FIELDS)
    ]
    found += [
        f"backend {each['resource'].get('kind')} {each['resource'].get('name')} left out on the host:"
        " only Services can be backends there"
        for each in _backends(spec)
        if not _is_known(each) and each.get("resource")
    ]
    noted = ingress_annotations.sentences(
        annotations(ingress), namespace, scope, actions=frozenset(_actions(spec))
    )
    return [*found, *noted]


def _spec(ingress: Object) -> IngressSpec:
    return cast("IngressSpec", ingress["spec"])


def _backends(spec: IngressSpec) -> Iterator[IngressBackend]:
    if "defaultBackend" in spec:
        yield spec["defaultBackend"]
    for rule in spec.get("rules") or ():
        yield from (path["backend"] for path in _paths(rule))


def _paths(rule: IngressRule) -> list[HTTPIngressPath]:
    return (rule.get("http") or {"paths": []})["paths"]


def _actions(spec: IngressSpec) -> Iterator[str]:
    return (each["service"]["name"] for each in _backends(spec) if _is_action(each))


def _is_known(backend: IngressBackend | None) -> bool:
    return bool(backend and backend.get("service"))


def _is_action(backend: IngressBackend) -> bool:
    return _is_known(backend) and (backend["service"].get("port") or {}).get("name") == _ACTION


def _is_rule_kept(rule: IngressRule) -> bool:
    """Whether the host gets a rule: one without paths leads to the default backend."""
    return not rule.get("http") or any(_is_known(path["backend"]) for path in _paths(rule))


def _rules(spec: IngressSpec, namespace: str, scope: Scope) -> Iterator[IngressRule]:
    for rule in spec.get("rules") or ():
        if not rule.get("http"):
            yield rule
            continue
        paths: list[HTTPIngressPath] = [
            {**path, "backend": backend}
            for path in _paths(rule)
            if (backend := _backend(path["backend"], namespace, scope)) is not None
        ]
        if paths:
            yield {**rule, "http": {"paths": paths}}


def _backend(backend: IngressBackend | None, namespace: str, scope: Scope) -> IngressBackend | None:
    """The backend on the host; None for one that the host does not have."""
    if backend is None or not _is_known(backend):
        return None
    if _is_action(backend):
        return backend
    service = backend["service"]
    name = host_name(VirtualName(namespace, service["name"]), scope.cluster)
    return {"service": {**service, "name": name}}


def _tls(tls: IngressTLS, namespace: str, scope: Scope) -> IngressTLS:
    if not tls.get("secretName"):
        return tls
    return {**tls, "secretName": host_name(VirtualName(namespace, tls["secretName"]), scope.cluster)}
