"""Which distribution the values choose, and of which version."""

from pathlib import Path

import pytest

from vcli.cli.values import Distro, ValueOptions
from vcli.config import load
from vcli.config.distros import chosen, release, tag
from vcli.errors import UsageError

K3S = "controlPlane.distro.k3s"
VERSION = "controlPlane.distro.k8s.version"


def of(*sets: str):
    return load([], list(sets)).control_plane.distro


def test_upstream_kubernetes_is_the_default():
    assert chosen(of()) == "k8s"
    assert chosen(of("controlPlane.distro.k8s.enabled=true")) == "k8s"
    assert chosen(of(f"{K3S}.enabled=true")) == "k3s"


@pytest.mark.parametrize(
    ("given", "version"),
    [
        ("1.36", "v1.36.3+k3s1"),
        ("v1.35.2", "v1.35.2+k3s1"),
        ("1.35.2+k3s2", "v1.35.2+k3s2"),
        ("v1.35.2-k3s2", "v1.35.2+k3s2"),
        ("v1.36.0-rc.1", "v1.36.0-rc.1+k3s1"),
    ],
)
def test_a_version_of_k3s_is_one_of_its_releases(given: str, version: str):
    assert of(f"{K3S}.enabled=true", f"{VERSION}={given}").k8s.version == version


def test_the_tag_of_the_image_names_the_version_too():
    on = f"{K3S}.enabled=true"
    assert of(on, f"{K3S}.image.tag=v1.35.2-k3s1").k8s.version == "v1.35.2+k3s1"
    assert of(on, f"{K3S}.image.tag=latest", f"{VERSION}=1.35.2").k8s.version == "v1.35.2+k3s1"
    with pytest.raises(UsageError, match=r"image\.tag: v1\.35\.2-k3s1 is not v1\.36\.3-k3s1") as caught:
        of(on, f"{K3S}.image.tag=v1.35.2-k3s1", f"{VERSION}=1.36.3")
    assert "leave the tag out" in (caught.value.hint or "")


@pytest.mark.parametrize("version", ["v1.36.3+k3s1", "v1.36.3-k3s1", "v1.36.3+k0s.2", "v1.36.3+other"])
def test_kubernetes_has_no_releases_of_other_distributions(version: str):
    with pytest.raises(UsageError, match=r"distro\.k8s\.version"):
        of(f"{VERSION}={version}")


def test_releases_and_tags():
    assert release("k8s", "v1.36.3") == "v1.36.3"
    assert tag(release("k3s", "v1.36.3")) == "v1.36.3-k3s1"


def test_the_option_takes_the_place_of_what_was_chosen_before(tmp_path: Path):
    """A file, or the values that are stored, may have another one."""
    before = tmp_path / "values.yaml"
    before.write_text("controlPlane: {distro: {k8s: {enabled: true}}}\n")
    values = ValueOptions(values=[str(before)], distro=Distro.K3S).load(warn=print)
    assert chosen(values.control_plane.distro) == "k3s"
    assert values.given == {"controlPlane": {"distro": {"k3s": {"enabled": True}}}}
    before.write_text("controlPlane: {distro: {k3s: {enabled: true}}}\n")
    values = ValueOptions(values=[str(before)], distro=Distro.K8S).load(warn=print)
    assert chosen(values.control_plane.distro) == "k8s"
