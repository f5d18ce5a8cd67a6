"""Tunnels that have ended and come back, and a folder for state that can't be used."""

import json
import os
import shutil
import signal
import socket
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from bare import Bare
from embedded import Host
from polling import eventually

NAMESPACES = ["get", "namespaces", "-o", "name"]


def config(desk: Host) -> Any:
    return json.loads(desk.kubectl("config", "view", "--raw", "-o", "json"))


def tunnels(desk: Host) -> Any:
    return json.loads(desk.vcli("tunnels", "-o", "json").stdout)


def kill(desk: Host) -> int:
    """As the end of the machine would; the port that it had."""
    (tunnel,) = [each for each in tunnels(desk) if each["status"] == "running"]
    os.kill(tunnel["pid"], signal.SIGKILL)
    eventually(lambda: tunnels(desk)[0]["status"] == "stopped")
    return int(tunnel["port"])


def test_the_next_kubectl_starts_it_again(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    port = kill(desk)
    assert "namespace/default" in desk.kubectl(*NAMESPACES)
    (again,) = tunnels(desk)
    assert (again["status"], again["port"]) == ("running", port)
    assert [each["context"] for each in again["usedBy"]] == [bare.context]


@pytest.mark.parametrize("way", ["--print", "--kube-config"])
def test_also_for_a_kubeconfig_of_its_own(desk: Host, bare: Bare, tmp_path: Path, way: str) -> None:
    alone = tmp_path / "alone.yaml"
    argv = ["connect", bare.name, "-n", bare.namespace]
    if way == "--print":
        alone.write_text(desk.vcli(*argv, "--print").stdout)
    else:
        desk.vcli(*argv, "--kube-config", str(alone))
    desk.vcli("disconnect", "--all")
    assert "namespace/default" in desk.kubectl("--kubeconfig", str(alone), *NAMESPACES)
    desk.vcli("disconnect", bare.name)


def test_also_when_nothing_is_known_of_it_any_more(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    port = kill(desk)
    shutil.rmtree(desk.env["VCLI_STATE_DIR"])
    assert "namespace/default" in desk.kubectl(*NAMESPACES)
    assert [(each["port"], len(each["usedBy"])) for each in tunnels(desk)] == [(port, 1)]


def test_many_kubectls_at_once_start_one(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    port = kill(desk)
    argv = ["kubectl", *NAMESPACES]
    started = [
        subprocess.Popen(argv, env=desk.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(30)
    ]
    said = [process.communicate(timeout=120) for process in started]
    assert [err for _, err in said if err] == []
    assert all("namespace/default" in out for out, _ in said)
    assert [(each["status"], each["port"]) for each in tunnels(desk)] == [("running", port)]
    found = subprocess.run(
        ["pgrep", "-f", f"tunnel_process.*{bare.namespace}"], capture_output=True, check=True
    )
    assert len(found.stdout.split()) == 1


def test_the_same_port_each_time(desk: Host, bare: Bare) -> None:
    argv = ["connect", bare.name, "-n", bare.namespace, "-o", "json"]
    first = json.loads(desk.vcli(*argv).stdout)
    desk.vcli("disconnect")
    assert tunnels(desk) == []
    assert json.loads(desk.vcli(*argv).stdout)["server"] == first["server"]


def test_a_port_that_is_taken_moves_all_who_use_it(desk: Host, bare: Bare, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    argv = ["connect", bare.name, "-n", bare.namespace]
    desk.vcli(*argv)
    desk.vcli(*argv, "--kube-config", str(alone), "--inline-key")
    port = kill(desk)
    with socket.create_server(("127.0.0.1", port)):
        argv = ["kubectl", *NAMESPACES]
        done = subprocess.run(argv, env=desk.env, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert f"local port {port}, which leads to virtual cluster '{bare.name}'" in done.stderr
        assert f"changed: {alone}, {desk.kubeconfig}" in done.stderr
        assert "namespace/default" in desk.kubectl(*NAMESPACES)
        assert "namespace/default" in desk.kubectl("--kubeconfig", str(alone), *NAMESPACES)
        (tunnel,) = tunnels(desk)
        assert tunnel["port"] != port
        assert len(tunnel["usedBy"]) == 2


def test_a_port_that_is_taken_when_connecting_again(desk: Host, bare: Bare, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    argv = ["connect", bare.name, "-n", bare.namespace]
    desk.vcli(*argv, "--kube-config", str(alone))
    port = kill(desk)
    with socket.create_server(("127.0.0.1", port)):
        done = desk.vcli(*argv)
        (tunnel,) = tunnels(desk)
        assert f"warning: the tunnel listens on port {tunnel['port']} now; changed: {alone}" in done.stderr
        assert "namespace/default" in desk.kubectl("--kubeconfig", str(alone), *NAMESPACES)


def test_a_host_that_is_gone_is_named(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    kill(desk)
    text = desk.kubeconfig.read_text()
    server = next(
        each["cluster"]["server"] for each in config(desk)["clusters"] if each["name"] == bare.parent
    )
    argv = ["kubectl", *NAMESPACES]
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"https://127.0.0.1:{unused.getsockname()[1]}"
        desk.kubeconfig.write_text(text.replace(server, nowhere))
        done = subprocess.run(argv, env=desk.env, capture_output=True, text=True, check=False)
        assert f"error: can't reach the API server {nowhere}" in done.stderr
        assert done.returncode == 1
    desk.kubectl("config", "delete-context", bare.parent)
    done = subprocess.run(argv, env=desk.env, capture_output=True, text=True, check=False)
    assert f"error: there is no context '{bare.parent}' in {desk.kubeconfig}" in done.stderr
    desk.kubeconfig.write_text(text)
    assert "namespace/default" in desk.kubectl(*NAMESPACES)


def test_a_host_that_never_answers_is_not_waited_for_without_end(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    kill(desk)
    server = next(
        each["cluster"]["server"] for each in config(desk)["clusters"] if each["name"] == bare.parent
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silently = f"https://127.0.0.1:{silent.getsockname()[1]}"
        desk.kubeconfig.write_text(desk.kubeconfig.read_text().replace(server, silently))
        argv = ["kubectl", *NAMESPACES]
        # The cap is ten seconds.
        done = subprocess.run(argv, env=desk.env, capture_output=True, text=True, check=False, timeout=120)
        assert "error: " in done.stderr
        assert done.returncode == 1


# --- a folder for state that can't be used


@pytest.fixture
def stateless(desk: Host) -> Host:
    return Host(
        name=desk.name, kubeconfig=desk.kubeconfig, env=desk.env | {"VCLI_STATE_DIR": "/proc/nothing/state"}
    )


def test_only_a_tunnel_needs_a_folder_for_state(stateless: Host, bare: Bare) -> None:
    argv = ["connect", bare.name, "-n", bare.namespace]
    assert stateless.vcli("tunnels", "-o", "json").stdout == "[]\n"
    (row,) = json.loads(stateless.vcli("list", "-n", bare.namespace, "-o", "json").stdout)
    assert (row["connected"], row["tunnel"]) == (False, None)
    assert "namespace/default" in stateless.vcli(*argv, "--", "kubectl", *NAMESPACES).stdout
    assert stateless.vcli("disconnect", "--all").returncode == 0
    done = stateless.vcli(*argv, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "can't write the state of tunnels to /proc/nothing/state" in done.stderr
    assert "VCLI_STATE_DIR" in done.stderr
    assert bare.context not in stateless.kubeconfig.read_text()


def test_what_connecting_lacks_is_found_out_before_a_cluster_is_made(stateless: Host, tmp_path: Path) -> None:
    create = ["create", "unmade", "-n", f"unmade-{uuid.uuid4().hex[:8]}", "--ephemeral"]
    done = stateless.vcli(*create, check=False)
    assert done.returncode == 1
    assert "can't write the state of tunnels" in done.stderr
    fine = stateless.env | {"VCLI_STATE_DIR": str(tmp_path / "state"), "VCLI_CONTEXT": "none"}
    done = Host(
        name="", kubeconfig=stateless.kubeconfig, env=fine | {"KUBECONFIG": "/proc/nothing/config"}
    ).vcli(*create, check=False)
    assert done.returncode == 1
    assert "can't write kubeconfig /proc/nothing/config" in done.stderr
    stateless.kubectl("get", "namespace", create[3], check=False)
    assert create[3] not in stateless.kubectl("get", "namespaces", "-o", "name")


def test_a_home_that_can_not_be_written_to(desk: Host, bare: Bare, tmp_path: Path) -> None:
    env = desk.env | {"HOME": "/proc/nothing", "TMPDIR": str(tmp_path)}
    del env["VCLI_STATE_DIR"]
    user = Host(name=desk.name, kubeconfig=desk.kubeconfig, env=env)
    done = user.vcli("connect", bare.name, "-n", bare.namespace)
    assert done.stderr.startswith("warning: can't write to /proc/nothing/.local/state/vcli")
    assert "namespace/default" in user.kubectl(*NAMESPACES)
    kill(user)
    assert "namespace/default" in user.kubectl(*NAMESPACES)
    user.vcli("disconnect")
    assert tunnels(user) == []
