import json
from pathlib import Path

import pytest

from vcli.bootstrap.facts import HostFacts
from vcli.contract.settings import Settings
from vcli.errors import UsageError
from vcli.syncer.settings import parse, read, with_facts

WRITTEN = {
    "cluster": "demo",
    "namespace": "team-a",
    "service": "demo",
    "servicePort": 443,
    "headlessService": "demo-headless.team-a.svc",
    "workloadServiceAccount": "vc-workload-demo",
    "clusterDomain": "cluster.local",
    "virtualServer": "https://127.0.0.1:8443",
    "pki": "/pki",
    "kubernetesVersion": "v1.36.3",
    "addons": [{"kind": "Service"}],
    "healthPort": 8080,
    "externalIPRanges": ["203.0.113.0/24"],
    "defaultServiceAccountReady": True,
}


FACTS = HostFacts(
    service_cidrs=("10.96.0.0/16", "fd00::/108"),
    service_ips=("10.96.3.4", "fd00::4"),
    service_uid="1-2-3",
)


def load(path: Path) -> Settings:
    return parse(with_facts(read(path), FACTS))


def write(folder: Path, **changes: object) -> Path:
    file = folder / "settings.json"
    file.write_text(json.dumps({k: v for k, v in {**WRITTEN, **changes}.items() if v is not None}))
    return file


def test_every_key_arrives(tmp_path: Path) -> None:
    settings = load(write(tmp_path))
    assert (settings.service_uid, settings.service_ip) == ("1-2-3", "10.96.3.4")
    assert settings.service_cidrs == ("10.96.0.0/16", "fd00::/108")
    assert settings.pki == Path("/pki")
    assert settings.virtual_server == "https://127.0.0.1:8443"
    assert settings.addons == [{"kind": "Service"}]
    assert settings.external_ip_ranges == ["203.0.113.0/24"]


def test_a_key_of_a_later_version_does_no_harm(tmp_path: Path) -> None:
    assert load(write(tmp_path, later=1)).cluster == "demo"


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="virtualServer"):
        load(write(tmp_path, virtualServer=None))


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("{")
    with pytest.raises(UsageError, match=r"settings\.json"):
        load(file)
