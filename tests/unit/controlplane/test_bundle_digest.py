"""Which bundle a control plane runs, by its pod."""

from pathlib import Path
from typing import Any

from vcli.config import Values
from vcli.controlplane import bundle, syncer
from vcli.controlplane.names import Names

NAMES = Names("demo", "team-a")


def test_the_digest_of_a_rendered_pod_is_the_bundles(tmp_path: Path):
    packed = bundle.load(cache=tmp_path)
    component = syncer.component(NAMES, Values(), packed)
    spec: dict[str, Any] = {"volumes": list(component.volumes)}
    assert bundle.digest_of(spec, "demo") == packed.digest == bundle.digest()


def test_a_pod_whose_image_has_the_code_has_none():
    assert (
        bundle.digest_of({"volumes": list(syncer.component(NAMES, Values(), None).volumes)}, "demo") is None
    )
    assert bundle.digest_of({}, "demo") is None


def test_the_bundle_of_another_cluster_is_not_taken_for_it():
    name = NAMES.bundle("0123456789", 0)
    spec = {"volumes": [{"projected": {"sources": [{"configMap": {"name": name}}]}}]}
    assert bundle.digest_of(spec, "demo") == "0123456789"
    assert bundle.digest_of(spec, "other") is None
