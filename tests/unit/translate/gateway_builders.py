"""Gateways, routes and grants for tests."""

from typing import Any

from translate_builders import SCOPE

from vcli.syncer.translate.gateway_refs import GROUP, Referrer

Object = dict[str, Any]
NOW = "2026-01-01T00:00:00Z"


def meta(name: str, namespace: str, **more: Any) -> Object:
    return {"name": name, "namespace": namespace, "uid": f"uid-{name}", "generation": 3, **more}


def gateway(*listeners: Object, namespace: str = "infra", **spec: Any) -> Object:
    found = list(listeners) or [{"name": "web", "port": 80, "protocol": "HTTP"}]
    return {
        "metadata": meta("public", namespace),
        "spec": {"gatewayClassName": "host", "listeners": found, **spec},
    }


def listener(name: str, source: str | None = None, port: int = 80, **selector: Any) -> Object:
    found: Object = {"name": name, "port": port, "protocol": "HTTP"}
    if source:
        namespaces = {"from": source, **({"selector": selector} if selector else {})}
        found["allowedRoutes"] = {"namespaces": namespaces}
    return found


def route(
    *rules: Object, namespace: str = "shop", parents: list[Object] | None = None, **more: Any
) -> Object:
    refs = [{"name": "public", "namespace": "infra"}] if parents is None else parents
    spec = {"parentRefs": refs, "rules": list(rules), **more.pop("spec", {})}
    return {"metadata": meta("web", namespace), "spec": spec, **more}


def grant(
    namespace: str, *, kind: str = "HTTPRoute", source: str = "shop", to: Object | None = None
) -> Object:
    return {
        "metadata": meta("grant", namespace),
        "spec": {
            "from": [{"group": GROUP, "kind": kind, "namespace": source}],
            "to": [to or {"group": "", "kind": "Service"}],
        },
    }


def referrer(*grants: Object, kind: str = "HTTPRoute", namespace: str = "shop") -> Referrer:
    def of(wanted: str) -> list[Object]:
        return [each for each in grants if each["metadata"]["namespace"] == wanted]

    return Referrer(kind, namespace, of, SCOPE)
