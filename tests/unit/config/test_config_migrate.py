"""``vcli values migrate``: the same values in today's shape, with the comments of their author."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from test_config_every_key import whole_chart

from vcli.config import load
from vcli.config.migrate import Migrated, migrate
from vcli.errors import UsageError

OLD = """\
# Values of demo.

# which k3s
vcluster:
  image: rancher/k3s:v1.32.5-k3s1  # as in prod
syncer:
  extraArgs:
    # the public name
    - --tls-san=vc.example.com
storage:
  size: 8Gi   # enough
telemetry:
  disabled: true
rbac:
  role:
    extended: true
mapServices:
  fromHost:
    # the collector
    - from: monitoring/collector  # them
      to: default/collector
coredns:
  config: |
    .:1053 {
      # no comment
    }
nodeSelector: {"a # b": "c"}  # ours
networking:
  advanced: {clusterDomain: corp.example}
# the end
"""
NEW = """\
# Values of demo.

# line 12: telemetry: left out: it changes nothing
# line 16: rbac.role.extended: has no effect: rights follow from what is synced

networking:
  advanced:
    clusterDomain: corp.example
  replicateServices:
    # was mapServices.fromHost
    fromHost:
      # the collector
      - from: monitoring/collector # them
        to: default/collector
controlPlane:
  distro:
    k3s:
      # which k3s
      # was vcluster.image
      enabled: true # as in prod
      # was vcluster.image
      image: rancher/k3s:v1.32.5-k3s1
  statefulSet:
    persistence:
      volumeClaim:
        # was storage.size
        size: 8Gi # enough
    scheduling:
      # was nodeSelector
      nodeSelector: # ours
        'a # b': c
  coredns:
    # was coredns.config
    overwriteConfig: |
      .:1053 {
        # no comment
      }
  proxy:
    # was syncer.extraArgs
    extraSANs:
      # the public name
      - vc.example.com
# the end
"""


def migrated(tmp_path: Path, text: str) -> Migrated:
    path = tmp_path / "old.yaml"
    path.write_text(text)
    return migrate(path)


def given(tmp_path: Path, text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    path = tmp_path / "given.yaml"
    path.write_text(text)
    values = load([path])
    return dict(values.given), values.warnings


def test_a_file_of_2023_with_its_comments(tmp_path: Path):
    assert migrated(tmp_path, OLD).text == NEW


def test_what_was_migrated_stays_as_it_is(tmp_path: Path):
    first, second = migrated(tmp_path, OLD), migrated(tmp_path, NEW)
    assert second.data == first.data
    assert second.text == NEW
    assert second.warnings == ()


@pytest.mark.parametrize(
    ("table", "minor", "chart"),
    [("vcluster", 37, ""), ("vcluster", 20, ""), ("charts_2023", 19, "k3s"), ("charts_2023", 10, "k8s")],
)
def test_a_whole_chart_means_the_same_as_before(tmp_path: Path, table: str, minor: int, chart: str):
    text = yaml.safe_dump(whole_chart(table, minor, chart))
    done = migrated(tmp_path, text)
    assert yaml.safe_load(done.text) == done.data
    before, _ = given(tmp_path, text)
    after, warnings = given(tmp_path, done.text)
    assert (after, warnings) == (before, ())


@pytest.mark.parametrize(
    "text",
    [
        OLD,
        "controlPlane: {statefulSet: {labels: {a: 'yes', b: \"x # y\", c: '1e5'}}}",
        'controlPlane:\n  coredns:\n    overwriteConfig: "  a\\n\\n b\\n\\n"\n',
        "controlPlane:\n  coredns:\n    overwriteConfig: >-\n      a b\n      # no comment\n",
        "controlPlane:\n  proxy:\n    # one\n    extraSANs: [a, b] # two\n",
        "controlPlane:\n  coredns:\n    deployment:\n      tolerations:\n        -\n          key: a # b\n",
        "policies: {networkPolicy: {enabled: true, extraWorkloadRules: [{to: [{ipBlock: {cidr: '::/0'}}]}]}}",
        "---\nsyncer: {labels: {a: b}}\n",
        "sync: {toHost: {ingresses: {enabled: true}}} # all\n",
    ],
)
def test_the_same_is_asked_for(tmp_path: Path, text: str):
    assert given(tmp_path, migrated(tmp_path, text).text)[0] == given(tmp_path, text)[0]


def test_nothing_is_an_empty_mapping(tmp_path: Path):
    assert migrated(tmp_path, "").text == "{}\n"
    assert migrated(tmp_path, "telemetry: {enabled: false}").text == (
        "# line 1: telemetry: left out: it changes nothing\n\n{}\n"
    )


def test_a_file_that_is_refused_is_refused_with_all_that_is_wrong(tmp_path: Path):
    with pytest.raises(UsageError, match="2 mistakes") as caught:
        migrated(tmp_path, "odd: 1\nmultiNamespaceMode: {enabled: true}\n")
    assert "old.yaml:2: multiNamespaceMode: vcli does not do this" in caught.value.message
