"""Images of which the values name a part, and the versions that tags name."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from vcli.config import Values, load, read
from vcli.config.document import Document
from vcli.config.load import from_mapping
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.render import render
from vcli.errors import UsageError

BUNDLE = Bundle("0123456789", b"code", "3.11")


def loaded(tmp_path: Path, text: str) -> Values:
    path = tmp_path / "values.yaml"
    path.write_text(text)
    return load([path])


def images(values: dict[str, Any]) -> dict[str, str]:
    checked = from_mapping(values, name="values")
    workload = render(Names("demo", "team"), checked, Facts(), bundle=BUNDLE)[-1]
    return {each["name"]: each["image"] for each in workload["spec"]["template"]["spec"]["containers"]}


def test_a_registry_alone_keeps_repository_and_tag():
    text = """
        controlPlane:
          distro: {k8s: {image: {registry: registry.example.com}}}
          backingStore:
            etcd: {deploy: {enabled: true, statefulSet: {image: {registry: registry.example.com}}}}
          statefulSet: {image: {registry: registry.example.com}}
    """
    plain = images({})
    assert images(yaml.safe_load(text)) == {
        name: f"registry.example.com/{image.partition('/')[2]}" for name, image in plain.items()
    }


@pytest.mark.parametrize(
    ("part", "image"),
    [
        ({"registry": "a.example"}, "a.example/kube-apiserver:v1.36.3"),
        ({"repository": "me/own"}, "registry.k8s.io/me/own:v1.36.3"),
        ({"tag": "v1.35.2"}, "registry.k8s.io/kube-apiserver:v1.35.2"),
    ],
)
def test_each_part_keeps_its_siblings(part: dict[str, str], image: str):
    found = images({"controlPlane": {"distro": {"k8s": {"apiServer": {"image": part}}}}})
    assert found["kube-apiserver"] == image
    # They run one version.
    assert found["kube-controller-manager"].rpartition(":")[2] == image.rpartition(":")[2]


def test_another_python_of_the_same_version_runs_the_syncer():
    found = images({"controlPlane": {"statefulSet": {"image": {"tag": "3.11.9-slim-bookworm"}}}})
    assert found["syncer"] == "docker.io/library/python:3.11.9-slim-bookworm"


@pytest.mark.parametrize("tag", ["3.1", "3.110", "latest", "0.20.1"])
def test_another_python_does_not(tag: str):
    with pytest.raises(UsageError, match=f"statefulSet.image.tag: {tag} is no Python 3.11"):
        images({"controlPlane": {"statefulSet": {"image": {"tag": tag}}}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("api: {image: 'a/kube-apiserver:latest'}", "its tag, latest, names no version"),
        ("vcluster: {image: 'rancher/k3s:latest'}", "its tag, latest, names no version"),
        ("controlPlane: {distro: {k8s: {image: {tag: stable}}}}", "its tag, stable, names no version"),
        ("controlPlane: {distro: {k8s: {image: {tag: v1.28.1}}}}", "v1.28.1 is older than 1.30"),
        ("controlPlane: {distro: {k8s: {apiServer: {image: {tag: v1.28.1}}}}}", "v1.28.1 is older than 1.30"),
        (
            "controlPlane: {distro: {k8s: {version: 1.36.1, apiServer: {image: {tag: v1.35.2}}}}}",
            "v1.35.2 is not v1.36.1, which controlPlane.distro.k8s.version asks for",
        ),
    ],
)
def test_versions_that_cant_be_read_or_run(tmp_path: Path, text: str, message: str):
    with pytest.raises(UsageError, match=message):
        loaded(tmp_path, text)


def test_etcd_of_its_own_is_that_in_the_pod(tmp_path: Path):
    values = loaded(
        tmp_path,
        "controlPlane: {backingStore: {etcd: {deploy: {enabled: true, service: {enabled: true},\n"
        " statefulSet: {\n"
        "  resources: {limits: {memory: 2Gi}}, highAvailability: {replicas: 3},\n"
        "  scheduling: {podManagementPolicy: Parallel},\n"
        "  persistence: {volumeClaim: {size: 9Gi, storageClass: fast}}}}}}}\n",
    )
    plane = values.control_plane
    assert plane.backing_store.etcd.embedded.resources == {"limits": {"memory": "2Gi"}}
    claim = plane.stateful_set.persistence.volume_claim
    assert (claim.size, claim.storage_class) == ("9Gi", "fast")
    assert plane.stateful_set.high_availability.replicas == 3
    said = values.warnings[0]
    assert (
        "etcd.deploy is now controlPlane.backingStore.etcd.embedded.resources, controlPlane.stateful" in said
    )
    off = loaded(
        tmp_path, "controlPlane: {backingStore: {etcd: {deploy: {enabled: false, statefulSet: {a: b}}}}}"
    )
    assert off.given == {}


def test_etcd_of_its_own_has_no_pod_to_place(tmp_path: Path):
    text = (
        "controlPlane: {backingStore: {etcd: {deploy: {enabled: true,"
        " statefulSet: {scheduling: {nodeSelector: {a: b}}}}}}}"
    )
    with pytest.raises(UsageError, match=r"scheduling\.nodeSelector: etcd runs in the control plane's pod"):
        loaded(tmp_path, text)


@pytest.mark.parametrize("distro", ["k8s.apiServer", "k3s"])
@pytest.mark.parametrize("tag", ["latest", "v1.36", "sha256:" + "0" * 64])
def test_a_tag_without_a_version_takes_one_beside_it(distro: str, tag: str):
    key, version = f"controlPlane.distro.{distro}.image.tag", "controlPlane.distro.k8s.version"
    sets = [f"{key}={tag}", *(["controlPlane.distro.k3s.enabled=true"] if distro == "k3s" else [])]
    with pytest.raises(UsageError, match=f"{key}: names no version of Kubernetes") as refused:
        load([], sets)
    assert version in (refused.value.hint or "")
    for given in ("v1.36.3", "1.36", "v1.35.2"):
        values = load([], [*sets, f"{version}={given}"])
        assert values.warnings == ()
    # A virtual cluster that runs with such values is not held up.
    kept = values.given
    del kept["controlPlane"]["distro"]["k8s"]["version"]
    [note] = read().values(over=Document(kept)).warnings
    assert f"{key}: names no version" in note
    assert load([], ["controlPlane.distro.k3s.image.tag=latest,controlPlane.distro.k3s.enabled=false"])


@pytest.mark.parametrize("digest", ["", "@sha256:" + "0" * 64])
def test_the_version_is_read_from_a_tag_before_a_digest(digest: str):
    image = f"registry.example.com/kube-apiserver:v1.35.2{digest}"
    values = load([], [f"controlPlane.distro.k8s.apiServer.image={image}"])
    k8s = values.control_plane.distro.k8s
    assert k8s.version == "v1.35.2"
    assert k8s.api_server.image.reference() == image
    k3s = [
        f"controlPlane.distro.k3s.image=rancher/k3s:v1.35.2-k3s1{digest}",
        "controlPlane.distro.k3s.enabled=true",
    ]
    assert load([], k3s).control_plane.distro.k8s.version == "v1.35.2+k3s1"
