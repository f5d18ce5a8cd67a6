"""What asks us to end, at each stage of what we do: either all is done, or nothing is left of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from embedded import Host
from keyboard import alive
from polling import eventually

from vcli import VirtualCluster

# Signals that whoever runs the tests ignores (a shell's background job, nohup) are to be handled here.
# As users start it: `python -m` takes a Ctrl-C while it looks for the module as a failure of its own.
VCLI = ["env", "--default-signal", str(Path(sys.executable).with_name("vcli"))]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
STARTED: list["subprocess.Popen[str]"] = []
STAGES = ["Check the host", "Create namespace", "Apply the control plane", "Wait until it is ready"]


@pytest.fixture(autouse=True)
def ended(folder: Path) -> Iterator[None]:
    """What a failed test has started ends with it: the next one would be blamed for it."""
    yield
    while STARTED:
        with STARTED.pop() as process:
            process.kill()


@pytest.fixture(autouse=True)
def folder(desk: Host, tmp_path: Path) -> Iterator[Path]:
    """Where temporary kubeconfigs are put; nothing may be left there."""
    place = tmp_path / "tmp"
    place.mkdir()
    desk.env["TMPDIR"] = str(place)
    yield place
    assert list(place.iterdir()) == []


def start(desk: Host, *args: str) -> "subprocess.Popen[str]":
    """In a session of its own, without a terminal: as CI and systemd do."""
    process = subprocess.Popen(
        [*VCLI, *args, "--log-format", "json"] if "--" not in args else [*VCLI, *args],
        env=desk.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    STARTED.append(process)
    return process


def until_step(process: "subprocess.Popen[str]", title: str) -> None:
    """Read what it says until a step begins."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        said = json.loads(line)
        if str(said.get("step")).startswith(title) and said["state"] == "begin":
            return
    pytest.fail(f"no step {title!r}:\n{''.join(lines)}")


def namespaces(host: Host) -> set[str]:
    items = host.get("namespaces", "--context", host.name)["items"]
    return {item["metadata"]["name"] for item in items if "deletionTimestamp" not in item["metadata"]}


def ended_by(process: "subprocess.Popen[str]", signum: int, stderr: str) -> bool:
    """Whether a signal ended it: ours to handle, or still the kernel's or the interpreter's own."""
    early = "Fatal Python error: init_" in stderr
    return process.returncode in {128 + signum, -signum} or early


@pytest.mark.parametrize("stage", STAGES)
def test_create_ended_at_each_step(desk: Host, stage: str) -> None:
    before = desk.kubeconfig.read_bytes()
    running = {signum: start(desk, "create", f"ended{signum:d}", "--ephemeral") for signum in SIGNALS}

    def end(signum: signal.Signals) -> None:
        until_step(running[signum], stage)
        running[signum].send_signal(signum)

    with ThreadPoolExecutor() as pool:  # none goes on to a later step while another one is being read
        list(pool.map(end, running))
    for signum, process in running.items():
        stdout, stderr = process.communicate(timeout=120)
        assert (process.returncode, stdout) == (128 + signum, ""), stderr
    assert not namespaces(desk) & {f"vcluster-ended{signum:d}" for signum in SIGNALS}
    assert desk.kubeconfig.read_bytes() == before
    assert json.loads(desk.vcli("tunnels", "-o", "json").stdout) == []


def test_a_clean_up_that_is_ended_says_what_is_left_and_what_removes_it(desk: Host) -> None:
    process = start(desk, "create", "rest", "--ephemeral", "--context", desk.name)
    try:
        until_step(process, STAGES[-1])
        process.terminate()
        until_step(process, "Remove what was made")
        process.terminate()
        assert process.stderr is not None
        said = [json.loads(process.stderr.readline())["message"]]
        process.terminate()
        stdout, stderr = process.communicate(timeout=60)
        assert (process.returncode, stdout) == (128 + signal.SIGTERM, "")
        said += [json.loads(line).get("message", "") for line in stderr.splitlines()]
        again = f"vcli delete rest -n vcluster-rest --context {desk.name}"
        assert said[0] == "removing what was made; a further signal ends that, and leaves the rest"
        assert f"virtual cluster 'rest' in namespace 'vcluster-rest': {again} removes it" in " ".join(said)
        assert "vcluster-rest" in namespaces(desk)
        desk.vcli(*again.split()[1:])
        assert "vcluster-rest" not in namespaces(desk)
    finally:
        desk.vcli("delete", "rest", "-n", "vcluster-rest", "--delete-namespace", "--ignore-not-found")


def test_create_ended_while_it_connects(desk: Host) -> None:
    """The cluster was asked for, and is whole: it stays. The connection is whole, or there is none."""
    before = desk.kubeconfig.read_bytes()
    process = start(desk, "create", "whole", "--ephemeral", "--set", "controlPlane.coredns.enabled=false")
    try:
        until_step(process, STAGES[-1])
        assert process.stderr is not None
        for line in process.stderr:
            if json.loads(line).get("state") == "done":
                break
        process.terminate()
        _, stderr = process.communicate(timeout=60)
        tunnels = json.loads(desk.vcli("tunnels", "-o", "json").stdout)
        assert process.returncode in {0, 128 + signal.SIGTERM}, stderr
        if process.returncode:
            assert "vcli connect whole -n vcluster-whole" in stderr
            assert (tunnels, desk.kubeconfig.read_bytes()) == ([], before)
        else:
            assert "namespace/default" in desk.kubectl("get", "namespaces", "-o", "name")
        assert desk.vcli("connect", "whole", "--", "true").returncode == 0
    finally:
        desk.vcli("delete", "whole", "--delete-namespace", "--ignore-not-found")


@pytest.mark.parametrize("signum", SIGNALS)
def test_connect_ended_at_any_moment(desk: Host, victim: VirtualCluster, signum: int) -> None:
    """From before the tunnel to after the context, 60 ms apart: connected, or nothing of it."""
    for moment in range(12):
        process = start(desk, "connect", victim.name, "-n", victim.namespace, "--context", desk.name)
        time.sleep(0.06 * moment)
        process.send_signal(signum)
        _, stderr = process.communicate(timeout=60)
        tunnels = json.loads(desk.vcli("tunnels", "-o", "json").stdout)
        contexts = set(desk.kubectl("config", "get-contexts", "-o", "name").split())
        assert process.returncode == 0 or ended_by(process, signum, stderr), stderr
        assert tunnels or process.returncode != 0
        if tunnels:  # also one that was ended by the signal when all was done, and it was about to leave
            assert len(contexts) == 2
            assert "namespace/default" in desk.kubectl("get", "namespaces", "-o", "name")
            desk.vcli("disconnect")
        else:
            assert contexts == {desk.name}
        assert not list(desk.kubeconfig.parent.glob("*.lock"))


@pytest.mark.parametrize("signum", SIGNALS)
def test_connect_with_a_command_ended_before_the_command_runs(
    desk: Host, victim: VirtualCluster, tmp_path: Path, signum: int
) -> None:
    for moment in range(10):
        ran = tmp_path / f"ran-{moment}"
        command = ["sh", "-c", f"echo $$ > {ran}; exec sleep 1000"]
        process = start(desk, "connect", victim.name, "-n", victim.namespace, "--", *command)
        time.sleep(0.04 * moment)
        process.send_signal(signum)
        _, stderr = process.communicate(timeout=60)
        assert ended_by(process, signum, stderr), stderr
        if ran.exists() and ran.read_text().strip():
            pid = int(ran.read_text())
            eventually(lambda: not alive(pid), seconds=10)  # noqa: B023


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_command_that_ignores_the_signal_goes_on_with_its_tunnel(
    desk: Host, victim: VirtualCluster, tmp_path: Path, signum: int
) -> None:
    """As under a shell: it has the last word, and until then its kubeconfig works."""
    ready, go = tmp_path / "ready", tmp_path / "go"
    name = signal.Signals(signum).name.removeprefix("SIG")
    script = (
        f"trap '' {name}; touch {ready}; while ! test -e {go}; do sleep 0.1; done;"
        " kubectl get ns -o name; exit 5"
    )
    process = start(desk, "connect", victim.name, "-n", victim.namespace, "--", "sh", "-c", script)
    eventually(ready.exists, seconds=60)
    for _ in range(2):
        process.send_signal(signum)
        time.sleep(0.3)
        assert process.poll() is None
    go.touch()
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (5, "")
    assert "namespace/kube-system" in stdout


def test_what_is_left_of_one_that_was_killed_goes_with_the_next(
    desk: Host, victim: VirtualCluster, tmp_path: Path, folder: Path
) -> None:
    """SIGKILL leaves nobody to clean up."""
    ready = tmp_path / "ready"
    argv = ["connect", victim.name, "-n", victim.namespace, "--"]
    process = start(
        desk, *argv, "sh", "-c", f"echo $$ > {ready}.new; mv {ready}.new {ready}; exec sleep 1000"
    )
    eventually(ready.exists, seconds=60)
    process.kill()
    os.kill(int(ready.read_text()), signal.SIGKILL)
    process.communicate(timeout=60)
    assert len(list(folder.iterdir())) == 1
    desk.vcli(*argv, "true")
    assert list(folder.iterdir()) == []
