"""Which steps from one Kubernetes version to another are taken."""

import re
from typing import Any

import pytest

from vcli.errors import ConflictError
from vcli.operations.versions import check_step, is_older, running_version

COMMAND = "vcli upgrade demo -n team"


@pytest.mark.parametrize(
    ("running", "wanted"),
    [
        ("v1.36.3", "v1.36.3"),
        ("v1.36.3", "v1.36.4"),
        ("v1.36.3", "v1.36.1"),
        ("v1.35.9", "v1.36.0"),
        ("v1.36.3-rc.1", "1.37.0"),
        (None, "v1.40.0"),
        ("v1.36.3", None),
        ("latest", "v1.36.3"),
    ],
)
def test_patches_either_way_and_one_minor_up(running: str | None, wanted: str | None):
    check_step(running, wanted, command=COMMAND)


def test_a_skipped_minor_names_the_one_between():
    with pytest.raises(ConflictError, match=r"v1\.34\.2 can't go to v1\.36\.3 at once") as caught:
        check_step("v1.34.2", "v1.36.3", command=COMMAND)
    assert caught.value.hint == (
        "vcli upgrade demo -n team --kubernetes-version v1.35.0 (or a later patch of it), and then v1.36.3;"
        " or stay with it: --kubernetes-version v1.34.2"
    )


@pytest.mark.parametrize("wanted", ["v1.35.9", "v1.30.0"])
def test_a_downgrade_is_refused(wanted: str):
    with pytest.raises(ConflictError, match=re.escape(f"v1.36.3 can't go back to {wanted}")) as caught:
        check_step("v1.36.3", wanted, command=COMMAND)
    assert caught.value.exit_code == 5


def running(image: str) -> dict[str, Any]:
    containers = [{"name": "etcd", "image": "etcd:3.6.8-0"}, {"name": "kube-apiserver", "image": image}]
    return {"spec": {"template": {"spec": {"containers": containers}}}}


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry.k8s.io/kube-apiserver:v1.36.3", "v1.36.3"),
        ("mirror:5000/kube-apiserver:v1.36.3@sha256:aa", "v1.36.3"),
        ("mirror:5000/kube-apiserver", None),
        ("mirror:5000/kube-apiserver@sha256:aa", None),
        ("kube-apiserver:latest", None),
    ],
)
def test_the_version_is_the_tag(image: str, version: str | None):
    assert running_version(running(image)) == version


@pytest.mark.parametrize(
    ("own", "other", "older"),
    [
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "0.10.0", True),
        ("0.2.0", "0.1.9", False),
        ("0.1.0", "0.1.0", False),
        ("0.1.0", None, False),
        ("0.1.0", "unknown", False),
    ],
)
def test_older(own: str, other: str | None, older):
    assert is_older(own, other) is older
