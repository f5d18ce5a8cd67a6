"""``vcli upgrade`` and ``create --upgrade`` on a real host: what it changes, asks, and leaves alone."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from embedded import Host
from lending import Lender
from terminal import Terminal
from test_create import NO_DNS, NOWHERE, on_host, settled, tenant
from upgrading import POD_ONLY, another, certificates, inside, pod, precious, restarting, stored, values_kind

# A change that does not restart the pod.
STAYS = ["--set", "controlPlane.service.labels.x=y"]


@pytest.fixture(scope="module")
def pod_lender(host: Host) -> Iterator[Lender]:
    lender = Lender(host, *POD_ONLY)
    yield lender
    lender.end()


@pytest.fixture
def pod_only(pod_lender: Lender, request: pytest.FixtureRequest) -> Iterator[str]:
    """The namespace of one with its data in the pod, which other tests may have changed before."""
    with pod_lender.lent(request.node) as namespace:
        yield namespace


@pytest.mark.skew
def test_stored_values_survive(desk: Host, pod_only: str):
    before = pod(desk, pod_only)["metadata"]["uid"]
    done = desk.vcli("upgrade", "demo", "-n", pod_only, *STAYS)
    assert done.stdout == ""
    assert '  controlPlane.service.labels.x: (default) → "y"' in done.stderr
    assert "  changed service/demo: metadata.labels.x" in done.stderr
    assert f"upgraded virtual cluster demo in namespace {pod_only}" in done.stderr
    plane = stored(desk, pod_only)["controlPlane"]
    assert plane["coredns"] == {"enabled": False}
    assert plane["statefulSet"]["persistence"]["volumeClaim"] == {"enabled": False}
    assert plane["service"]["labels"] == {"x": "y"}
    assert on_host(desk, "service", "demo", "-n", pod_only)["metadata"]["labels"]["x"] == "y"
    # And by the other name of the same thing; null takes a key away.
    desk.vcli(
        "create",
        "demo",
        "-n",
        pod_only,
        "--upgrade",
        "--no-connect",
        "--set",
        "controlPlane.service.labels.x=null",
    )
    assert stored(desk, pod_only)["controlPlane"].keys() == {"coredns", "statefulSet"}
    assert "x" not in on_host(desk, "service", "demo", "-n", pod_only)["metadata"]["labels"]
    assert pod(desk, pod_only)["metadata"]["uid"] == before


def test_dry_run_changes_nothing_in_every_format(desk: Host, pod_only: str):
    before = settled(desk, pod_only)
    kind = values_kind(desk, pod_only)
    more = ["--set", "controlPlane.statefulSet.pods.labels.dry=y", "--dry-run"]
    text = desk.vcli("upgrade", "demo", "-n", pod_only, *more)
    assert "  changed statefulset/demo: spec.template.metadata.labels.dry\n" in text.stdout
    assert f"dry run: nothing was changed in virtual cluster demo in namespace {pod_only}" in text.stderr
    for command in (["upgrade"], ["create", "--upgrade", "--no-connect"]):
        found = json.loads(desk.vcli(*command, "demo", "-n", pod_only, *more, "-o", "json").stdout)
        assert found["values"] == [
            {"key": "controlPlane.statefulSet.pods.labels.dry", "from": None, "to": "y"}
        ]
        assert found["objects"] == [
            {"kind": kind, "name": "vc-config-demo", "action": "changed", "fields": ["data[config.yaml]"]},
            {
                "kind": "StatefulSet",
                "name": "demo",
                "action": "changed",
                "fields": ["spec.template.metadata.labels.dry"],
            },
        ]
        assert found["consequences"] == [
            "restarts the control plane: its API is unavailable for some seconds",
            "recreates the store: all data of the ephemeral cluster is lost",
        ]
    assert yaml.safe_load(desk.vcli("upgrade", "demo", "-n", pod_only, *more, "-o", "yaml").stdout) == found
    names = desk.vcli("upgrade", "demo", "-n", pod_only, *more, "-o", "name").stdout
    assert names.splitlines() == [f"{kind.lower()}/vc-config-demo", "statefulset/demo"]
    # Of a Secret only the names of its keys.
    for form in ("table", "json", "yaml"):
        sans = ["--set", "controlPlane.proxy.extraSANs={a.example}", "--dry-run", "-o", form]
        shown = desk.vcli("upgrade", "demo", "-n", pod_only, *sans).stdout
        assert "data[apiserver.key]" in shown
        assert certificates(desk, pod_only)["apiserver.key"] not in shown
        assert "PRIVATE KEY" not in shown
    assert settled(desk, pod_only) == before


def test_nothing_to_change_restarts_nothing(desk: Host, pod_only: str):
    before = settled(desk, pod_only)
    done = desk.vcli("upgrade", "demo", "-n", pod_only, *NO_DNS)
    assert (done.stdout, "nothing to change: virtual cluster demo" in done.stderr) == ("", True)
    empty = json.loads(desk.vcli("upgrade", "demo", "-n", pod_only, "-o", "json").stdout)
    assert (empty["values"], empty["objects"], empty["consequences"]) == ([], [], [])
    assert settled(desk, pod_only) == before


def test_reset_values_takes_only_what_is_given(desk: Host, pod_only: str):
    desk.vcli("upgrade", "demo", "-n", pod_only, "--reset-values", *POD_ONLY[1:], *STAYS, "--yes")
    options = ["--reset-values", *POD_ONLY[1:], "-o", "json"]
    done = json.loads(desk.vcli("upgrade", "demo", "-n", pod_only, *options).stdout)
    assert done["values"] == [{"key": "controlPlane.service.labels.x", "from": "y", "to": None}]
    alone = desk.vcli("create", "other", "-n", pod_only, "--reset-values", check=False)
    assert (alone.returncode, "add --upgrade" in alone.stderr) == (2, True)


def test_without_stored_values_nothing_is_guessed(desk: Host, pod_only: str):
    desk.vcli("upgrade", "demo", "-n", pod_only, "--reset-values", *POD_ONLY[1:], "--yes")
    desk.kubectl("delete", values_kind(desk, pod_only), "vc-config-demo", "-n", pod_only)
    before = settled(desk, pod_only)
    done = desk.vcli("upgrade", "demo", "-n", pod_only, check=False)
    assert done.returncode == 3
    assert f"there is no vc-config-demo in namespace '{pod_only}'" in done.stderr
    assert "--reset-values" in done.stderr
    assert settled(desk, pod_only) == before
    desk.vcli("upgrade", "demo", "-n", pod_only, "--reset-values", *POD_ONLY[1:])
    assert stored(desk, pod_only)["controlPlane"]["coredns"] == {"enabled": False}


def test_one_that_is_not_there_and_one_of_another_tool(desk: Host, namespace: str):
    none = desk.vcli("upgrade", "demo", "-n", namespace, check=False)
    assert (none.returncode, none.stdout) == (3, "")
    assert f"there is no virtual cluster 'demo' in namespace '{namespace}'" in none.stderr
    made = desk.vcli("create", "demo", "-n", namespace, "--upgrade", *NOWHERE, "-o", "json")
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


def test_an_administrator_of_one_namespace_is_enough(desk: Host, namespace: str, tmp_path: Path):
    user = tenant(desk, namespace, tmp_path)
    user.vcli("create", "demo", *POD_ONLY)
    done = user.vcli("upgrade", "demo", *STAYS)
    assert f"upgraded virtual cluster demo in namespace {namespace}" in done.stderr
    assert on_host(desk, "service", "demo", "-n", namespace)["metadata"]["labels"]["x"] == "y"
    assert "nothing to change" in user.vcli("upgrade", "demo").stderr


def test_data_that_is_in_the_pod_only_is_not_lost_unasked(desk: Host, pod_only: str):
    kept, value = precious(desk, pod_only), another()
    before = settled(desk, pod_only)
    for command in (["upgrade"], ["create", "--upgrade", "--no-connect"]):
        done = desk.vcli(*command, "demo", "-n", pod_only, *restarting(value), check=False)
        assert (done.returncode, done.stdout) == (5, "")
        assert "which keeps its data in that pod only: all of it would be lost" in done.stderr
        assert "--yes" in done.stderr
    error = desk.vcli("upgrade", "demo", "-n", pod_only, *restarting(value), "-o", "json", check=False).stderr
    assert json.loads(error.splitlines()[-1])["error"]["code"] == "Conflict"
    assert settled(desk, pod_only) == before
    inside(desk, pod_only, "get", "configmap", kept)

    desk.vcli("upgrade", "demo", "-n", pod_only, *restarting(value), "--yes")
    assert pod(desk, pod_only)["metadata"]["labels"]["x"] == value
    assert inside(desk, pod_only, "get", "configmap", kept, check=False).returncode == 1


QUESTION = "All data of virtual cluster demo will be lost. Go on? [y/N]"


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("\n", 5), ("\x03", 130)])
def test_the_question_on_a_terminal(desk: Host, pod_only: str, typed: str, code: int):
    before = pod(desk, pod_only)["metadata"]["uid"]
    argv = [sys.executable, "-m", "vcli", "upgrade", "demo", "-n", pod_only, *restarting(another())]
    with Terminal(argv, env=desk.env) as terminal:
        shown = terminal.wait_for(QUESTION)
        assert "recreates the store: all data of the ephemeral cluster is lost" in shown
        terminal.type(typed)
        assert terminal.exit_code() == code, terminal.shown
    assert (pod(desk, pod_only)["metadata"]["uid"] != before) is (code == 0)
