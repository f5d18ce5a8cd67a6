"""The Corefile among the addons, with what the settings map."""

from pathlib import Path
from typing import Any

from vcli.contract.settings import Settings
from vcli.syncer.dns import addons_with_names

SERVICE = {"kind": "Service", "metadata": {"name": "kube-dns"}}
COREFILE = {
    "kind": "ConfigMap",
    "metadata": {"name": "coredns"},
    "data": {
        "Corefile": ".:1053 {\n    kubernetes cluster.local {\n    }\n    forward . HOST_DNS\n}\n",
    },
}


def settings(networking: dict[str, Any]) -> Settings:
    return Settings(
        cluster="demo",
        namespace="team-a",
        service="demo",
        headless_service="demo-headless.team-a.svc",
        workload_service_account="vc-workload-demo",
        virtual_server="https://127.0.0.1:8443",
        pki=Path("/pki"),
        kubernetes_version="v1.36.3",
        addons=[SERVICE, COREFILE],
        networking=networking,
    )


def test_nothing_is_read_where_nothing_is_mapped(tmp_path: Path) -> None:
    assert addons_with_names(settings({}), resolv_conf=tmp_path / "missing") == [SERVICE, COREFILE]


def test_the_hosts_domain_is_that_of_our_own_pod(tmp_path: Path) -> None:
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text("nameserver 10.96.0.10\nsearch team-a.svc.host.local svc.host.local host.local\n")
    mapping = {"service": "shop/db", "target": {"hostService": "data/postgres"}}
    service, config = addons_with_names(settings({"resolveDNS": [mapping]}), resolv_conf=resolv_conf)
    assert service == SERVICE
    assert "postgres.data.svc.host.local." in config["data"]["Corefile"]
    assert "postgres" not in COREFILE["data"]["Corefile"]  # type: ignore[index]
