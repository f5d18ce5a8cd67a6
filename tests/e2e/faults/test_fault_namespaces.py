"""Namespaces that go while something is under way in them."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from embedded import Host, Program
from keyboard import alive
from polling import eventually
from space import IDLE, Object, Space, pod, virtual_namespace

from faults.figures import Figures, Running, leaked
from faults.pulse import Pulse

VCLI = [sys.executable, "-m", "vcli"]
NO_DNS = ["--set", "controlPlane.coredns.enabled=false"]
STAYS = [f"stays-{number}" for number in range(3)]
KINDS = ("pods", "services", "configmaps", "secrets", "persistentvolumeclaims")


def test_virtual_namespace_deleted_while_pods_start(space: Space, pulse: Pulse, figures: Figures) -> None:
    space.apply(*map(pod, STAYS))
    space.wait("condition=Ready", *(f"pod/{name}" for name in STAYS))
    before = Running.of(space)
    with virtual_namespace(space.cluster, space.host) as doomed:
        doomed.apply(
            config("settings"),
            *(pod(f"pod-{number}", container=environment("settings")) for number in range(10)),
        )
        eventually(lambda: doomed.on_host("pods"))
        doomed.kubectl("delete", "namespace", doomed.name, "--wait=false")
        eventually(lambda: not any(leaked(doomed, kind, []) for kind in KINDS))
        doomed.wait("delete", f"namespace/{doomed.name}")
    pulse.beats()
    restarted = before.restarted(Running.of(space))
    figures.note(
        "virtual namespace deleted, 10 pods starting",
        lost=0,
        restarted=len(restarted),
        seconds=pulse.longest,
    )
    assert restarted == set()


def config(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"KEY": "value"}}


def environment(name: str) -> Object:
    return {"envFrom": [{"configMapRef": {"name": name}}]}


@pytest.fixture
def doomed(desk: Host) -> Iterator[str]:
    """A name for a virtual cluster in a namespace of its own."""
    yield "doomed"
    desk.kubectl("delete", "namespace", "vcluster-doomed", "--ignore-not-found", "--context", desk.name)


def test_host_namespace_deleted_while_create_waits(desk: Host, doomed: str) -> None:
    before = desk.kubeconfig.read_bytes()
    argv = [*VCLI, "create", doomed, "--ephemeral", "--log-format", "json"]
    with Program(argv, env=desk.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if json.loads(line).get("step") == "Wait until it is ready":
                break
        desk.kubectl("delete", "namespace", f"vcluster-{doomed}", "--wait=false")
        stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout) == (4, "")
    error = stderr.splitlines()[-1]
    assert f"virtual cluster '{doomed}' in namespace 'vcluster-{doomed}'" in error
    assert "its StatefulSet was deleted meanwhile" in error
    gone(desk, doomed)
    assert desk.kubeconfig.read_bytes() == before


def test_host_namespace_deleted_under_a_running_cluster(desk: Host, doomed: str) -> None:
    """The tunnel ends by itself; disconnect leads back to where one was."""
    done = json.loads(desk.vcli("create", doomed, "--ephemeral", *NO_DNS, "-o", "json").stdout)
    [tunnel] = json.loads(desk.vcli("tunnels", "-o", "json").stdout)
    assert desk.kubectl("config", "current-context").strip() == done["connection"]["context"]
    desk.kubectl("run", "web", "--image=busybox:1.36", "--", "sh", "-c", IDLE)
    desk.kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=60s")

    desk.kubectl("delete", "namespace", f"vcluster-{doomed}", "--wait=false", "--context", desk.name)
    gone(desk, doomed)
    assert desk.kubectl("get", "pods", check=False) == ""  # a connection in vain makes it look
    eventually(lambda: not alive(tunnel["pid"]))
    missing = desk.vcli("connect", doomed, check=False)
    assert missing.returncode == 3
    assert "there is no virtual cluster" in missing.stderr
    desk.vcli("disconnect")
    assert desk.kubectl("config", "current-context").strip() == desk.name
    assert json.loads(desk.vcli("tunnels", "-o", "json").stdout) == []


def gone(host: Host, name: str) -> None:
    """Wait until the namespace is gone, with all that was in it."""
    eventually(
        lambda: f"vcluster-{name}" not in host.kubectl("get", "ns", "-o", "name", "--context", host.name)
    )
