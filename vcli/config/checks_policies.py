"""Values of ``policies`` that are right one by one and don't go together."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final

from vcli.config.document import Document, Keys
from vcli.config.dump import dump
from vcli.config.parse import fail
from vcli.config.quantity import PATTERN as QUANTITY
from vcli.config.schema import Values
from vcli.config.schema_kinds import switch_of
from vcli.config.schema_policies import (
    HostMetadataPolicy,
    LimitRangePolicy,
    NetworkPolicyPolicy,
    ResourceQuotaPolicy,
)
from vcli.config.synced import NETWORK_POLICIES
from vcli.kube.types import Object

_PLACE: Final = ("policies",)
_PATTERN: Final = r"([-A-Za-z0-9.*]+/)?[-A-Za-z0-9_.*]+"
"""Of keys of labels and annotations, ``*`` for any text in either part."""


def check_policies(values: Values, document: Document) -> None:
    """Complain about what has no effect, or can't be done.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    policies = values.policies
    if policies.enforced_standard and values.control_plane.distro.k3s.enabled:
        raise fail(
            document,
            (*_PLACE, "podSecurityStandard"),
            "k3s is not given the file that says so yet",
            hint="set it to '' (or label the namespaces inside), or use upstream Kubernetes (--distro k8s)",
        )
    quota, limits, network = policies.resource_quota, policies.limit_range, policies.network_policy
    metadata = policies.host_metadata
    for key, section, default, is_on in (
        ("resourceQuota", quota, ResourceQuotaPolicy(), policies.has_quota),
        ("limitRange", limits, LimitRangePolicy(), policies.has_limits),
        ("networkPolicy", network, NetworkPolicyPolicy(), network.enabled),
        ("hostMetadata", metadata, HostMetadataPolicy(), metadata.enabled),
    ):
        if not is_on and _without_switch(section) != _without_switch(default):
            raise fail(
                document,
                (*_PLACE, key),
                "of no use while it is off",
                hint=f"set policies.{key}.enabled to true",
            )
    _amounts(quota.quota, (*_PLACE, "resourceQuota", "quota"), document, may_be_empty=True)
    for name, amounts in (
        ("default", limits.default),
        ("defaultRequest", limits.default_request),
        ("max", limits.max),
        ("min", limits.min),
    ):
        keys = (*_PLACE, "limitRange", name)
        _amounts(amounts, keys, document, may_be_empty=name.startswith("default"))
    if (quota.scopes or quota.scope_selector) and not quota.quota:
        keys = (*_PLACE, "resourceQuota", "quota")
        raise fail(document, keys, "must be given with scopes, which have no default amounts")
    for field, patterns in (("annotations", metadata.annotations), ("labels", metadata.labels)):
        for number, pattern in enumerate(patterns):
            if not re.fullmatch(_PATTERN, pattern):
                raise fail(
                    document,
                    (*_PLACE, "hostMetadata", field, number),
                    f"{pattern!r} is no key, and no pattern of keys",
                    hint="such as example.com/name, example.com/* or *.example.com/*",
                )
    if network.enabled:
        _network(values, document)


def privileged_beside(values: Values) -> str:
    """What to say where no standard is wanted beside what keeps tenants apart; empty for nothing."""
    policies = values.policies
    if policies.pod_security_standard != "privileged" or not policies.network_policy.enabled:
        return ""
    return "forbids nothing: pods on a host's network, and those with its files, are beyond networkPolicy"


def _without_switch(section: Any) -> Object:
    return {key: value for key, value in dump(section).items() if key != "enabled"}


def _amounts(amounts: Mapping[str, Any], keys: Keys, document: Document, *, may_be_empty: bool) -> None:
    for name, amount in amounts.items():
        text = amount if isinstance(amount, str) else str(amount)
        is_none = isinstance(amount, bool | dict | list) or (text == "" and not may_be_empty)
        if is_none or not re.fullmatch(QUANTITY, text or "0"):
            raise fail(document, (*keys, name), "must be a quantity, such as 10, 500m or 5Gi")


def _network(values: Values, document: Document) -> None:
    if switch_of(values.sync.to_host, NETWORK_POLICIES) is True:
        raise fail(
            document,
            ("sync", "toHost", "networkPolicies", "enabled"),
            "not with policies.networkPolicy.enabled: NetworkPolicies add up, so a tenant's own could open"
            " what these close",
            hint="leave it out: then tenants' NetworkPolicies stay inside, and say so",
        )
    keys = (*_PLACE, "networkPolicy")
    block = values.policies.network_policy.outgoing_connections.ip_block
    place = (*keys, "outgoingConnections", "ipBlock")
    whole = _parsed(block.cidr, (*place, "cidr"), document) if block.cidr else None
    for text in block.except_ if whole else ():
        part = _parsed(text, (*place, "except"), document)
        if part.version != whole.version or part == whole or not part.subnet_of(whole):  # type: ignore[arg-type, union-attr]
            raise fail(
                document,
                (*place, "except"),
                f"{text} is not a part of {block.cidr}",
                hint=f"name ranges in {block.cidr}; [] for none",
            )
    dns = values.policies.network_policy.fallback_dns
    try:
        _ = dns and ipaddress.ip_address(dns)
    except ValueError as error:
        raise fail(document, (*keys, "fallbackDns"), f"{error}") from error
    if dns and not values.control_plane.coredns.enabled:
        hint = "set controlPlane.coredns.enabled to true"
        raise fail(document, (*keys, "fallbackDns"), "of no use without the virtual cluster's DNS", hint=hint)
    if dns and values.control_plane.coredns.overwrite_config:
        raise fail(document, (*keys, "fallbackDns"), "of no use with controlPlane.coredns.overwriteConfig")


def _parsed(text: str, keys: Keys, document: Document) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise fail(document, keys, f"{error}") from error
