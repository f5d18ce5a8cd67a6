"""The Corefile of the virtual cluster's CoreDNS, where names of it lead out of it.

A mapped name has a server block of its own, to which CoreDNS gives the questions for it and for all below it;
the longest name wins. That only the name itself is meant, or only those below it, is the condition of a
`view`. Names of the host are asked of the host's DNS, and come back as those that were asked for. Plugins are
those of upstream's CoreDNS, in the order that is compiled in: `rewrite` comes before `template`, `kubernetes`
and `forward`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from vcli.syncer.translate.names import VirtualName, host_name

_PORT: Final = 1053
_FALLBACK: Final = "127.0.0.1:1054"
"""Where the fallback listens: the block of the cluster's own domain can't rewrite after it has looked."""
_TTL: Final = 30
_FORWARD: Final = ("forward . HOST_DNS {", "    max_concurrent 1000", "}")


def with_names(corefile: str, networking: Mapping[str, Any], *, domain: str, host_domain: str) -> str:
    """The Corefile with what ``networking`` of the settings says.

    Args:
        corefile: the one of the manifests.
        networking: as in `vcli.contract.settings.Settings`.
        domain: the DNS domain of the virtual cluster.
        host_domain: that of the host.
    """
    blocks = [
        line
        for number, mapping in enumerate(networking.get("resolveDNS", ()))
        for line in _mapped(mapping, number, domain=domain, host_domain=host_domain)
    ]
    if networking.get("fallbackHostCluster"):
        corefile = _falling_back(corefile, domain=domain, is_same=domain == host_domain)
        if domain != host_domain:
            blocks += _fallback_block(domain, host_domain)
    return corefile + "".join(f"{line}\n" for line in blocks)


def host_domain_of(search: Iterable[str]) -> str:
    """The DNS domain of the host, by the search list of a pod there: ``svc.DOMAIN`` is part of it."""
    prefix = "svc."
    return next((each.removeprefix(prefix) for each in search if each.startswith(prefix)), "cluster.local")


def _mapped(mapping: Mapping[str, Any], number: int, *, domain: str, host_domain: str) -> Iterator[str]:
    target = mapping["target"]
    zone, hostname = _zone(mapping, domain), mapping.get("hostname", "")
    leads_to = _host_name(target, host_domain)
    view: list[str] = []
    if hostname or not leads_to:
        operator = "!=" if hostname.startswith("*.") else "=="
        view = [f"view resolve-dns-{number} {{", f"    expr name() {operator} '{zone}.'", "}"]
    if not leads_to:
        lines = _answers(target)
    elif hostname:
        lines = [f"rewrite name regex .* {leads_to}. answer auto", *_FORWARD]
    else:
        lines = [f"rewrite name suffix {zone}. {leads_to}. answer auto", *_FORWARD]
    return _block(f"{zone}:{_PORT}", ["errors", *view, *lines, f"cache {_TTL}", "loadbalance"])


def _zone(mapping: Mapping[str, Any], domain: str) -> str:
    """The name that is mapped, in full; what is below it belongs to it."""
    if hostname := mapping.get("hostname"):
        return str(hostname).removeprefix("*.")
    if namespace := mapping.get("namespace"):
        return f"{namespace}.svc.{domain}"
    place, _, name = mapping["service"].partition("/")
    return f"{name}.{place}.svc.{domain}"


def _host_name(target: Mapping[str, str], domain: str) -> str:
    """The name on the host that a target means; empty where it is none of the host's."""
    if namespace := target.get("hostNamespace"):
        return f"{namespace}.svc.{domain}"
    if service := target.get("hostService"):
        place, _, name = service.partition("/")
        return f"{name}.{place}.svc.{domain}"
    if service := target.get("vClusterService"):
        place, cluster, namespace, name = service.split("/")
        return f"{host_name(VirtualName(namespace, name), cluster)}.{place}.svc.{domain}"
    return ""


def _answers(target: Mapping[str, str]) -> list[str]:
    """Answers to any question that gets here: an address, or another name, which is looked up as any is."""
    if hostname := target.get("hostname"):
        return _template("ANY", f'answer "{{{{ .Name }}}} {_TTL} IN CNAME {hostname}."')
    kind = "AAAA" if ":" in target["ip"] else "A"
    return [
        *_template(kind, f'answer "{{{{ .Name }}}} {_TTL} IN {kind} {target["ip"]}"'),
        *_template("ANY", "rcode NOERROR"),  # the name exists, and has nothing else
    ]


def _template(kind: str, line: str) -> list[str]:
    return [f"template IN {kind} {{", f"    {line}", "}"]


def _falling_back(corefile: str, *, domain: str, is_same: bool) -> str:
    """The Corefile in which names of the domain that fall through are asked in the host's domain."""
    lines = []
    for line in corefile.splitlines():
        if line.startswith("    forward .") and not is_same:
            lines.append(f"    forward {domain} {_FALLBACK}")
        lines.append(line)
    return "\n".join([*lines, ""])


def _fallback_block(domain: str, host_domain: str) -> Iterator[str]:
    rewrite = f"rewrite name suffix {domain}. {host_domain}. answer auto"
    address, _, port = _FALLBACK.partition(":")
    return _block(f"{domain}:{port}", ["errors", f"bind {address}", rewrite, *_FORWARD])


def _block(head: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"{head} {{"
    yield from (f"    {line}" for line in lines)
    yield "}"
