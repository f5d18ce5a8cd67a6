"""Somebody else's values: what each key becomes, and all mistakes at once."""

from pathlib import Path
from typing import Any

import pytest

from vcli.config import Values, load
from vcli.config.known import KNOWN
from vcli.config.modernise import schema_paths
from vcli.errors import UsageError

KEYS = (Path(__file__).parent / "keys_of_vcluster.txt").read_text().split()


def loaded(tmp_path: Path, text: str) -> Values:
    path = tmp_path / "values.yaml"
    path.write_text(text)
    return load([path])


def complaints(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, text)
    return f"{caught.value.message} {caught.value.hint or ''}"


@pytest.mark.parametrize("path", KEYS)
def test_each_key_of_vcluster_yaml_and_the_charts_of_2023_is_known(path: str):
    parts = path.split(".")
    known = {".".join(parts[:end]) for end in range(1, len(parts) + 1)} & KNOWN.keys()
    below = any(other.startswith(f"{path}.") for other in KNOWN)
    # A section that was moved as a whole: its parts are those of where it stands now.
    assert path in schema_paths() or known or below


@pytest.mark.parametrize(
    "text",
    [
        "telemetry: {enabled: false}\npro: false\nplugins: {}",
        "sync: {toHost: {services: {enabled: true}, secrets: {enabled: true, all: false}}}",
        "controlPlane: {serviceMonitor: {enabled: false, labels: {a: b}}, statefulSet: {env: [], args: []}}",
        "controlPlane: {proxy: {port: 8443, bindAddress: 0.0.0.0}, service: {enabled: true}}",
        "sync: {pods: {enabled: true}, secrets: {all: false}}\nrbac: {role: {create: true}}",
        "enableHA: false\nisolation: {enabled: false}\nproxy: {metricsServer: {nodes: {enabled: false}}}",
        "multiNamespaceMode: {enabled: false}\nrbac: {clusterRole: {create: false}}",
    ],
)
def test_what_asks_for_nothing_passes_in_silence(tmp_path: Path, text: str):
    values = loaded(tmp_path, text)
    assert (values.warnings, values.given) == ((), {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("telemetry: {enabled: true}\nservice: {enabled: true}", "service.enabled: unknown key"),
        ("controlPlane: {service: {enabled: false}}", "controlPlane.service.enabled: only the default"),
        ("controlPlane: {proxy: {port: 1}}", "controlPlane.proxy.port: only the default can be had"),
        ("multiNamespaceMode: {enabled: true}", "multiNamespaceMode: vcli does not do this"),
        ("vcluster: {image: 'k0sproject/k0s:v1.32.5-k0s.0'}", "vcluster.image: is controlPlane.distro.k0s"),
        ("syncer: {replicas: 2}", "values.yaml:1: syncer.replicas (now controlPlane.statefulSet."),
        ("syncer: {extraArgs: [--odd=1]}", "syncer.extraArgs: --odd can't be given"),
        ("isolated: {enabled: true}", "isolated: unknown key"),
        ("sync: {pods: {enabled: false}}", "sync.pods: only the default can be had"),
        ("syncer: {resources: 3}", "syncer.resources (now controlPlane.statefulSet.resources): must be"),
    ],
)
def test_what_has_no_effect_is_refused_as_it_was_written(tmp_path: Path, text: str, expected: str):
    assert expected in complaints(tmp_path, text)


def test_all_mistakes_are_said_at_once_with_their_lines(tmp_path: Path):
    text = "exportKubeconfig: {}\ncontrolPlane:\n  coredns: {enabled: 3}\n"
    text += "controlPlane:\n  proxy: {odd: 1}\ndeletion: {a: 1}"
    said = complaints(tmp_path, text)
    assert said.startswith("4 mistakes in the values:\n")
    assert "values.yaml:1: exportKubeconfig: unknown key (did you mean exportKubeConfig?)" in said
    assert "values.yaml:4: the key controlPlane is given twice, first in line 2" in said
    assert "values.yaml:5: controlPlane.proxy.odd: unknown key" in said
    assert "values.yaml:6: deletion: not supported yet (leave it out)" in said
    lines = [int(line.partition("values.yaml:")[2].partition(":")[0]) for line in said.splitlines()[1:]]
    assert lines == [1, 4, 5, 6]


def at(values: Values, *keys: str) -> Any:
    found: Any = values.given
    for key in keys:
        found = found[key]
    return found


@pytest.mark.parametrize("as_text", [True, False])
def test_flags_of_the_syncer(tmp_path: Path, *, as_text: bool):
    flags = "--tls-san=a.example.com,10.0.0.1 --tls-san b --sync=ingresses,-nodes --out-kube-config-server=https://a"
    given = flags if as_text else flags.split()
    values = loaded(tmp_path, f"syncer:\n  extraArgs: {given}\n")
    assert values.control_plane.proxy.extra_sans == ("a.example.com", "10.0.0.1", "b")
    assert values.export_kube_config.server == "https://a"
    assert at(values, "sync") == {"toHost": {"ingresses": {"enabled": True}}}


def test_an_image_names_the_version_and_runs_as_what_it_is(tmp_path: Path):
    values = loaded(tmp_path, "api: {image: 'registry.k8s.io/kube-apiserver:v1.35.2'}")
    assert values.control_plane.distro.k8s.version == "v1.35.2"
    assert "older than" in complaints(tmp_path, "api: {image: 'registry.k8s.io/kube-apiserver:v1.25.0'}")


def test_another_products_syncer_never_runs(tmp_path: Path):
    values = loaded(tmp_path, "syncer: {image: 'ghcr.io/loft-sh/vcluster:0.19.5'}")
    assert "image" not in str(values.given)
    assert "another product's" in values.warnings[-1]
    part = loaded(tmp_path, "controlPlane: {statefulSet: {image: {repository: loft-sh/vcluster-pro}}}")
    assert part.given == {}


def test_flags_of_the_api_server(tmp_path: Path):
    values = loaded(tmp_path, "vcluster: {extraArgs: [--kube-apiserver-arg=oidc-client-id=x]}")
    assert values.control_plane.distro.k8s.api_server.extra_args == ("--oidc-client-id=x",)


def test_a_database_of_k3s(tmp_path: Path):
    values = loaded(tmp_path, "vcluster: {extraArgs: [--datastore-endpoint=mysql://a:b@tcp(db:3306)/vc]}")
    external = values.control_plane.backing_store.database.external
    assert (external.enabled, external.data_source) == (True, "mysql://a:b@tcp(db:3306)/vc")
