# ruff: noqa: ARG002  the sources here have the protocol's shape

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from vcli.errors import VcliError
from vcli.host import binaries, products, versions
from vcli.host.addons import OPTIONAL
from vcli.host.binaries import Binaries, Say, SourceUnavailableError, ensure, publish
from vcli.host.products import PRODUCTS, Product, kubernetes


class Made:
    """A source that makes programs of two bytes; fails at one of them if told to."""

    def __init__(self, *, fail_at: str = "") -> None:
        self.asked: list[str] = []
        self.fail_at = fail_at

    def fetch(self, product: Product, missing: Sequence[str], into: Path, say: Say) -> None:
        for program in missing:
            say(f"{program}: making")
            self.asked.append(program)
            partial = into / f".{program}.part"
            partial.write_text("half")
            if program == self.fail_at:
                raise VcliError("no")
            publish(partial, into / program)


class Unavailable:
    def fetch(self, product: Product, missing: Sequence[str], into: Path, say: Say) -> None:
        raise SourceUnavailableError(product.name)


def quiet(text: str) -> None:
    pass


ALL = [program for product in PRODUCTS for program in product.packages]


def test_go_mod_pins_what_is_said_to_be_there() -> None:
    pinned = {
        "containerd": ("github.com/containerd/containerd/v2", versions.CONTAINERD),
        "etcd": ("go.etcd.io/etcd/server/v3", versions.ETCD),
        "coredns": ("github.com/coredns/coredns", versions.COREDNS),
        "kube-router": ("github.com/cloudnativelabs/kube-router/v2", versions.KUBE_ROUTER),
        "metrics-server": ("sigs.k8s.io/metrics-server", versions.METRICS_SERVER),
        "traefik": ("github.com/traefik/traefik/v3", versions.TRAEFIK),
        "gateway-api": ("sigs.k8s.io/gateway-api", versions.GATEWAY_API),
    }
    for name, (module, version) in pinned.items():
        text = (products.MODULES / name / "go.mod").read_text()
        assert re.search(rf"^\s*(require )?{re.escape(module)} {re.escape(version)}\b", text, re.MULTILINE)
    assert versions.ETCD.removeprefix("v") in versions.ETCD_IMAGE
    assert versions.COREDNS_IMAGE.endswith(versions.COREDNS)


def test_every_package_is_a_tool_of_its_module() -> None:
    of_kubernetes = [kubernetes(x) for x in versions.KUBERNETES_RELEASES]
    for product in (*PRODUCTS, *of_kubernetes, *(y for x in OPTIONAL for y in x.products)):
        text = (product.module / "go.mod").read_text()
        for package in product.packages.values():
            assert package == "." or re.search(rf"^(tool|\t)\s*{re.escape(package)}$", text, re.MULTILINE), (
                package
            )


def test_all_is_asked_for_once_and_is_complete(tmp_path: Path) -> None:
    source = Made()
    said: list[str] = []
    found = ensure(tmp_path, [source], said.append)
    assert source.asked == ALL
    assert found.missing() == []
    assert said[0].startswith(f"[1/{len(ALL)}] ")
    assert said[-1].startswith(f"[{len(ALL)}/{len(ALL)}] ")
    ensure(tmp_path, [source], quiet)
    assert source.asked == ALL


def test_what_was_finished_before_a_failure_is_kept_and_no_half_counts(tmp_path: Path) -> None:
    with pytest.raises(VcliError):
        ensure(tmp_path, [Made(fail_at="ctr")], quiet)
    there = Binaries(tmp_path)
    assert "ctr" in there.missing()
    assert "containerd" not in there.missing()
    second = Made()
    ensure(tmp_path, [second], quiet)
    assert second.asked == ALL[ALL.index("ctr") :]


def test_next_source_is_asked_when_the_first_has_nothing(tmp_path: Path) -> None:
    source = Made()
    ensure(tmp_path, [Unavailable(), source], quiet)
    assert source.asked == ALL


def test_no_source_has_it(tmp_path: Path) -> None:
    with pytest.raises(VcliError, match="pause"):
        ensure(tmp_path, [Unavailable()], quiet)


def test_change_of_one_product_makes_only_that_one_again(tmp_path: Path) -> None:
    ensure(tmp_path, [Made()], quiet)
    changed = [replace(x, stamps={"a.b": "2"}) if x.name == "etcd" else x for x in PRODUCTS]
    source = Made()
    ensure(tmp_path, [source], quiet, products=changed)
    assert source.asked == ["etcd"]


def test_key_changes_with_the_module(tmp_path: Path) -> None:
    module = tmp_path / "etcd"
    module.mkdir()
    (module / "go.mod").write_text("module a\n")
    product = Product(name="etcd", packages={"etcd": "a"}, modules=tmp_path)
    first = product.key
    (module / "go.sum").write_text("")
    second = product.key
    (module / "go.mod").write_text("module b\n")
    assert len({first, second, product.key}) == 3


def test_two_processes_share_the_work(tmp_path: Path) -> None:
    """The second one waits, then finds all done."""
    entered, release = threading.Event(), threading.Event()

    class Slow(Made):
        def fetch(self, product: Product, missing: Sequence[str], into: Path, say: Say) -> None:
            entered.set()
            assert release.wait(10)
            super().fetch(product, missing, into, say)

    first = threading.Thread(target=ensure, args=(tmp_path, [Slow()], quiet))
    first.start()
    assert entered.wait(10)
    script = (
        "import sys; from pathlib import Path; from vcli.host.binaries import ensure\n"
        "ensure(Path(sys.argv[1]), [], lambda text: print(text, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as second:
        assert second.stdout is not None
        assert "waiting for another vcli" in second.stdout.readline()
        release.set()
        assert second.wait(20) == 0
    first.join(10)


def test_what_nobody_used_for_two_weeks_is_removed(tmp_path: Path) -> None:
    ensure(tmp_path, [Made()], quiet)
    old = tmp_path / "host" / "etcd-0123456789ab"
    other = tmp_path / "host" / "images-0123456789ab"
    (old / "bin").mkdir(parents=True)
    other.mkdir()
    later = time.time() + binaries.KEEP_FOR + 60
    folders = [Path(x).parent for x in Binaries(tmp_path).folders()]
    binaries.prune(tmp_path)
    assert old.is_dir()
    for folder in (*folders, other):
        os.utime(folder, (later - 60, later - 60))
    binaries.prune(tmp_path, now=later)
    assert not old.exists()
    assert other.is_dir()
    assert Binaries(tmp_path).missing() == []
