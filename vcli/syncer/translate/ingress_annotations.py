"""Annotations of Ingresses whose values name Secrets, ConfigMaps or Services, by other names on the host.

All other annotations go to the host as they are. What they may do there is for its ingress controller to say.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from vcli.syncer.translate.names import VirtualName, derived_name, host_name
from vcli.syncer.translate.scope import Scope

CONDITIONS: Final = "alb.ingress.kubernetes.io/conditions."
"""Prefix of annotations that end with the name of a backend: a Service, or an action."""
_LONGEST_KEY: Final = 63
"""Of an annotation's key, behind its domain."""
_NOT_ALLOWED: Final = "other-namespace"


@dataclass(frozen=True, slots=True)
class Refers:
    """What the value of an annotation names.

    Attributes:
        kind: of the objects.
        form: ``NAME`` or ``NAMESPACE/NAME``; several of them with commas between; or JSON.
        field: whose values in the JSON are names. Its controllers don't care for upper and lower case.
    """

    kind: Literal["Secret", "ConfigMap", "Service"]
    form: Literal["name", "list", "json"] = "name"
    field: str = ""


_SECRET, _CONFIG_MAP, _SERVICE = Refers("Secret"), Refers("ConfigMap"), Refers("Service")
_SERVICES = Refers("Service", "list")

KNOWN: Final[Mapping[str, Mapping[str, Refers]]] = {
    "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/": {
        "nginx.ingress.kubernetes.io/auth-proxy-set-headers": _CONFIG_MAP,
        "nginx.ingress.kubernetes.io/auth-secret": _SECRET,
        "nginx.ingress.kubernetes.io/auth-tls-secret": _SECRET,
        "nginx.ingress.kubernetes.io/custom-headers": _CONFIG_MAP,
        "nginx.ingress.kubernetes.io/default-backend": _SERVICE,
        "nginx.ingress.kubernetes.io/fastcgi-params-configmap": _CONFIG_MAP,
        "nginx.ingress.kubernetes.io/proxy-ssl-secret": _SECRET,
    },
    "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/": {
        "alb.ingress.kubernetes.io/actions.": Refers("Service", "json", "serviceName"),
        "alb.ingress.kubernetes.io/auth-idp-oidc": Refers("Secret", "json", "secretName"),
    },
    "https://docs.nginx.com/nginx-ingress-controller/configuration/ingress-resources/": {
        "nginx.com/jwt-key": _SECRET,
        "nginx.org/basic-auth-secret": _SECRET,
        "nginx.org/grpc-services": _SERVICES,
        "nginx.org/ssl-services": _SERVICES,
        "nginx.org/websocket-services": _SERVICES,
    },
    "https://www.haproxy.com/documentation/kubernetes-ingress/community/configuration-reference/ingress/": {
        "haproxy.org/auth-secret": _SECRET,
        "haproxy.org/server-ca": _SECRET,
        "haproxy.org/server-crt": _SECRET,
    },
    "https://haproxy-ingress.github.io/docs/configuration/keys/": {
        f"{domain}/{name}": _SECRET
        for domain in ("haproxy-ingress.github.io", "ingress.kubernetes.io")
        for name in ("auth-secret", "auth-tls-secret", "secure-crt-secret", "secure-verify-ca-secret")
    },
}
"""By the documentation that says so. A key that ends with a dot is a prefix.

Traefik's annotations name nothing but its own custom resources (``NAMESPACE-NAME@kubernetescrd``).
"""
_BY_KEY: Final = {key: refers for keys in KNOWN.values() for key, refers in keys.items()}


class Reference(NamedTuple):
    """An object that an annotation names."""

    kind: str
    name: VirtualName


def references(annotations: Mapping[str, str], namespace: str) -> Iterator[Reference]:
    """The objects that the annotations of an Ingress of a namespace name, those of other namespaces too."""
    for key, value in annotations.items():
        if (refers := _refers(key)) is not None:
            yield from (Reference(refers.kind, _named(name, namespace)) for name in _names_in(value, refers))


def to_host(
    annotations: Mapping[str, str], namespace: str, scope: Scope, *, actions: Collection[str] = ()
) -> dict[str, str]:
    """The annotations that the host's Ingress has.

    A name in another namespace becomes one that no object has, so that a controller answers with an error:
    without the annotation it might answer without a password. JSON that is none is left out.

    Args:
        annotations: of the virtual Ingress.
        namespace: that it is in.
        scope: the virtual cluster.
        actions: backends that are no Services.
    """
    translated = {}
    for key, value in annotations.items():
        own = _host_key(key, namespace, scope, actions)
        refers = _refers(key)
        changed = value if refers is None else _changed(value, refers, _translator(namespace, scope))
        if own is not None and changed is not None:
            translated[own] = changed
    return translated


def sentences(
    annotations: Mapping[str, str], namespace: str, scope: Scope, *, actions: Collection[str] = ()
) -> Iterator[str]:
    """A sentence for each annotation that does not work as in a cluster of its own."""
    for key, value in annotations.items():
        refers = _refers(key)
        if _host_key(key, namespace, scope, actions) is None:
            yield f"annotation {key} left out on the host: the key is too long there"
        elif refers is not None and _changed(value, refers, lambda name: name) is None:
            yield f"annotation {key} left out on the host: its value is no JSON"
        for found in references({key: value}, namespace):
            if found.name.namespace != namespace:
                yield (
                    f"annotation {key} names {found.kind} {found.name.name} of namespace"
                    f" {found.name.namespace}: only those of the Ingress's own namespace can be used"
                )


def _refers(key: str) -> Refers | None:
    """What the value of an annotation names; None for nothing."""
    domain, _, name = key.partition("/")
    return _BY_KEY.get(key) or _BY_KEY.get(f"{domain}/{name.partition('.')[0]}.")


def _host_key(key: str, namespace: str, scope: Scope, actions: Collection[str]) -> str | None:
    """The annotation's key on the host; None where it can't have it."""
    backend = key.removeprefix(CONDITIONS)
    if backend == key or backend in actions:
        return key
    own = CONDITIONS + host_name(VirtualName(namespace, backend), scope.cluster)
    return own if len(own.rpartition("/")[2]) <= _LONGEST_KEY else None


def _translator(namespace: str, scope: Scope) -> Callable[[str], str]:
    def translate(text: str) -> str:
        name = _named(text, namespace)
        if name.namespace == namespace:
            host = host_name(name, scope.cluster)
        else:
            host = derived_name(name, scope.cluster, role=_NOT_ALLOWED)
        return f"{scope.host_namespace}/{host}" if "/" in text else host

    return translate


def _named(text: str, namespace: str) -> VirtualName:
    other, slash, name = text.strip().partition("/")
    return VirtualName(other, name) if slash else VirtualName(namespace, other)


def _names_in(value: str, refers: Refers) -> list[str]:
    found: list[str] = []

    def note(name: str) -> str:
        found.append(name)
        return name

    _changed(value, refers, note)
    return found


def _changed(value: str, refers: Refers, change: Callable[[str], str]) -> str | None:
    """The value of an annotation with all names in it changed; None for JSON that is none."""
    match refers.form:
        case "json":
            try:
                return json.dumps(_changed_json(json.loads(value), refers.field.casefold(), change))
            except (ValueError, RecursionError):
                return None
        case "list":
            return ",".join(_each(value.split(","), change))
        case _:
            return "".join(_each([value], change))


def _each(names: Iterable[str], change: Callable[[str], str]) -> Iterator[str]:
    return (change(name) if name.strip() else name for name in names)


def _changed_json(value: Any, field: str, change: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_changed_json(each, field, change) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: change(each)
        if key.casefold() == field and isinstance(each, str) and each
        else _changed_json(each, field, change)
        for key, each in value.items()
    }
