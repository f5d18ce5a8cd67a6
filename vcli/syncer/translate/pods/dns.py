"""Name resolution in a pod (``pkg/kubelet/network/dns``), and its host name."""

from collections.abc import Iterable
from typing import Any, Final

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pods.context import PodContext

_MOST_NAMESERVERS: Final = 3
_MOST_SEARCHES: Final = 32
_LONGEST_SEARCH_LINE: Final = 2048
_LONGEST_HOSTNAME: Final = 63


def dns_fields(pod: Object, context: PodContext) -> Object:
    """``dnsPolicy`` and ``dnsConfig`` of the host pod.

    The host's ClusterFirst would name the host's DNS server and search the host namespace, so it never
    appears.
    """
    spec, theirs = pod["spec"], pod["spec"].get("dnsConfig")
    policy = spec.get("dnsPolicy", "ClusterFirst")
    if policy == "ClusterFirst" and spec.get("hostNetwork"):
        policy = "Default"  # so kubelet decides
    if policy in ("Default", "None"):
        return {"dnsPolicy": policy, **({"dnsConfig": theirs} if theirs else {})}
    if context.dns_ip is None:
        return {"dnsPolicy": "Default", **({"dnsConfig": theirs} if theirs else {})}
    domain = context.cluster_domain
    searches = [f"{pod['metadata']['namespace']}.svc.{domain}", f"svc.{domain}", domain]
    theirs = theirs or {}
    return {
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": _distinct([context.dns_ip, *(theirs.get("nameservers") or ())])[
                :_MOST_NAMESERVERS
            ],
            "searches": _fitting(_distinct([*searches, *(theirs.get("searches") or ())])),
            "options": _options(theirs.get("options") or ()),
        },
    }


def hostname_fields(pod: Object, context: PodContext) -> Object:
    """``hostname`` or ``hostnameOverride`` of the host pod: its name as on a plain cluster.

    ``subdomain`` never gets there: kubelet would write a name in the host namespace to ``/etc/hosts``.
    Where a host has no ``hostnameOverride``, a name with dots gets dashes, and ``setHostnameAsFQDN`` has no
    effect.
    """
    if pod["spec"].get("hostNetwork"):
        return {}  # the node's
    if full := full_hostname(pod, context):
        return {"hostnameOverride": full}
    short = short_name(pod)
    if "." not in short:
        return {"hostname": short}
    return {"hostnameOverride": short} if context.hostname_override else {"hostname": short.replace(".", "-")}


def full_hostname(pod: Object, context: PodContext) -> str | None:
    """What ``setHostnameAsFQDN`` asks for; None where it doesn't, or where the host can't do it."""
    if not (pod["spec"].get("setHostnameAsFQDN") and context.hostname_override):
        return None
    full = full_name(pod, context)
    return full if full is not None and len(full) <= _LONGEST_HOSTNAME else None


def full_name(pod: Object, context: PodContext) -> str | None:
    """The pod's name in the DNS domain of its namespace; None without a subdomain."""
    spec = pod["spec"]
    if not spec.get("subdomain") or spec.get("hostNetwork"):
        return None
    namespace = pod["metadata"]["namespace"]
    return f"{short_name(pod)}.{spec['subdomain']}.{namespace}.svc.{context.cluster_domain}"


def short_name(pod: Object) -> str:
    """The host name as a kubelet cuts it."""
    spec = pod["spec"]
    name: str = spec.get("hostnameOverride") or spec.get("hostname") or pod["metadata"]["name"]
    return name[:_LONGEST_HOSTNAME].rstrip("-.")


def _distinct(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def _fitting(searches: list[str]) -> list[str]:
    # kubelet leaves out what is too much, the API would reject the pod.
    kept: list[str] = []
    for search in searches[:_MOST_SEARCHES]:
        if len(" ".join([*kept, search])) > _LONGEST_SEARCH_LINE:
            break
        kept.append(search)
    return kept


def _options(theirs: Iterable[Any]) -> list[Object]:
    merged: dict[str, Object] = {"ndots": {"name": "ndots", "value": "5"}}
    return list((merged | {option["name"]: dict(option) for option in theirs}).values())
