"""What completion offers of a real host."""

import os
import subprocess
import sys

import pytest
from bare import Bare
from embedded import Host

# As vcli, but a busy machine is no failure.
PATIENT = """
from vcli.cli import completing
completing.LIMIT_SECONDS = 60
from vcli.cli.run import run_cli
run_cli()
"""


def offered(desk: Host, line: str) -> list[str]:
    """The candidates as a shell's script gets them."""
    env = desk.env | {"_VCLI_COMPLETE": "zsh", "_VCLI_LINE": line}
    argv = [sys.executable, "-c", PATIENT]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=90)
    assert done.stderr == ""
    return [each.partition("\t")[0] for each in done.stdout.splitlines()]


def test_names_namespaces_and_components(desk: Host, bare: Bare) -> None:
    assert bare.name in offered(desk, "vcli connect ")
    assert offered(desk, f"vcli delete -n {bare.namespace} ") == [bare.name]
    assert offered(desk, f"vcli -n {bare.namespace} logs b") == [bare.name]
    assert {"default", "kube-system", bare.namespace} <= set(offered(desk, "vcli create demo -n "))
    assert offered(desk, "vcli list --namespace=kube-s") == ["kube-system"]
    components = offered(desk, f"vcli logs {bare.name} -n {bare.namespace} -c ")
    pods = desk.get("pods", "-n", bare.namespace)["items"]
    spec = pods[0]["spec"]
    containers = [*spec.get("initContainers", ()), *spec["containers"]]
    assert sorted(components) == sorted(each["name"] for each in containers)
    assert offered(desk, "vcli list --context ") == [desk.name]


@pytest.mark.parametrize("line", ["vcli connect ", "vcli list -n "])
def test_a_silent_host_is_given_up_within_a_second(desk: Host, line: str) -> None:
    env = desk.env | {"_VCLI_COMPLETE": "bash", "_VCLI_LINE": line, "KUBECONFIG": os.devnull}
    argv = [sys.executable, "-m", "vcli"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
