"""The syncer's settings: `settings.json`, which follows from names and values, and facts about the host."""

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from vcli.bootstrap.facts import HostFacts
from vcli.contract import ports
from vcli.errors import UsageError

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One virtual cluster, as its syncer sees it.

    Attributes:
        cluster: the virtual cluster's name.
        namespace: the host namespace that everything lives in.
        service: the control plane's own Service in the host namespace, owner of all that the syncer makes.
        service_uid: its uid.
        service_ip: its ClusterIP: the address of `default/kubernetes` in the virtual cluster.
        service_cidrs: ranges of Service IPs, the host's.
        service_port: its port.
        headless_service: the DNS name under which kube-apiserver finds this syncer, `NAME-headless.NS.svc`.
        workload_service_account: the host ServiceAccount of every pod, without rights.
        cluster_domain: the DNS domain of the virtual cluster.
        virtual_server: URL of the virtual API server.
        pki: the folder with `ca.crt`, `syncer.crt`, `syncer.key` and what the kubelet server needs.
        kubernetes_version: of the virtual cluster, `v1.36.3`.
        addons: objects to apply in the virtual cluster when it starts (CoreDNS).
        hosts_image: what writes /etc/hosts of pods with a subdomain; empty to leave it as the host makes it.
        metrics: whether to offer `metrics.k8s.io` where the host has it.
        health_port: where `/readyz` and `/healthz` answer, plain HTTP.
        external_ip_ranges: ranges of addresses that virtual Services may have as externalIPs.
        default_service_account_ready: whether being ready includes that `default/default` exists.
    """

    cluster: str
    namespace: str
    service: str
    service_uid: str
    service_ip: str
    service_cidrs: tuple[str, ...] = ()
    service_port: int = 443
    headless_service: str
    workload_service_account: str
    cluster_domain: str = "cluster.local"
    virtual_server: str
    pki: Path
    kubernetes_version: str
    addons: list[Object] = field(default_factory=list)
    hosts_image: str = ""
    metrics: bool = True
    health_port: int = ports.HEALTH
    external_ip_ranges: list[str] = field(default_factory=list)
    default_service_account_ready: bool = True

    @property
    def kubelet_host(self) -> str:
        """The name of the headless Service alone: its namespace is nothing for a tenant to know.

        The search list of the control plane's pod, in the same namespace, makes the rest of it.
        """
        return self.headless_service.partition(".")[0]


_SPELLED = {
    "service_uid": "serviceUID",
    "service_ip": "serviceIP",
    "service_cidrs": "serviceCIDRs",
    "external_ip_ranges": "externalIPRanges",
}


def _spelling(name: str) -> str:
    head, *rest = name.split("_")
    return _SPELLED.get(name, head + "".join(map(str.title, rest)))


def read(path: Path) -> Object:
    """The JSON of the file.

    Raises:
        UsageError: the file can't be read.
    """
    try:
        data: Object = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"settings {path} can't be read: {error}") from error
    return data


def with_facts(data: Object, facts: HostFacts) -> Object:
    """The JSON with what only the host knows."""
    return {
        **data,
        "serviceUID": facts.service_uid,
        "serviceIP": facts.service_ips[0],
        "serviceCIDRs": facts.service_cidrs,
    }


def parse(data: Object) -> Settings:
    """Settings from JSON; keys that this version does not know are left alone.

    Raises:
        UsageError: a key without a default is missing.
    """
    values = {f.name: data[_spelling(f.name)] for f in fields(Settings) if _spelling(f.name) in data}
    if "pki" in values:
        values["pki"] = Path(values["pki"])
    try:
        return Settings(**values)
    except TypeError as error:
        wanted = ", ".join(_spelling(f.name) for f in fields(Settings) if f.name not in values)
        raise UsageError(f"settings lack some of: {wanted}") from error
