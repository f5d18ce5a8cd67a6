"""``vcli upgrade`` and ``create --upgrade`` on a real host: what survives, is refused, is put back."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded import Host
from terminal import Terminal
from test_create import on_host, settled, tenant

ROOT = Path(__file__).resolve().parents[2]
NO_DNS = ["--set", "controlPlane.coredns.enabled=false"]
CLAIM = ["--no-connect", *NO_DNS, "--set", "controlPlane.statefulSet.persistence.volumeClaim.enabled=true"]
POD_ONLY = ["--no-connect", "--ephemeral", *NO_DNS]
# Changes that restart the pod, and one that does not.
RESTARTS = ["--set", "controlPlane.statefulSet.pods.labels.x=y"]
STAYS = ["--set", "controlPlane.service.labels.x=y"]
NO_SUCH_IMAGE = ["--kubernetes-version", "v1.36.99"]
SIX_MINUTES = 360


def values_kind(host: Host, namespace: str) -> str:
    """The kind of object that has the values."""
    items = on_host(host, "configmaps,secrets", "-n", namespace)["items"]
    return str(next(item["kind"] for item in items if item["metadata"]["name"] == "vc-config-demo"))


def stored(host: Host, namespace: str) -> Any:
    """The values as the host keeps them."""
    kind = values_kind(host, namespace)
    kept = on_host(host, kind, "vc-config-demo", "-n", namespace)["data"]["config.yaml"]
    return yaml.safe_load(base64.b64decode(kept) if kind == "Secret" else kept)


def pod(host: Host, namespace: str, name: str = "demo-0") -> Any:
    return on_host(host, "pod", name, "-n", namespace)


def inside(host: Host, namespace: str, *kubectl: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return host.vcli("connect", "demo", "-n", namespace, "--", "kubectl", *kubectl, check=check)


@pytest.mark.skew
def test_stored_values_survive(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *POD_ONLY)
    before = pod(desk, namespace)["metadata"]["uid"]
    done = desk.vcli("upgrade", "demo", "-n", namespace, *STAYS)
    assert done.stdout == ""
    assert '  controlPlane.service.labels.x: (default) → "y"' in done.stderr
    assert "  changed service/demo: metadata.labels.x" in done.stderr
    assert f"upgraded virtual cluster demo in namespace {namespace}" in done.stderr
    plane = stored(desk, namespace)["controlPlane"]
    assert plane["coredns"] == {"enabled": False}
    assert plane["statefulSet"]["persistence"]["volumeClaim"] == {"enabled": False}
    assert plane["service"]["labels"] == {"x": "y"}
    assert on_host(desk, "service", "demo", "-n", namespace)["metadata"]["labels"]["x"] == "y"
    # And by the other name of the same thing; null takes a key away.
    desk.vcli(
        "create",
        "demo",
        "-n",
        namespace,
        "--upgrade",
        "--no-connect",
        "--set",
        "controlPlane.service.labels.x=null",
    )
    assert stored(desk, namespace)["controlPlane"].keys() == {"coredns", "statefulSet"}
    assert "x" not in on_host(desk, "service", "demo", "-n", namespace)["metadata"]["labels"]
    assert pod(desk, namespace)["metadata"]["uid"] == before


def test_dry_run_changes_nothing_in_every_format(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *POD_ONLY)
    before = settled(desk, namespace)
    kind = values_kind(desk, namespace)
    more = [*RESTARTS, "--dry-run"]
    text = desk.vcli("upgrade", "demo", "-n", namespace, *more)
    assert "  changed statefulset/demo: spec.template.metadata.labels.x\n" in text.stdout
    assert f"dry run: nothing was changed in virtual cluster demo in namespace {namespace}" in text.stderr
    for command in (["upgrade"], ["create", "--upgrade", "--no-connect"]):
        found = json.loads(desk.vcli(*command, "demo", "-n", namespace, *more, "-o", "json").stdout)
        assert found["values"] == [{"key": "controlPlane.statefulSet.pods.labels.x", "from": None, "to": "y"}]
        assert found["objects"] == [
            {"kind": kind, "name": "vc-config-demo", "action": "changed", "fields": ["data[config.yaml]"]},
            {
                "kind": "StatefulSet",
                "name": "demo",
                "action": "changed",
                "fields": ["spec.template.metadata.labels.x"],
            },
        ]
        assert found["consequences"] == [
            "restarts the control plane: its API is unavailable for some seconds",
            "recreates the store: all data of the ephemeral cluster is lost",
        ]
    assert yaml.safe_load(desk.vcli("upgrade", "demo", "-n", namespace, *more, "-o", "yaml").stdout) == found
    names = desk.vcli("upgrade", "demo", "-n", namespace, *more, "-o", "name").stdout
    assert names.splitlines() == [f"{kind.lower()}/vc-config-demo", "statefulset/demo"]
    # Of a Secret only the names of its keys.
    for form in ("table", "json", "yaml"):
        sans = ["--set", "controlPlane.proxy.extraSANs={a.example}", "--dry-run", "-o", form]
        shown = desk.vcli("upgrade", "demo", "-n", namespace, *sans).stdout
        assert "data[apiserver.key]" in shown
        assert certificates(desk, namespace)["apiserver.key"] not in shown
        assert "PRIVATE KEY" not in shown
    assert settled(desk, namespace) == before


def test_nothing_to_change_restarts_nothing(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *POD_ONLY)
    before = settled(desk, namespace)
    done = desk.vcli("upgrade", "demo", "-n", namespace, *NO_DNS)
    assert (done.stdout, "nothing to change: virtual cluster demo" in done.stderr) == ("", True)
    empty = json.loads(desk.vcli("upgrade", "demo", "-n", namespace, "-o", "json").stdout)
    assert (empty["values"], empty["objects"], empty["consequences"]) == ([], [], [])
    assert settled(desk, namespace) == before


def test_data_that_is_in_the_pod_only_is_not_lost_unasked(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *POD_ONLY)
    inside(desk, namespace, "create", "configmap", "precious")
    before = settled(desk, namespace)
    for command in (["upgrade"], ["create", "--upgrade", "--no-connect"]):
        done = desk.vcli(*command, "demo", "-n", namespace, *RESTARTS, check=False)
        assert (done.returncode, done.stdout) == (5, "")
        assert "which keeps its data in that pod only: all of it would be lost" in done.stderr
        assert "--yes" in done.stderr
    error = desk.vcli("upgrade", "demo", "-n", namespace, *RESTARTS, "-o", "json", check=False).stderr
    assert json.loads(error.splitlines()[-1])["error"]["code"] == "Conflict"
    assert settled(desk, namespace) == before
    inside(desk, namespace, "get", "configmap", "precious")

    desk.vcli("upgrade", "demo", "-n", namespace, *RESTARTS, "--yes")
    assert pod(desk, namespace)["metadata"]["labels"]["x"] == "y"
    assert inside(desk, namespace, "get", "configmap", "precious", check=False).returncode == 1


@pytest.mark.skew
def test_data_on_a_claim_and_running_pods_survive_a_restart(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    inside(desk, namespace, "create", "configmap", "precious")
    inside(desk, namespace, "run", "web", "--image=busybox:1.36", "--", "sleep", "1d")
    inside(desk, namespace, "wait", "pod/web", "--for=condition=Ready", "--timeout=90s")
    tenant = pod(desk, namespace, "web-x-default-x-demo")
    control_plane = pod(desk, namespace)["metadata"]["uid"]
    authority = certificates(desk, namespace)["ca.crt"]

    done = desk.vcli("upgrade", "demo", "-n", namespace, *RESTARTS)
    assert "restarts the control plane: its API is unavailable for some seconds" in done.stderr
    assert "lost" not in done.stderr
    assert pod(desk, namespace)["metadata"]["uid"] != control_plane
    assert pod(desk, namespace)["metadata"]["labels"]["x"] == "y"
    inside(desk, namespace, "get", "configmap", "precious")
    after = pod(desk, namespace, "web-x-default-x-demo")
    assert after["metadata"]["uid"] == tenant["metadata"]["uid"]
    assert after["status"]["containerStatuses"][0]["restartCount"] == 0
    inside(desk, namespace, "exec", "web", "--", "true")
    assert certificates(desk, namespace)["ca.crt"] == authority


def certificates(host: Host, namespace: str) -> dict[str, str]:
    data: dict[str, str] = on_host(host, "secret", "demo-certs", "-n", namespace)["data"]
    return data


@pytest.mark.skew
def test_keys_stay_as_they_are(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    keys, access = certificates(desk, namespace), on_host(desk, "secret", "vc-demo", "-n", namespace)["data"]
    desk.vcli("upgrade", "demo", "-n", namespace, "--set", "controlPlane.proxy.extraSANs={a.example}")
    after = certificates(desk, namespace)
    # A certificate gets the new name; the rest is what it was, so those connected stay connected.
    assert {name for name in after if after[name] != keys[name]} == {"apiserver.crt", "apiserver.key"}
    assert on_host(desk, "secret", "vc-demo", "-n", namespace)["data"] == access
    inside(desk, namespace, "get", "namespaces")


def comparable(host: Host, namespace: str) -> dict[str, Any]:
    """The control plane's objects, without what every write counts up."""
    items = on_host(host, "services,statefulsets,secrets,configmaps", "-n", namespace)["items"]
    counted = ("resourceVersion", "generation", "managedFields")
    return {
        f"{item['kind']}/{item['metadata']['name']}": {
            **{key: value for key, value in item.items() if key != "status"},
            "metadata": {key: value for key, value in item["metadata"].items() if key not in counted},
        }
        for item in items
    }


def test_what_does_not_start_is_rolled_back(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    inside(desk, namespace, "create", "configmap", "precious")
    before = comparable(desk, namespace)
    done = desk.vcli("upgrade", "demo", "-n", namespace, *NO_SUCH_IMAGE, check=False, timeout=SIX_MINUTES)
    assert (done.returncode, done.stdout) == (4, "")
    assert "Kubernetes v1.36.3 becomes v1.36.99" in done.stderr
    assert re.search(r"container kube-\S+: (ImagePullBackOff|ErrImagePull)", done.stderr)
    assert "rolled back: it runs with the objects and values from before" in done.stderr
    assert comparable(desk, namespace) == before
    inside(desk, namespace, "get", "configmap", "precious")
    # Who owns which field is as before, too: the same change, seen again, is the same change.
    again = json.loads(desk.vcli("upgrade", "demo", "-n", namespace, "--dry-run", "-o", "json").stdout)
    assert again["objects"] == []
    desk.vcli("upgrade", "demo", "-n", namespace, *RESTARTS)
    desk.vcli("upgrade", "demo", "-n", namespace, "--set", "controlPlane.statefulSet.pods.labels.x=null")
    assert "x" not in pod(desk, namespace)["metadata"]["labels"]
    inside(desk, namespace, "get", "configmap", "precious")


def test_keep_on_failure_leaves_it_and_the_next_upgrade_repairs_it(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    inside(desk, namespace, "create", "configmap", "precious")
    options = [*NO_SUCH_IMAGE, "--keep-on-failure"]
    done = desk.vcli("upgrade", "demo", "-n", namespace, *options, check=False, timeout=SIX_MINUTES)
    assert done.returncode == 4
    assert "rolled back" not in done.stderr
    assert stored(desk, namespace)["controlPlane"]["distro"]["k8s"]["version"] == "v1.36.99"
    desk.vcli("upgrade", "demo", "-n", namespace, "--kubernetes-version", "v1.36.3")
    inside(desk, namespace, "get", "configmap", "precious")


def test_ctrl_c_rolls_back(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    before = comparable(desk, namespace)
    argv = [sys.executable, "-m", "vcli", "upgrade", "demo", "-n", namespace, *RESTARTS]
    process = subprocess.Popen(argv, env=desk.env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while comparable(desk, namespace) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    said = process.communicate(timeout=SIX_MINUTES)[1]
    assert process.returncode == 130, said
    assert "rolled back: it runs with the objects and values from before" in said, said
    assert comparable(desk, namespace) == before
    inside(desk, namespace, "get", "namespaces")


def of_another_version(host: Host, folder: Path, *, works: bool = True) -> Host:
    """The same user with another version of vcli, whose syncer is another one, and may not start."""
    for name in ("vcli", "manifests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    main = folder / "vcli" / "syncer" / "__main__.py"
    main.write_text(main.read_text() + "# another one\n" if works else "raise SystemExit('too new')\n")
    return replace(host, env=host.env | {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"})


def bundles(host: Host, namespace: str) -> set[str]:
    items = on_host(host, "configmaps", "-n", namespace)["items"]
    return {name for item in items if (name := item["metadata"]["name"]).startswith("vc-bundle-")}


def test_another_version_of_vcli_replaces_its_syncer(desk: Host, namespace: str, tmp_path: Path):
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    inside(desk, namespace, "create", "configmap", "precious")
    before = bundles(desk, namespace)
    newer = of_another_version(desk, tmp_path / "newer")
    planned = json.loads(newer.vcli("upgrade", "demo", "-n", namespace, "--dry-run", "-o", "json").stdout)
    actions = {(each["name"], each["action"]) for each in planned["objects"]}
    assert {(name, "deleted") for name in before} < actions
    assert planned["values"] == []
    newer.vcli("upgrade", "demo", "-n", namespace)
    after = bundles(desk, namespace)
    assert (len(after), after & before) == (len(before), set())
    inside(desk, namespace, "get", "configmap", "precious")


def test_a_version_that_does_not_start_is_rolled_back(desk: Host, namespace: str, tmp_path: Path):
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    before = comparable(desk, namespace)
    broken = of_another_version(desk, tmp_path / "broken", works=False)
    done = broken.vcli("upgrade", "demo", "-n", namespace, check=False, timeout=SIX_MINUTES)
    assert done.returncode == 4, done.stderr
    assert "container syncer: CrashLoopBackOff" in done.stderr
    assert "rolled back: it runs with the objects and values from before" in done.stderr
    # The bundle from before was still there; the new one is gone again.
    assert comparable(desk, namespace) == before
    inside(desk, namespace, "get", "namespaces")


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


def test_what_can_not_be_done_is_refused_before_anything_happens(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    before = settled(desk, namespace)
    for options, said in REFUSED.values():
        done = desk.vcli("upgrade", "demo", "-n", namespace, *options, "--yes", check=False)
        assert (done.returncode, done.stdout) == (5, "")
        assert said in done.stderr
    assert settled(desk, namespace) == before


def test_reset_values_takes_only_what_is_given(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *POD_ONLY, *STAYS)
    options = ["--reset-values", *POD_ONLY[1:], "-o", "json"]
    done = json.loads(desk.vcli("upgrade", "demo", "-n", namespace, *options).stdout)
    assert done["values"] == [{"key": "controlPlane.service.labels.x", "from": "y", "to": None}]
    alone = desk.vcli("create", "other", "-n", namespace, "--reset-values", check=False)
    assert (alone.returncode, "add --upgrade" in alone.stderr) == (2, True)


def test_without_stored_values_nothing_is_guessed(desk: Host, namespace: str):
    desk.vcli("create", "demo", "-n", namespace, *POD_ONLY)
    desk.kubectl("delete", values_kind(desk, namespace), "vc-config-demo", "-n", namespace)
    before = settled(desk, namespace)
    done = desk.vcli("upgrade", "demo", "-n", namespace, check=False)
    assert done.returncode == 3
    assert f"there is no vc-config-demo in namespace '{namespace}'" in done.stderr
    assert "--reset-values" in done.stderr
    assert settled(desk, namespace) == before
    desk.vcli("upgrade", "demo", "-n", namespace, "--reset-values", *POD_ONLY[1:])
    assert stored(desk, namespace)["controlPlane"]["coredns"] == {"enabled": False}


def test_one_that_is_not_there_and_one_of_another_tool(desk: Host, namespace: str):
    none = desk.vcli("upgrade", "demo", "-n", namespace, check=False)
    assert (none.returncode, none.stdout) == (3, "")
    assert f"there is no virtual cluster 'demo' in namespace '{namespace}'" in none.stderr
    made = desk.vcli("create", "demo", "-n", namespace, "--upgrade", *POD_ONLY, "-o", "json")
    assert json.loads(made.stdout)["existed"] is False
    theirs = {"app": "vcluster", "release": "other"}
    container = {"name": "syncer", "image": "busybox:1.36", "command": ["sleep", "1d"]}
    desk.apply(
        namespace,
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "other", "labels": theirs},
            "spec": {
                "serviceName": "other",
                "replicas": 0,
                "selector": {"matchLabels": theirs},
                "template": {"metadata": {"labels": theirs}, "spec": {"containers": [container]}},
            },
        },
    )
    foreign = desk.vcli("upgrade", "other", "-n", namespace, check=False)
    assert foreign.returncode == 5
    assert "was made by loft-sh's vcluster, not by vcli" in foreign.stderr


def test_a_quota_with_room_for_one_takes_the_upgrade(desk: Host, namespace: str):
    desk.kubectl("create", "quota", "one", "-n", namespace, "--hard=pods=1")
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    desk.vcli("upgrade", "demo", "-n", namespace, *RESTARTS)
    assert pod(desk, namespace)["metadata"]["labels"]["x"] == "y"


def test_an_administrator_of_one_namespace_is_enough(desk: Host, namespace: str, tmp_path: Path):
    user = tenant(desk, namespace, tmp_path)
    user.vcli("create", "demo", *POD_ONLY)
    done = user.vcli("upgrade", "demo", *STAYS)
    assert f"upgraded virtual cluster demo in namespace {namespace}" in done.stderr
    assert on_host(desk, "service", "demo", "-n", namespace)["metadata"]["labels"]["x"] == "y"
    assert "nothing to change" in user.vcli("upgrade", "demo").stderr


QUESTION = "All data of virtual cluster demo will be lost. Go on? [y/N]"


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("\n", 5), ("\x03", 130)])
def test_the_question_on_a_terminal(desk: Host, namespace: str, typed: str, code: int):
    desk.vcli("create", "demo", "-n", namespace, *POD_ONLY)
    before = pod(desk, namespace)["metadata"]["uid"]
    argv = [sys.executable, "-m", "vcli", "upgrade", "demo", "-n", namespace, *RESTARTS]
    with Terminal(argv, env=desk.env) as terminal:
        shown = terminal.wait_for(QUESTION)
        assert "recreates the store: all data of the ephemeral cluster is lost" in shown
        terminal.type(typed)
        assert terminal.exit_code() == code, terminal.shown
    assert (pod(desk, namespace)["metadata"]["uid"] != before) is (code == 0)
