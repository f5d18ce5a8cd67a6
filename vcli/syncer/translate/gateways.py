"""Gateways: the same listeners on the host, with the host's names of Secrets and ConfigMaps.

Which routes may attach is judged in the virtual cluster (`route_parents`): on the host a listener lets in
what is of its own namespace.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from vcli.contract.labels import is_control_plane
from vcli.kube.types import labels
from vcli.syncer.translate import customresources, keys
from vcli.syncer.translate.gateway_refs import Referrer, Target
from vcli.syncer.translate.gateway_refs import sentence as refused_sentence
from vcli.syncer.translate.mirrors import mirror_metadata, picked
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.objects import Object, changed, compact
from vcli.syncer.translate.route_status import dated, not_permitted, with_condition
from vcli.syncer.translate.routes import noted_metadata

_VERSION: Final = "gateway.networking.k8s.io/v1"
_SPEC: Final = frozenset(
    {"addresses", "backendTLS", "gatewayClassName", "infrastructure", "listeners", "tls"}
)
_LISTENER: Final = frozenset({"allowedRoutes", "hostname", "name", "port", "protocol", "tls"})
_LEFT_OUT: Final[Mapping[str, str]] = {
    "allowedListeners": "ListenerSets are not synced",
    "defaultScope": "routes of others would attach to it",
}
"""Fields of a spec that the host does not get, and why."""
_INFRASTRUCTURE: Final = ("annotations", "labels")
_REFERENCES: Final = frozenset({"caCertificateRefs", "certificateRefs", "clientCertificateRef"})
"""The fields, wherever they are, that name Secrets and ConfigMaps."""
_CONFIGS: Final = ("ConfigMap", "Secret")


def to_host(gateway: Object, referrer: Referrer) -> Object:
    """The complete host Gateway."""
    spec = picked(gateway["spec"], sorted(_SPEC))
    spec = changed(spec, "infrastructure", _infrastructure)
    spec = changed(spec, "listeners", lambda found: [_listener(each) for each in found])
    return {
        "apiVersion": _VERSION,
        "kind": "Gateway",
        "metadata": noted_metadata(gateway, "Gateway", referrer),
        "spec": _with_references(spec, lambda ref: referrer.on_host(ref, "Secret")),
    }


def virtual_status(gateway: Object, host: Object, referrer: Referrer, *, now: str) -> Object:
    """The status of the virtual Gateway: the host's, with the tenant's names and what is not permitted.

    Args:
        gateway: the virtual object.
        host: the host object.
        referrer: the same object, with what it may refer to.
        now: the time, for conditions that have changed.
    """
    if not host.get("status"):  # yet; what is shown may be of a controller inside
        return gateway.get("status") or {}
    metadata = gateway["metadata"]
    names = {host["metadata"]["name"]: metadata["name"]}
    status = customresources.virtual_status(gateway, host, names=names, scope=referrer.scope)
    refused = {
        each["name"]: sorted(found, key=str)
        for each in gateway["spec"].get("listeners") or ()
        if (found := _refused(each, referrer))
    }
    before = {each["name"]: each for each in (gateway.get("status") or {}).get("listeners") or ()}

    def shown(listener: Object) -> Object:
        if listener["name"] not in refused:
            return listener
        condition = not_permitted(refused_sentence(refused[listener["name"]]))
        conditions = with_condition(listener["conditions"], condition)
        known = before.get(listener["name"], {}).get("conditions") or ()
        return {**listener, "conditions": dated(conditions, known, metadata.get("generation", 0), now)}

    return changed(status, "listeners", lambda found: [shown(each) for each in found])


def refused(gateway: Object, referrer: Referrer) -> list[Target]:
    """What it refers to without being permitted to."""
    return sorted(_refused(gateway["spec"], referrer), key=str)


def configs_of(gateway: Object) -> Iterator[tuple[str, VirtualName]]:
    """Kind and name of the ConfigMaps and Secrets that the host must have for it."""
    for ref in _references(gateway["spec"]):
        kind = ref.get("kind") or "Secret"
        if not ref.get("group") and kind in _CONFIGS:
            yield kind, VirtualName(ref.get("namespace") or gateway["metadata"]["namespace"], ref["name"])


def unknown(gateway: Object) -> list[str]:
    """The fields that this version of vcli does not know, by their paths: it is not sent with them."""
    spec = gateway["spec"]
    found = {f"spec.{key}" for key in spec.keys() - _SPEC - _LEFT_OUT.keys()}
    for each in spec.get("listeners") or ():
        found |= {f"spec.listeners.{key}" for key in each.keys() - _LISTENER}
    return sorted(found)


def ignored(gateway: Object) -> list[str]:
    """A sentence for each part that the host does not get."""
    spec = gateway["spec"]
    found = [f"spec.{key} left out on the host: {why}" for key, why in _LEFT_OUT.items() if key in spec]
    strange = (spec.get("infrastructure") or {}).keys() - set(_INFRASTRUCTURE)
    why = "what a controller makes of it may be more than a tenant may have"
    return [*found, *(f"spec.infrastructure.{key} left out on the host: {why}" for key in sorted(strange))]


def to_virtual(host: Object, name: VirtualName) -> Object:
    """The complete virtual object for a Gateway of the host's; its status is a subresource, and left out.

    Tenants see what listens where. Certificates and parameters are the host's.
    """
    theirs = {key: value for key, value in labels(host).items() if not keys.is_ours(key)}
    listeners = [
        compact({**picked(each, sorted(_LISTENER - {"tls"})), "tls": _mode(each)})
        for each in host["spec"].get("listeners") or ()
    ]
    spec = {**picked(host["spec"], ("gatewayClassName", "addresses")), "listeners": listeners}
    return {
        "apiVersion": _VERSION,
        "kind": "Gateway",
        "metadata": mirror_metadata(name.namespace, name.name, theirs),
        "spec": spec,
    }


def mirrored_status(host: Object) -> Object:
    """The status of the virtual object for a Gateway of the host's."""
    return picked(host.get("status") or {}, ("addresses", "conditions", "listeners"))


def _mode(listener: Object) -> Object | None:
    """How a listener speaks TLS; the API asks for a certificate or an option where it ends."""
    tls = listener.get("tls")
    if tls is None:
        return None
    if tls.get("mode") == "Passthrough":
        return {"mode": "Passthrough"}
    return {"mode": "Terminate", "options": {keys.MIRROR: "certificate-of-host"}}


def _listener(listener: Object) -> Object:
    kinds = picked(listener.get("allowedRoutes") or {}, ("kinds",))
    return {**listener, "allowedRoutes": {"namespaces": {"from": "Same"}, **kinds}}


def _infrastructure(found: Object) -> Object:
    """Labels and annotations of what a controller makes: never such that they select the control plane."""
    theirs = {keys.host_key(key): value for key, value in (found.get("labels") or {}).items()}
    if is_control_plane(theirs):
        del theirs["app"]
    return compact({**picked(found, ("annotations",)), "labels": theirs or None})


def _refused(holder: Object, referrer: Referrer) -> set[Target]:
    targets = (referrer.target(ref, "Secret") for ref in _references(holder))
    return {each for each in targets if not referrer.may_refer_to(each)}


def _references(value: Any) -> Iterator[Mapping[str, Any]]:
    """All references, wherever they are."""
    found: list[Mapping[str, Any]] = []

    def note(ref: Mapping[str, Any]) -> Object:
        found.append(ref)
        return dict(ref)

    _with_references(value, note)
    return iter(found)


def _with_references(value: Any, change: Callable[[Mapping[str, Any]], Object]) -> Any:
    if isinstance(value, list):
        return [_with_references(each, change) for each in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, each in value.items():
        if key not in _REFERENCES:
            made[key] = _with_references(each, change)
        elif isinstance(each, list):
            made[key] = [change(ref) for ref in each]
        else:
            made[key] = change(each)
    return made
