"""Values files of others, on a real host."""

from pathlib import Path

import yaml
from embedded import Host

OF_2023 = """\
sync:
  ingresses: {enabled: true}
  pods: {enabled: true}
syncer:
  image: ghcr.io/loft-sh/vcluster:0.19.5
  extraArgs: [--tls-san=vc.example.com]
coredns: {integrated: true}
telemetry: {disabled: true}
"""


def test_a_cluster_is_made_from_values_of_2023(desk: Host, namespace: str, tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text(OF_2023)
    made = desk.vcli("create", "demo", "-n", namespace, "-f", str(path))
    assert "syncer.extraArgs is now controlPlane.proxy.extraSANs" in made.stderr
    assert "syncer.image" in made.stderr
    assert "namespace/default" in desk.kubectl("get", "namespaces", "-o", "name")
    kept = desk.get("configmap", "vc-config-demo", "-n", namespace, "--context", desk.name)
    assert yaml.safe_load(kept["data"]["config.yaml"]) == {
        "sync": {"toHost": {"ingresses": {"enabled": True}}},
        "controlPlane": {"proxy": {"extraSANs": ["vc.example.com"]}},
    }
