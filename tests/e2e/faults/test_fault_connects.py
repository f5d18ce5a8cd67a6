"""Many of us at once on one kubeconfig."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from bare import Bare
from embedded import Host, Program

from faults.figures import Figures
from vcli import VirtualCluster

VCLI = [sys.executable, "-m", "vcli"]


@pytest.mark.parametrize("many", [2, 20])
def test_connects_at_once_and_disconnects_among_them(
    desk: Host, bare: Bare, victim: VirtualCluster, figures: Figures, many: int
) -> None:
    """Each disconnect takes the only context of its cluster, so the tunnel would go with it."""
    clusters = [(bare.name, bare.namespace), (victim.name, victim.namespace)]
    host = yaml.safe_load(desk.kubeconfig.read_text())["contexts"][0]["name"]
    for name, namespace in clusters:
        desk.vcli("connect", name, "-n", namespace, "--context", host, "--context-name", f"before-{name}")
    with ExitStack() as stack:
        started = []
        for number in range(many):
            name, namespace = clusters[number % 2]
            here = ["--context", host, "--context-name", f"now-{number}"]
            started.append(stack.enter_context(start(desk, "connect", name, "-n", namespace, *here)))
            if number < len(clusters):
                started.append(stack.enter_context(start(desk, "disconnect", f"before-{name}")))
        failed = [
            said
            for process in started
            if (said := process.communicate(timeout=300)[1], process)[1].returncode
        ]

    config: dict[str, Any] = yaml.safe_load(desk.kubeconfig.read_text())
    contexts = {each["name"] for each in config["contexts"]}
    wanted = {host, *(f"now-{number}" for number in range(many))}
    figures.note(f"{many} connects at once", lost=len(wanted - contexts), restarted=0, seconds=None)
    assert failed == []
    assert contexts == wanted
    assert config["current-context"] in wanted
    assert sorted(path.name for path in desk.kubeconfig.parent.iterdir() if path.is_file()) == ["config"]

    tunnels = json.loads(desk.vcli("tunnels", "-o", "json").stdout)
    assert sorted(each["name"] for each in tunnels) == sorted(name for name, _ in clusters)
    servers = {each["name"]: each["cluster"]["server"] for each in config["clusters"] if each["name"] != host}
    assert set(servers.values()) == {each["server"] for each in tunnels}
    for number in range(2):
        assert "namespace/default" in desk.kubectl("get", "ns", "-o", "name", "--context", f"now-{number}")
    folder = Path(desk.env["VCLI_STATE_DIR"], "tunnels")
    assert {path.suffix for path in folder.iterdir()} == {".json", ".log"}


def start(desk: Host, *args: str) -> Program:
    return Program([*VCLI, *args], env=desk.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
