"""Programs and stand-in images of the lab; that they work is for the end-to-end tests that use them."""

import os
import re
from pathlib import Path

import pytest

from lab import debian
from lab.images import NAMES, offers
from lab.products import PRODUCTS
from vcli.host.products import PRODUCTS as HOST_PRODUCTS
from vcli.host.versions import KUBERNETES

NEEDED = ("agnhost", "nonewprivs", "pause", "metrics-server", "sample-apiserver")


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda x: x.name)
def test_the_module_pins_the_version_that_is_named(product):
    text = (product.module / "go.mod").read_text()
    others = {"e2e": "k8s.io/kubernetes", "helm3": "helm.sh/helm/v3", "helm4": "helm.sh/helm/v4"}
    module = others.get(product.name, f"sigs.k8s.io/{product.name}")
    assert re.search(rf"^\s+{re.escape(module)} {re.escape(product.version)}\b", text, re.MULTILINE)
    assert (product.module / "go.sum").is_file()


def test_the_tests_are_of_the_very_kubernetes_that_the_host_runs():
    tests = next(x for x in PRODUCTS if x.name == "e2e")
    host = next(x for x in HOST_PRODUCTS if x.name == "kubernetes")
    assert (tests.version, tests.stamps) == (KUBERNETES, host.stamps)


@pytest.fixture
def made(tmp_path):
    root = tmp_path / "debian-1"
    for name in ("bash-static", "dig", "nc.openbsd"):
        path = root / "usr" / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "bin").symlink_to("usr/bin")
    program = {name: tmp_path / name for name in NEEDED}
    for path in program.values():
        path.write_text(path.name)
    busybox = tmp_path / "busybox"
    busybox.write_text("#!/bin/sh\nprintf 'busybox\\nls\\nsh\\n'\n")
    busybox.chmod(0o755)
    return lambda: {x.name: x for x in offers(program, root, busybox)}, root


def test_every_image_is_made_under_its_public_names(made):
    offer, _ = made
    images = {name: x.image() for name, x in offer().items()}
    assert {name: x.names for name, x in images.items()} == dict(NAMES)
    for name, image in images.items():
        program = [*image.entrypoint, *image.command][0]
        links = {**image.links, "nginx": ""} if name == "nginx" else image.links
        found = [x for x in (*image.files, *links) if x == program or Path(x).name == program]
        assert found, f"{name} starts {program}, which is not in it"


def test_tools_share_their_files_and_differ_in_what_they_run(made):
    offer, _ = made
    images = {name: offer()[name].image() for name in ("agnhost", "nginx", "nonroot", "glibc-dns-testing")}
    assert len({tuple(sorted(x.files)) for x in images.values()}) == 1
    assert images["agnhost"].entrypoint == ["/agnhost"]
    assert images["nonroot"].user == "1234"
    assert images["agnhost"].links["/usr/bin/sh"] == "bash-static"
    assert images["agnhost"].links["/bin"] == "usr/bin"


def test_keys_change_with_the_program_and_not_with_time(made, tmp_path):
    offer, root = made
    before = {name: x.key for name, x in offer().items()}
    os.utime(root, (1, 1))
    assert {name: x.key for name, x in offer().items()} == before
    tmp_path.joinpath("sample-apiserver").write_text("another")
    changed = {name for name, x in offer().items() if x.key != before[name]}
    assert changed == {"sample-apiserver"}


def test_other_packages_make_another_root(tmp_path):
    assert debian.path(tmp_path, ["curl"]) != debian.path(tmp_path, ["curl", "sed"])
    assert debian.path(tmp_path, ["curl"]) == debian.path(tmp_path, ["curl"])
