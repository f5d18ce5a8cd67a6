"""The versions of Kubernetes that hosts run: their pins, and what users may call them."""

import os
import re
import time
from pathlib import Path

import pytest

from vcli.config.schema import KUBERNETES as OF_VIRTUAL_CLUSTERS
from vcli.errors import ConflictError, UsageError
from vcli.host import binaries, images, in_use, process
from vcli.host.binaries import Binaries
from vcli.host.instance import Instance
from vcli.host.plan import Component, Plan
from vcli.host.products import MODULES, kubernetes, products
from vcli.host.versions import KUBERNETES, KUBERNETES_RELEASES, minor_of, release
from vcli.operations import host as operation
from vcli.operations import host_images, host_programs

OLDEST = KUBERNETES_RELEASES[0]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(x) for x in version.removeprefix("v").split("."))


def test_one_release_of_each_minor_in_order_and_the_newest_is_the_default() -> None:
    assert [*KUBERNETES_RELEASES] == sorted(KUBERNETES_RELEASES, key=numbers)
    assert len({minor_of(x) for x in KUBERNETES_RELEASES}) == len(KUBERNETES_RELEASES)
    # Also of virtual clusters, whose images a host has then.
    assert KUBERNETES_RELEASES[-1] == KUBERNETES == OF_VIRTUAL_CLUSTERS


@pytest.mark.parametrize("version", KUBERNETES_RELEASES)
def test_all_modules_of_a_release_are_pinned_to_it(version: str) -> None:
    text = (kubernetes(version).module / "go.mod").read_text()
    assert re.search(rf"^\tk8s.io/kubernetes {re.escape(version)} // indirect$", text, re.MULTILINE)
    replaced = re.findall(r"^\t(k8s.io/\S+) => (\S+) (\S+)$", text, re.MULTILINE)
    assert {staging for _, _, staging in replaced} == {version.replace("v1.", "v0.")}
    assert all(module == other for module, other, _ in replaced)
    # No version is left to what a dependency requires.
    required = re.findall(r"^\t(k8s.io/\S+) (v0\.(?:0\.0|\d\d\.\d+)) // indirect$", text, re.MULTILINE)
    assert {module for module, _ in required} <= {module for module, _, _ in replaced}
    assert (kubernetes(version).module / "go.sum").is_file()


def test_each_folder_of_pins_is_a_release() -> None:
    folders = {x.name for x in MODULES.glob("kubernetes*")}
    assert folders == {f"kubernetes-{minor_of(x).removeprefix('v')}" for x in KUBERNETES_RELEASES}


def test_releases_lie_beside_each_other_in_the_cache(tmp_path: Path) -> None:
    of = {x: Binaries(tmp_path, products(x)) for x in KUBERNETES_RELEASES}
    assert len({str(x["kubelet"]) for x in of.values()}) == len(of)
    assert len({str(x["etcd"]) for x in of.values()}) == 1
    assert {x: y.version["kubernetes"] for x, y in of.items()} == {x: x for x in of}


def test_programs_carry_their_own_version() -> None:
    flags = kubernetes(OLDEST).ldflags
    major, minor, _ = OLDEST.removeprefix("v").split(".")
    for stamp in (f"gitVersion={OLDEST}", f"gitMajor={major}", f"gitMinor={minor}"):
        assert f"k8s.io/component-base/version.{stamp} " in f"{flags} "


def test_images_have_the_version_of_their_programs_as_tag(tmp_path: Path) -> None:
    found = Binaries(tmp_path, [kubernetes(OLDEST)])
    for program in found.values():
        program.parent.mkdir(parents=True, exist_ok=True)
        program.touch()
    offers = images.of_kubernetes(found, images.CONTROL_PLANE)
    named = [y for x in offers for y in x.image().names]
    programs = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    assert named == [f"registry.k8s.io/{x}:{OLDEST}" for x in programs]


@pytest.mark.parametrize("version", KUBERNETES_RELEASES)
def test_a_release_is_meant_by_its_minor_or_in_full(version: str) -> None:
    for given in (version, minor_of(version)):
        assert release(given) == version
        assert release(given.removeprefix("v")) == version


@pytest.mark.parametrize(
    "given", ["1.32", "1.99", "1", "v", "latest", f"{OLDEST}0", "1.36.", "1.36.99", "vv1.36"]
)
def test_no_other_is_taken_for_one(given: str) -> None:
    with pytest.raises(UsageError, match="the embedded host has no Kubernetes") as caught:
        release(given)
    for each in KUBERNETES_RELEASES:
        assert each in str(caught.value.hint)


def test_an_empty_one_is_an_unset_variable() -> None:
    with pytest.raises(UsageError, match="--kubernetes must not be empty"):
        release("")


@pytest.mark.parametrize(
    "do",
    [
        lambda: operation.up(name="lab", kubernetes="1.99"),
        lambda: host_programs.build(kubernetes="1.99"),
        lambda: host_images.load_kubernetes("1.99", name="lab"),
    ],
)
def test_unknown_version_is_refused_before_anything_happens(do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "locked", None)
    with pytest.raises(UsageError, match=r"no Kubernetes '1\.99'"):
        do()


# A host that is up


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, short_path: Path) -> Path:
    monkeypatch.setenv("VCLI_HOST_ROOT", str(short_path))
    monkeypatch.setattr(process, "node_pid", lambda instance: 1 if instance.identity.exists() else None)
    return short_path


def booted(
    name: str, *, version: str, program: Path = Path("/bin/kubelet"), images: tuple[str, ...] = ()
) -> Instance:
    instance = Instance.of(name)
    for folder in (instance.root, instance.run):
        folder.mkdir(parents=True)
    Plan(
        name=name, root="", run="", hide={}, keep=[], resolv_conf="", path=[str(program.parent)], network=[],
        components=[Component(name="kubelet", argv=[str(program)])], images=images, ctr=[], containerd="",
        addons=[], pki="", api_host="", api_port=1, kubernetes=version,
    ).write(instance.plan)  # fmt: skip
    instance.identity.touch()
    return instance


def test_another_version_than_it_runs_is_a_conflict(root: Path) -> None:
    host = booted("lab", version=OLDEST)
    operation._same_version(host, None)
    operation._same_version(host, OLDEST)
    with pytest.raises(ConflictError, match=f"host lab is up already, with Kubernetes {OLDEST}") as caught:
        operation._same_version(host, KUBERNETES)
    assert "vcli host down --name lab" in str(caught.value.hint)


def test_host_of_an_earlier_vcli_has_the_version_that_there_was(root: Path) -> None:
    host = booted("lab", version="")
    operation._same_version(host, KUBERNETES)
    with pytest.raises(ConflictError, match=KUBERNETES):
        operation._same_version(host, OLDEST)


def test_programs_of_running_hosts_are_kept_however_old(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folders = {x: cache / "host" / f"kubernetes-{x}" for x in ("running", "stopped", "unused")}
    archive = cache / "host" / "image-1" / "traefik.tar"
    for folder in folders.values():
        (folder / "bin").mkdir(parents=True)
    archive.parent.mkdir()
    archive.touch()
    booted("a", version=OLDEST, program=folders["running"] / "bin" / "kubelet", images=(str(archive),))
    booted("b", version=OLDEST, program=folders["stopped"] / "bin" / "kubelet").identity.unlink()
    booted("c", version=OLDEST).plan.write_text("{")  # just being written
    assert in_use.folders(cache) == [archive.parent, folders["running"]]

    long_ago = time.time() - 2 * binaries.KEEP_FOR
    for folder in (*folders.values(), archive.parent):
        os.utime(folder, (long_ago, long_ago))
    binaries.mark_used(in_use.folders(cache))
    binaries.prune(cache)
    assert {x for x, folder in folders.items() if folder.exists()} == {"running"}
    assert archive.exists()
