"""``vcli upgrade`` of a cluster with a claim: data, keys and pods survive; what fails is put back."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from embedded import Host
from lending import Lender
from polling import eventually
from test_create import on_host, settled
from upgrading import CLAIM, another, certificates, comparable, inside, pod, precious, restarting, stored

ROOT = Path(__file__).resolve().parents[2]
NO_SUCH_IMAGE = ["--kubernetes-version", "v1.36.99"]
SIX_MINUTES = 360


@pytest.fixture(scope="module")
def claim_lender(host: Host) -> Iterator[Lender]:
    lender = Lender(host, *CLAIM)
    yield lender
    lender.end()


@pytest.fixture
def with_claim(claim_lender: Lender, request: pytest.FixtureRequest) -> Iterator[str]:
    """The namespace of a virtual cluster with a claim, which other tests may have changed before."""
    with claim_lender.lent(request.node) as namespace:
        yield namespace


@pytest.mark.skew
def test_data_on_a_claim_and_running_pods_survive_a_restart(desk: Host, with_claim: str):
    kept, value = precious(desk, with_claim), another()
    inside(desk, with_claim, "run", "web", "--image=busybox:1.36", "--", "sleep", "1d")
    inside(desk, with_claim, "wait", "pod/web", "--for=condition=Ready", "--timeout=90s")
    tenant = pod(desk, with_claim, "web-x-default-x-demo")
    control_plane = pod(desk, with_claim)["metadata"]["uid"]
    authority = certificates(desk, with_claim)["ca.crt"]

    done = desk.vcli("upgrade", "demo", "-n", with_claim, *restarting(value))
    assert "restarts the control plane: its API is unavailable for some seconds" in done.stderr
    assert "lost" not in done.stderr
    assert pod(desk, with_claim)["metadata"]["uid"] != control_plane
    assert pod(desk, with_claim)["metadata"]["labels"]["x"] == value
    inside(desk, with_claim, "get", "configmap", kept)
    after = pod(desk, with_claim, "web-x-default-x-demo")
    assert after["metadata"]["uid"] == tenant["metadata"]["uid"]
    assert after["status"]["containerStatuses"][0]["restartCount"] == 0
    inside(desk, with_claim, "exec", "web", "--", "true")
    assert certificates(desk, with_claim)["ca.crt"] == authority
    inside(desk, with_claim, "delete", "pod", "web", "--grace-period=1")


@pytest.mark.skew
def test_keys_stay_as_they_are(desk: Host, with_claim: str):
    keys, access = (
        certificates(desk, with_claim),
        on_host(desk, "secret", "vc-demo", "-n", with_claim)["data"],
    )
    desk.vcli(
        "upgrade", "demo", "-n", with_claim, "--set", f"controlPlane.proxy.extraSANs={{{another()}.example}}"
    )
    after = certificates(desk, with_claim)
    # A certificate gets the new name; the rest is what it was, so those connected stay connected.
    assert {name for name in after if after[name] != keys[name]} == {"apiserver.crt", "apiserver.key"}
    assert on_host(desk, "secret", "vc-demo", "-n", with_claim)["data"] == access
    inside(desk, with_claim, "get", "namespaces")


def test_what_does_not_start_is_rolled_back(desk: Host, with_claim: str):
    kept = precious(desk, with_claim)
    before = comparable(desk, with_claim)
    done = desk.vcli("upgrade", "demo", "-n", with_claim, *NO_SUCH_IMAGE, check=False, timeout=SIX_MINUTES)
    assert (done.returncode, done.stdout) == (4, "")
    assert "Kubernetes v1.36.3 becomes v1.36.99" in done.stderr
    assert re.search(r"container kube-\S+: (ImagePullBackOff|ErrImagePull)", done.stderr)
    assert "rolled back: it runs with the objects and values from before" in done.stderr
    assert comparable(desk, with_claim) == before
    inside(desk, with_claim, "get", "configmap", kept)
    # Who owns which field is as before, too: the same change, seen again, is the same change.
    again = json.loads(desk.vcli("upgrade", "demo", "-n", with_claim, "--dry-run", "-o", "json").stdout)
    assert again["objects"] == []
    desk.vcli("upgrade", "demo", "-n", with_claim, *restarting(another()))
    desk.vcli("upgrade", "demo", "-n", with_claim, "--set", "controlPlane.statefulSet.pods.labels.x=null")
    assert "x" not in pod(desk, with_claim)["metadata"]["labels"]
    inside(desk, with_claim, "get", "configmap", kept)


def test_keep_on_failure_leaves_it_and_the_next_upgrade_repairs_it(desk: Host, with_claim: str):
    kept = precious(desk, with_claim)
    options = [*NO_SUCH_IMAGE, "--keep-on-failure"]
    done = desk.vcli("upgrade", "demo", "-n", with_claim, *options, check=False, timeout=SIX_MINUTES)
    assert done.returncode == 4
    assert "rolled back" not in done.stderr
    assert stored(desk, with_claim)["controlPlane"]["distro"]["k8s"]["version"] == "v1.36.99"
    desk.vcli("upgrade", "demo", "-n", with_claim, "--kubernetes-version", "v1.36.3")
    inside(desk, with_claim, "get", "configmap", kept)


def test_ctrl_c_rolls_back(desk: Host, with_claim: str):
    before = comparable(desk, with_claim)
    argv = [sys.executable, "-m", "vcli", "upgrade", "demo", "-n", with_claim, *restarting(another())]
    process = subprocess.Popen(argv, env=desk.env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while comparable(desk, with_claim) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    said = process.communicate(timeout=SIX_MINUTES)[1]
    assert process.returncode == 130, said
    assert "rolled back: it runs with the objects and values from before" in said, said
    assert comparable(desk, with_claim) == before
    inside(desk, with_claim, "get", "namespaces")


def of_another_version(host: Host, folder: Path, *, works: bool = True) -> Host:
    """The same user with another version of vcli, whose syncer is another one, and may not start."""
    for name in ("vcli", "manifests"):
        shutil.copytree(ROOT / name, folder / name)
    main = folder / "vcli" / "syncer" / "__main__.py"
    main.write_text(main.read_text() + "# another one\n" if works else "raise SystemExit('too new')\n")
    return replace(host, env=host.env | {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"})


def bundles(host: Host, namespace: str) -> set[str]:
    items = on_host(host, "configmaps", "-n", namespace)["items"]
    return {name for item in items if (name := item["metadata"]["name"]).startswith("vc-bundle-")}


def test_another_version_of_vcli_replaces_its_syncer(desk: Host, with_claim: str, tmp_path: Path):
    kept = precious(desk, with_claim)
    before = bundles(desk, with_claim)
    newer = of_another_version(desk, tmp_path / "newer")
    planned = json.loads(newer.vcli("upgrade", "demo", "-n", with_claim, "--dry-run", "-o", "json").stdout)
    actions = {(each["name"], each["action"]) for each in planned["objects"]}
    assert {(name, "deleted") for name in before} < actions
    assert planned["values"] == []
    newer.vcli("upgrade", "demo", "-n", with_claim)
    after = bundles(desk, with_claim)
    assert (len(after), after & before) == (len(before), set())
    inside(desk, with_claim, "get", "configmap", kept)


def test_a_version_that_does_not_start_is_rolled_back(desk: Host, with_claim: str, tmp_path: Path):
    before = comparable(desk, with_claim)
    broken = of_another_version(desk, tmp_path / "broken", works=False)
    done = broken.vcli("upgrade", "demo", "-n", with_claim, check=False, timeout=SIX_MINUTES)
    assert done.returncode == 4, done.stderr
    assert "container syncer: CrashLoopBackOff" in done.stderr
    assert "rolled back: it runs with the objects and values from before" in done.stderr
    # The bundle from before was still there; the new one is gone again.
    assert comparable(desk, with_claim) == before
    inside(desk, with_claim, "get", "namespaces")


REFUSED = {
    "another store": (["--ephemeral"], "keeps its data on a volume claim, which can't be changed"),
    "another size": (
        ["--set", "controlPlane.statefulSet.persistence.volumeClaim.size=9Gi"],
        "its store's volume can't be changed: size 5Gi → 9Gi",
    ),
    "a skipped minor": (
        ["--kubernetes-version", "v1.38.0"],
        "--kubernetes-version v1.37.0 (or a later patch of it), and then v1.38.0",
    ),
    "a downgrade": (["--kubernetes-version", "v1.35.1"], "Kubernetes v1.36.3 can't go back to v1.35.1"),
}


def test_what_can_not_be_done_is_refused_before_anything_happens(desk: Host, with_claim: str):
    before = settled(desk, with_claim)
    for options, said in REFUSED.values():
        done = desk.vcli("upgrade", "demo", "-n", with_claim, *options, "--yes", check=False)
        assert (done.returncode, done.stdout) == (5, "")
        assert said in done.stderr
    assert settled(desk, with_claim) == before


def test_a_quota_with_room_for_one_takes_the_upgrade(desk: Host, with_claim: str):
    desk.kubectl("create", "quota", "one", "-n", with_claim, "--hard=pods=1")
    eventually(lambda: desk.get("quota", "one", "-n", with_claim)["status"].get("used"))
    try:
        value = another()
        desk.vcli("upgrade", "demo", "-n", with_claim, *restarting(value))
        assert pod(desk, with_claim)["metadata"]["labels"]["x"] == value
    finally:
        desk.kubectl("delete", "quota", "one", "-n", with_claim)
