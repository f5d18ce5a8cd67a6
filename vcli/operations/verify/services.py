"""Services, Ingresses, NetworkPolicies and claims of a tenant, and what the host has of them."""

import json
from collections.abc import Callable
from typing import Any, Final

from vcli.contract.labels import MANAGED_BY
from vcli.kube.resources import ENDPOINTSLICES, INGRESSES, NETWORKPOLICIES, PVCS, SERVICES, Resource
from vcli.kube.types import Object, annotations
from vcli.operations.verify.model import Attempt, Closed
from vcli.operations.verify.observed import Observed, got_through, held, skipped
from vcli.operations.verify.scene import Scene

Fields = dict[str, Any]
Make = Callable[[Scene], Object | None]
"""The object that is tried; None where there is nothing to try it with."""
Judge = Callable[[Scene, Object], Observed]

_PORTS: Final = [{"name": "http", "port": 80, "targetPort": 8080}]
_FREE: Final = "203.0.113.7"
_ELSEWHERE: Final = "verify-elsewhere"
_HOSTILE_ANNOTATIONS: Final = {
    "external-dns.alpha.kubernetes.io/hostname": "www.example.com",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing",
}
_SNIPPET: Final = "nginx.ingress.kubernetes.io/configuration-snippet"
_AUTH_SECRET: Final = "nginx.ingress.kubernetes.io/auth-secret"  # noqa: S105  the key of an annotation


def _attempt(  # noqa: PLR0917  a row of the table
    name: str,
    group: str,
    title: str,
    closed_by: Closed,
    resource: Resource,
    make: Make,
    judge: Judge,
    *,
    absent: Observed | None = None,
) -> Attempt:
    async def run(scene: Scene) -> Observed:
        body = make(scene)
        if body is None:
            return skipped("the address that it takes is not known")
        body = {**body, "metadata": {**body.get("metadata", {}), "name": f"try-{name}"}}
        return await scene.outcome(resource, body, lambda on_host: judge(scene, on_host), absent=absent)

    return Attempt(name, group, title, closed_by, run)


def _service(**spec: Any) -> Object:
    return {"spec": {"selector": {"app": "verify"}, "ports": _PORTS, **spec}}


def _has(key: str, text: str) -> Judge:
    def judge(_: Scene, on_host: Object) -> Observed:
        return got_through(text) if on_host["spec"].get(key) else held(f"the host's has no {key}")

    return judge


def _kind(wanted: str) -> Judge:
    def judge(_: Scene, on_host: Object) -> Observed:
        found = on_host["spec"].get("type", "ClusterIP")
        return got_through(f"the host's is of type {found}") if found == wanted else held(f"it is {found}")

    return judge


def _taken(_: Scene) -> Object | None:
    ip = _.places.plane.service_ip
    return _service(clusterIP=ip) if ip else None


def _is_taken(scene: Scene, on_host: Object) -> Observed:
    if on_host["spec"].get("clusterIP") == scene.places.plane.service_ip:
        return got_through("two Services have one address")
    return held("the host gave it another address")


def _selects(scene: Scene, on_host: Object) -> Observed:
    found = on_host["spec"].get("selector") or {}
    if found.get(MANAGED_BY) != scene.names.cluster:
        return got_through(f"it selects pods of others: {json.dumps(found)}")
    return held("it selects this virtual cluster's pods alone")


def _annotated(keys: tuple[str, ...]) -> Judge:
    def judge(_: Scene, on_host: Object) -> Observed:
        there = [key for key in keys if key in annotations(on_host)]
        return got_through(f"copied: {', '.join(there)}") if there else held("none is copied")

    return judge


def _endpoints(address: Callable[[Scene], str]) -> Make:
    def make(scene: Scene) -> Object | None:
        ip = address(scene)
        if not ip:
            return None
        labels = {"kubernetes.io/service-name": _ELSEWHERE}
        return {
            "metadata": {"labels": labels},
            "addressType": "IPv6" if ":" in ip else "IPv4",
            "ports": [{"name": "http", "port": 10250}],
            "endpoints": [{"addresses": [ip]}],
        }

    return make


def _leads_there(_: Scene, on_host: Object) -> Observed:
    if on_host.get("endpoints"):
        return got_through("the host has it: what comes by an ingress controller is sent there")
    return held("the host has the EndpointSlice without it")


async def decoys(scene: Scene) -> None:
    """Make the Service that EndpointSlices of this group are of: without one the host gets none."""
    service = {"metadata": {"name": _ELSEWHERE}, "spec": {"ports": _PORTS}}
    await scene.inside.create(SERVICES, service, namespace=scene.namespace)


def _on_host(text: str) -> Judge:
    return lambda _, __: got_through(text)


def _ingress(**metadata: Any) -> Object:
    backend = {"service": {"name": "verify", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    rules = [{"host": "verify.example.com", "http": {"paths": paths}}]
    return {"metadata": metadata, "spec": {"ingressClassName": "vcli-verify", "rules": rules}}


def _with_tls(scene: Scene) -> Object:
    body = _ingress()
    body["spec"]["tls"] = [{"hosts": ["verify.example.com"], "secretName": scene.names.certificates}]
    return body


def _names_secret(scene: Scene, on_host: Object) -> Observed:
    named = [each.get("secretName") for each in on_host["spec"].get("tls") or ()]
    if scene.names.certificates in named:
        return got_through("the host's Ingress serves the control plane's keys")
    return held("it names the tenant's own Secret")


def _names_foreign(scene: Scene, on_host: Object) -> Observed:
    value = annotations(on_host).get(_AUTH_SECRET, "")
    if value in (scene.names.access, f"{scene.names.namespace}/{scene.names.access}"):
        return got_through(f"it names {value}")
    return held("it names no Secret of the host")


def _claim(_: Scene) -> Object:
    return {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
            "storageClassName": "",
            "volumeName": "vcli-verify-of-another-tenant",
        }
    }


def _bound(_: Scene, on_host: Object) -> Observed:
    if on_host.get("status", {}).get("phase") == "Bound":
        return got_through("it has another tenant's volume")
    return held("the host binds no volume of another claim to it")


_NOT_THERE: Final = held("not on the host")
_EVERYBODY: Final = {
    "spec": {"podSelector": {}, "policyTypes": ["Egress", "Ingress"], "egress": [{}], "ingress": [{}]}
}
_ALWAYS: Final = Closed.ALWAYS

ATTEMPTS: Final = (
    _attempt(
        "external-ip", "services", f"take the traffic to an address: externalIPs {_FREE}", _ALWAYS, SERVICES,
        lambda _: _service(externalIPs=[_FREE]), _has("externalIPs", "every node takes the traffic"),
    ),
    _attempt(
        "external-ip-taken", "services", "take the traffic to a Service: externalIPs", _ALWAYS, SERVICES,
        lambda scene: _service(externalIPs=[scene.places.api or scene.places.plane.service_ip or _FREE]),
        _has("externalIPs", "every node takes the traffic"),
    ),
    _attempt(
        "cluster-ip-taken", "services", "a clusterIP that another Service has", _ALWAYS, SERVICES,
        _taken, _is_taken,
    ),
    _attempt(
        "load-balancer", "services", "traffic from outside by a LoadBalancer", Closed.QUOTA, SERVICES,
        lambda _: _service(type="LoadBalancer"), _kind("LoadBalancer"),
    ),
    _attempt(
        "node-port", "services", "traffic from outside by a node port", Closed.QUOTA, SERVICES,
        lambda _: _service(type="NodePort"), _kind("NodePort"),
    ),
    _attempt(
        "external-name", "services", "a name in the host's domain: ExternalName", _ALWAYS, SERVICES,
        lambda _: {"spec": {"type": "ExternalName", "externalName": "example.com"}},
        _on_host("the host has such a name"), absent=_NOT_THERE,
    ),
    _attempt(
        "select-control-plane", "services", "a Service in front of a control plane", _ALWAYS, SERVICES,
        lambda scene: _service(selector=scene.names.selector), _selects,
    ),
    _attempt(
        "service-annotations", "services", "annotations for the host's controllers", Closed.NEVER, SERVICES,
        lambda _: {**_service(), "metadata": {"annotations": dict(_HOSTILE_ANNOTATIONS)}},
        _annotated(tuple(_HOSTILE_ANNOTATIONS)),
    ),
    _attempt(
        "endpoint-metadata", "services", "an endpoint that is the metadata server", _ALWAYS, ENDPOINTSLICES,
        _endpoints(lambda _: "169.254.169.254"), _on_host("the host has the endpoint"),
    ),
    _attempt(
        "endpoint-loopback", "services", "an endpoint that is the node's loopback", _ALWAYS, ENDPOINTSLICES,
        _endpoints(lambda _: "127.0.0.1"), _on_host("the host has the endpoint"),
    ),
    _attempt(
        "endpoint-node", "services", "an endpoint that is a node", Closed.POD_SECURITY, ENDPOINTSLICES,
        _endpoints(lambda scene: scene.places.plane.node_ip), _leads_there,
    ),
    _attempt(
        "endpoint-control-plane", "services", "an endpoint that is a control plane", Closed.POD_SECURITY,
        ENDPOINTSLICES, _endpoints(lambda scene: scene.places.plane.ip), _leads_there,
    ),
    _attempt(
        "endpoint-neighbour", "services", "an endpoint that is a neighbour's pod", Closed.POD_SECURITY,
        ENDPOINTSLICES,
        _endpoints(lambda scene: scene.neighbour.pod_ip if scene.neighbour else ""), _leads_there,
    ),
    _attempt(
        "network-policy", "services", "a NetworkPolicy that allows everything", Closed.NETWORK,
        NETWORKPOLICIES, lambda _: _EVERYBODY,
        _on_host("the host adds it to those that isolate"), absent=_NOT_THERE,
    ),
    _attempt(
        "ingress-keys", "ingresses", "serve the control plane's keys by an Ingress", _ALWAYS, INGRESSES,
        _with_tls, _names_secret, absent=_NOT_THERE,
    ),
    _attempt(
        "ingress-foreign-secret", "ingresses", "an annotation that names a Secret of the host", _ALWAYS,
        INGRESSES,
        lambda scene: _ingress(
            annotations={_AUTH_SECRET: f"{scene.names.namespace}/{scene.names.access}"}
        ),
        _names_foreign, absent=_NOT_THERE,
    ),
    _attempt(
        "ingress-annotations", "ingresses", "configuration for the host's ingress controller", Closed.NEVER,
        INGRESSES, lambda _: _ingress(annotations={_SNIPPET: "return 200;"}), _annotated((_SNIPPET,)),
        absent=_NOT_THERE,
    ),
    _attempt(
        "foreign-volume", "storage", "claim a volume of another tenant by its name", _ALWAYS, PVCS,
        _claim, _bound, absent=_NOT_THERE,
    ),
)  # fmt: skip
