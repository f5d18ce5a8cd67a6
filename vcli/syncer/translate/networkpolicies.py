"""NetworkPolicies: on the host they select and admit the same pods, and no other tenant's.

All namespaces of a virtual cluster are one on the host, so each selector there asks for the virtual cluster
and for the namespace, or for the namespace's labels, which host pods carry.

No policy of a plain cluster selects the API server, which is no pod there. Here it is one, and so is the DNS
server of the virtual cluster: both stay reachable, whatever a tenant denies (docs/designs/0025).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from vcli.contract import ports
from vcli.contract.labels import of_control_plane
from vcli.kube.types import LabelSelector, LabelSelectorRequirement
from vcli.syncer.translate.labels import (
    holds,
    host_label_selector,
    selector_key,
    with_namespace_selector,
    with_requirements,
)
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

Rule = Mapping[str, Any]

_DNS_NAMESPACE: Final = "kube-system"
_DNS_KEY, _DNS_VALUE = "k8s-app", "kube-dns"
_DNS_PORTS: Final = (53, ports.DNS)
_PEERS: Final = {"Ingress": "from", "Egress": "to"}
_OF_SPEC: Final = frozenset({"podSelector", "policyTypes", "ingress", "egress"})
_OF_RULE: Final = frozenset({"from", "to", "ports"})
_OF_PEER: Final = frozenset({"podSelector", "namespaceSelector", "ipBlock"})
_OF_PORT: Final = frozenset({"port", "endPort", "protocol"})
_OF_BLOCK: Final = frozenset({"cidr", "except"})


def to_host(policy: Object, *, scope: Scope) -> Object:
    """The complete host NetworkPolicy."""
    virtual, namespace = policy["spec"], policy["metadata"]["namespace"]
    types = policy_types(virtual)
    spec: Object = {
        "podSelector": _selected(virtual.get("podSelector") or {}, namespace, scope),
        "policyTypes": types,
    }
    for direction, peers in _PEERS.items():
        if direction in types:
            rules = [rule for rule in virtual.get(direction.lower()) or () if _is_known(rule)]
            spec[direction.lower()] = [_rule(rule, peers, namespace, scope) for rule in rules]
    if "Egress" in types:
        spec["egress"] += [_to_dns(scope), _to_api(scope)]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": host_metadata(policy, kind="NetworkPolicy", scope=scope),
        "spec": spec,
    }


def policy_types(spec: Mapping[str, Any]) -> list[str]:
    """The directions that a policy isolates its pods in; by default as ``SetDefaults_NetworkPolicy``."""
    return list(spec.get("policyTypes") or ("Ingress", *(("Egress",) if spec.get("egress") else ())))


def sentences(policy: Object) -> list[str]:
    """A sentence about each thing that a policy does not do on the host, for an event."""
    spec = policy["spec"]
    found = []
    if policy["metadata"]["namespace"] == _DNS_NAMESPACE and _selects_dns(spec.get("podSelector") or {}):
        found.append(
            f"pods with the label {_DNS_KEY}={_DNS_VALUE} are not selected on the host: DNS stays reachable"
        )
    found += [
        f"spec.{name} left out on the host: this version of vcli does not know it"
        for name in sorted(spec.keys() - _OF_SPEC)
    ]
    found += [
        f"spec.{direction.lower()}[{number}] left out on the host, so it allows nothing: this version of vcli"
        " does not know all of its fields"
        for direction in _PEERS
        for number, rule in enumerate(spec.get(direction.lower()) or ())
        if not _is_known(rule)
    ]
    return found


def _selected(selector: Mapping[str, Any], namespace: str, scope: Scope) -> LabelSelector:
    """The pods that a policy isolates: those of its namespace, without the DNS server."""
    host = host_label_selector(selector, namespace, scope)
    if namespace != _DNS_NAMESPACE:
        return host
    not_dns: LabelSelectorRequirement = {
        "key": selector_key(_DNS_KEY, scope),
        "operator": "NotIn",
        "values": [_DNS_VALUE],
    }
    return with_requirements(host, [not_dns])


def _selects_dns(selector: Mapping[str, Any]) -> bool:
    """Whether nothing that a selector asks of the one label keeps it from the DNS server."""
    asked = (selector.get("matchLabels") or {}).get(_DNS_KEY, _DNS_VALUE)
    return bool(asked == _DNS_VALUE) and all(
        holds(each, {_DNS_KEY: _DNS_VALUE})
        for each in selector.get("matchExpressions") or ()
        if each["key"] == _DNS_KEY
    )


def _rule(rule: Rule, peers: str, namespace: str, scope: Scope) -> Object:
    """A rule for the host. One without peers, or with an empty list of them, is for everybody, as it was."""
    made: Object = {"ports": list(rule["ports"])} if rule.get("ports") else {}
    if rule.get(peers):
        made[peers] = [_peer(each, namespace, scope) for each in rule[peers]]
    return made


def _peer(peer: Rule, namespace: str, scope: Scope) -> Object:
    if peer.get("ipBlock") is not None:
        return {"ipBlock": peer["ipBlock"]}
    pods, namespaces = peer.get("podSelector") or {}, peer.get("namespaceSelector")
    if namespaces is None:
        return {"podSelector": host_label_selector(pods, namespace, scope)}
    everywhere = host_label_selector(pods, None, scope)
    return {"podSelector": with_namespace_selector(everywhere, namespaces)}


def _to_dns(scope: Scope) -> Object:
    selector = host_label_selector({"matchLabels": {_DNS_KEY: _DNS_VALUE}}, _DNS_NAMESPACE, scope)
    numbers = [{"port": number, "protocol": protocol} for number in _DNS_PORTS for protocol in ("UDP", "TCP")]
    return {"to": [{"podSelector": selector}], "ports": numbers}


def _to_api(scope: Scope) -> Object:
    # No tenant's pod has these labels on the host: see vcli.syncer.translate.labels.
    selector = {"matchLabels": of_control_plane(scope.cluster)}
    return {"to": [{"podSelector": selector}], "ports": [{"port": ports.API, "protocol": "TCP"}]}


def _is_known(rule: Rule) -> bool:
    """Whether all that narrows a rule is known; one that is not would admit too much."""
    return all(given.keys() <= known for given, known in _fields(rule))


def _fields(rule: Rule) -> Iterator[tuple[Rule, frozenset[str]]]:
    yield rule, _OF_RULE
    for port in rule.get("ports") or ():
        yield port, _OF_PORT
    peers: Sequence[Rule] = [*(rule.get("from") or ()), *(rule.get("to") or ())]
    for peer in peers:
        yield peer, _OF_PEER
        yield peer.get("ipBlock") or {}, _OF_BLOCK
