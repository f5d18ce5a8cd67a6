"""Values of ``networking`` that don't go together, or lead nowhere; a part of `vcli.config.checks`."""

import ipaddress
from collections.abc import Iterable

from vcli.config.document import Document, Keys
from vcli.config.dump import dump
from vcli.config.parse import fail
from vcli.config.schema import Values
from vcli.config.schema_networking import DnsMapping

_REPLICATED: Keys = ("networking", "replicateServices")
_CIDR: Keys = ("networking", "serviceCIDR")
_MAPPED: Keys = ("networking", "resolveDNS")
_FALLBACK: Keys = ("networking", "advanced", "fallbackHostCluster")


def check_networking(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the entry, its place and the way out.
    """
    chosen = values.networking
    for text in filter(None, chosen.service_cidr.split(",")):
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            raise fail(document, _CIDR, f"{error}", hint="write a range as 10.96.0.0/16") from error
    _check_unique(document, (*_REPLICATED, "toHost"), (each.to for each in chosen.replicate_services.to_host))
    _check_unique(
        document, (*_REPLICATED, "fromHost"), (each.to for each in chosen.replicate_services.from_host)
    )
    for given, keys in ((chosen.resolve_dns, _MAPPED), (chosen.advanced.fallback_host_cluster, _FALLBACK)):
        if given:
            _check_corefile(values, document, keys)
    for number, each in enumerate(chosen.resolve_dns):
        _check_mapping(each, document, (*_MAPPED, number), domain=chosen.advanced.cluster_domain)
    _check_names(values, document)


def _check_unique(document: Document, keys: Keys, names: Iterable[str]) -> None:
    known: dict[str, int] = {}
    for number, name in enumerate(names):
        bare = name.rpartition("/")[2] if keys[-1] == "toHost" else name
        if bare in known:
            raise fail(document, (*keys, number, "to"), f"{name} is taken by entry [{known[bare]}]")
        known[bare] = number


def _check_corefile(values: Values, document: Document, keys: Keys) -> None:
    coredns = values.control_plane.coredns
    if not coredns.enabled:
        raise fail(document, keys, "of no use while controlPlane.coredns.enabled is false")
    if coredns.overwrite_config:
        hint = "write it into that Corefile, or leave overwriteConfig out"
        raise fail(document, keys, "of no use with controlPlane.coredns.overwriteConfig", hint=hint)


def _check_mapping(mapping: DnsMapping, document: Document, keys: Keys, *, domain: str) -> None:
    target = mapping.target
    _check_one(document, keys, {key: value for key, value in dump(mapping).items() if key != "target"})
    _check_one(document, (*keys, "target"), dump(target))
    if bool(mapping.namespace) != bool(target.host_namespace):
        text = "a namespace leads to a hostNamespace, and nothing else does"
        hint = "for a single Service write service and hostService"
        raise fail(document, (*keys, "target"), text, hint=hint)
    if target.ip:
        try:
            ipaddress.ip_address(target.ip)
        except ValueError as error:
            raise fail(document, (*keys, "target", "ip"), f"{error}") from error
    base = mapping.hostname.removeprefix("*.")
    if base and _is_in(base, domain):
        text = f"{mapping.hostname} is in the cluster domain, {domain}"
        raise fail(document, (*keys, "hostname"), text, hint="write it as service or namespace")
    if base != mapping.hostname and _is_in(domain, base):
        text = f"{mapping.hostname} has the cluster domain in it, {domain}: no Service would be found"
        raise fail(document, (*keys, "hostname"), text)


def _check_one(document: Document, keys: Keys, options: dict[str, str]) -> None:
    given = [name for name, value in options.items() if value]
    if len(given) != 1:
        found = f"{' and '.join(given)} are given" if given else "none is given"
        raise fail(document, keys, f"one of {', '.join(options)}: {found}")


def _check_names(values: Values, document: Document) -> None:
    """Each name is mapped once, and none leads to a mapped one: CoreDNS would not notice a circle."""
    domain = values.networking.advanced.cluster_domain
    mappings = values.networking.resolve_dns
    known: dict[str, int] = {}
    for number, each in enumerate(mappings):
        name = each.hostname or each.service or each.namespace
        if name in known:
            raise fail(document, (*_MAPPED, number), f"{name} is mapped by entry [{known[name]}] already")
        known[name] = number
    for number, each in enumerate(mappings):
        for other in mappings:
            if each.target.hostname and _covers(other, each.target.hostname, domain):
                text = f"{each.target.hostname} is mapped itself"
                hint = "give it the target of that mapping"
                raise fail(document, (*_MAPPED, number, "target", "hostname"), text, hint=hint)


def _covers(mapping: DnsMapping, name: str, domain: str) -> bool:
    if mapping.hostname.startswith("*."):
        return name.endswith(mapping.hostname[1:])
    if mapping.hostname:
        return name == mapping.hostname
    place = ".".join(reversed((mapping.service or mapping.namespace).split("/")))
    return _is_in(name, f"{place}.svc.{domain}")


def _is_in(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")
