"""A script as people have written it for loft-sh's CLI, run with vcli in its place."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from embedded import OF_VCLI, Host
from test_create import NO_DNS

from vcli.config.schema import KUBERNETES

MINOR = KUBERNETES.removeprefix("v").rpartition(".")[0]
SCRIPT = f"""\
set -euo pipefail
cat > values.yaml <<YAML
controlPlane:
  coredns:
    enabled: false
YAML
vcluster create "$NAME" --namespace "$NAMESPACE" --create-namespace --connect=false --driver helm \\
  --add=false --chart-version 0.30.0 --kubernetes-version {MINOR} -f values.yaml
status() {{
  vcluster list --namespace "$NAMESPACE" -o json --silent |
    python3 -c 'import json, sys; print(*(x["Status"] for x in json.load(sys.stdin) if x["Name"] == "ci"))'
}}
test "$(status)" = Running
vcluster connect "$NAME" -n "$NAMESPACE" --silent -- kubectl create configmap kept
vcluster connect "$NAME" -n "$NAMESPACE" --update-current=false --kube-config-context-name mine --debug
test "$(kubectl --kubeconfig kubeconfig.yaml config current-context)" = mine
vcluster pause "$NAME" -n "$NAMESPACE"
test "$(status)" = Paused
vcluster resume "$NAME" -n "$NAMESPACE"
vcluster connect "$NAME" -n "$NAMESPACE" --background-proxy
kubectl get configmap kept -o name
vcluster disconnect
vcluster create "$NAME" -n "$NAMESPACE" --connect=false 2> exists.txt || echo "exit code $?"
vcluster rm "$NAME" -n "$NAMESPACE" --driver helm
test -z "$(status)"
"""


def test_a_script_runs_as_it_is(desk: Host, namespace: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "vcluster"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vcli "$@"\n')
    program.chmod(0o755)
    env = desk.env | {
        "NAME": "ci",
        "NAMESPACE": namespace,
        "VCLI_COMPAT": "vcluster",
        "PATH": os.pathsep.join([str(program.parent), desk.env["PATH"]]),
    }
    done = subprocess.run(
        ["bash", "-c", SCRIPT],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=2 * OF_VCLI,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "configmap/kept\n" in done.stdout
    assert "exit code 5\n" in done.stdout
    for option in ("--driver helm", "--chart-version", "--add", "--background-proxy"):
        assert f"warning: {option} has no effect" in done.stderr
    [hint] = [
        line for line in (tmp_path / "exists.txt").read_text().splitlines() if line.startswith("hint: ")
    ]
    assert hint.startswith(f"hint: vcli connect ci -n {namespace}; ")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["create", "x", "--driver", "docker"], 2, "vcli host up boots a Kubernetes on this machine"),
        (["create", "x", "--driver", "platform"], 2, "there is no platform"),
        (["create", "x", "--background-proxy=false"], 2, "vcli connect NAME --foreground"),
        (["create", "x", "--no-connect", "--context-name", "y"], 2, "nothing is connected"),
        (["connect", "x", "--foreground", "--background-proxy"], 2, "don't go together"),
        (
            ["create", "x", "-n", "none", "--create-namespace=false", "--no-connect", *NO_DNS],
            3,
            "kubectl create",
        ),
    ],
)
def test_what_is_not_there_is_refused(desk: Host, words: list[str], code: int, said: str) -> None:
    done = desk.vcli(*words, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_lists_can_be_read_by_scripts_of_others(desk: Host, namespace: str) -> None:
    metadata = {"name": "demo", "labels": {"app": "vcluster", "release": "demo"}}
    template = {
        "metadata": {"labels": metadata["labels"]},
        "spec": {"containers": [{"name": "syncer", "image": "none.invalid/none:1"}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": metadata["labels"]}, "template": template}
    desk.apply(
        namespace, {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}
    )
    [row] = json.loads(desk.vcli("list", "-n", namespace, "-o", "json", "--compat").stdout)
    assert (row["Name"], row["Namespace"], row["Status"]) == ("demo", namespace, "Pending")
    assert row["AgeSeconds"] >= 0
    done = desk.vcli("list", "-n", namespace, "--compat")
    assert "warning: --compat has no effect without -o json or -o yaml" in done.stderr
