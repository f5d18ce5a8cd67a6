"""The values of a scheduler inside: what they take, and their deprecated key."""

from pathlib import Path

import pytest

from vcli.config import load
from vcli.config.synced import schedules_inside
from vcli.errors import UsageError


def complaint(*sets: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load([], sets)
    return caught.value


def test_the_virtual_scheduler_by_the_key_of_vcluster_yaml(tmp_path: Path):
    text = """\
controlPlane: {advanced: {virtualScheduler: {enabled: true}}}
sync: {fromHost: {nodes: {enabled: true}}}
"""
    file = tmp_path / "values.yaml"
    file.write_text(text)
    values = load([file])
    assert schedules_inside(values)
    assert values.given["controlPlane"] == {"distro": {"k8s": {"scheduler": {"enabled": True}}}}
    assert values.warnings == (), "it is a key of today's vcluster.yaml"


@pytest.mark.parametrize(
    ("sets", "key", "hint"),
    [
        (["enabled=true"], "controlPlane.distro.k8s.scheduler.enabled", "sync.fromHost.nodes.enabled"),
        (["extraArgs={--v=4}"], "controlPlane.distro.k8s.scheduler", "scheduler.enabled to true"),
    ],
)
def test_a_scheduler_inside_takes_nodes_and_to_be_turned_on(sets: list[str], key: str, hint: str):
    error = complaint(*(f"controlPlane.distro.k8s.scheduler.{each}" for each in sets))
    assert f"{key}: " in error.message
    assert error.hint is not None
    assert hint in error.hint


def test_a_scheduler_inside_takes_storage_classes():
    on = ("controlPlane.distro.k8s.scheduler.enabled=true", "sync.fromHost.nodes.enabled=true")
    error = complaint(*on, "sync.fromHost.storageClasses.enabled=false")
    assert "sync.fromHost.storageClasses.enabled: " in error.message
    assert "controlPlane.distro.k8s.scheduler.enabled" in error.message
