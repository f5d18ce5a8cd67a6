"""The embedded host: what runs on it, what survives, and that it leaves nothing."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import traffic
from embedded import NAME, Host, Program, environment, own_host, run
from kubernetes_versions import HOST
from machine import machine, output
from polling import eventually

from vcli.host.instance import Instance
from vcli.host.oci import Image, write_archive
from vcli.host.versions import KUBERNETES_RELEASES

MAIN = f"{NAME}-main"
OWN = f"{NAME}-own"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One that no other tests use: its components are killed here."""
    with own_host(MAIN, tmp_path_factory.mktemp("host")) as host:
        yield host


def pod(name: str, script: str, **spec: Any) -> dict[str, Any]:
    """A pod of the host that runs once."""
    return traffic.pod(name, script, **({"restartPolicy": "Never"} | spec))


def finished(host: Host, namespace: str, name: str) -> str:
    """The log of a pod that has to succeed."""
    phase = eventually(
        lambda: (
            (p := host.get("pod", name, "-n", namespace)["status"]["phase"]) in {"Succeeded", "Failed"} and p
        ),
    )
    log = host.kubectl("logs", name, "-n", namespace)
    assert phase == "Succeeded", log
    return log


def test_up_again_finds_it_running(host: Host) -> None:
    again = json.loads(host.vcli("host", "up", "--name", host.name, "-o", "json").stdout)
    assert again["created"] is False
    assert host.kubectl("config", "current-context").strip() == host.name


@pytest.mark.skew
def test_status_lists_every_component_with_its_process(host: Host) -> None:
    status = json.loads(host.vcli("host", "status", "--name", host.name, "-o", "json").stdout)
    assert status["ready"] is True
    assert status["version"].startswith("v1.")
    names = {x["name"] for x in status["components"]}
    assert {"etcd", "kube-apiserver", "kubelet", "containerd", "kube-proxy", "relay"} <= names
    for component in status["components"]:
        assert component["name"] in Path(f"/proc/{component['pid']}/cmdline").read_text()


@pytest.mark.skew
def test_pod_runs_and_logs(host: Host, namespace: str) -> None:
    host.apply(namespace, pod("hello", "echo hello from $HOSTNAME"))
    assert finished(host, namespace, "hello") == "hello from hello\n"


@pytest.mark.skew
def test_exec_passes_input_and_exit_code(host: Host, namespace: str) -> None:
    host.apply(namespace, pod("sleeper", "sleep 1000"))
    host.kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/sleeper", "--timeout=110s")
    done = run(
        ["kubectl", "exec", "-n", namespace, "-i", "sleeper", "--", "sh", "-c", "cat; exit 3"],
        env=host.env,
        stdin="in and out",
        check=False,
    )
    assert (done.stdout, done.returncode) == ("in and out", 3)


@pytest.mark.skew
def test_service_is_reached_from_another_pod_from_itself_and_from_the_node(
    host: Host, namespace: str
) -> None:
    serve = "mkdir /w; echo served > /w/index.html; exec httpd -f -p 8080 -h /w"
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    server = pod("server", serve, container={"readinessProbe": probe})
    host.apply(namespace, server, service)
    host.kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/server", "--timeout=110s")
    fetch = f"until wget -q -O - http://web.{namespace}.svc.cluster.local; do sleep 0.2; done"
    host.apply(namespace, pod("client", fetch))
    assert finished(host, namespace, "client") == "served\n"
    assert (
        host.kubectl("exec", "-n", namespace, "server", "--", "wget", "-q", "-O", "-", "http://web")
        == "served\n"
    )
    address = host.get("service", "web", "-n", namespace)["spec"]["clusterIP"]
    fetch = f"until wget -q -O - http://{address} 2>/dev/null; do sleep 0.2; done"
    host.apply(namespace, pod("node", fetch, hostNetwork=True))
    assert finished(host, namespace, "node") == "served\n"


@pytest.mark.skew
def test_claim_is_bound_and_keeps_data_off_the_machine(host: Host, namespace: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    mounts = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    writer = pod("writer", "echo kept > /data/x", volumes=volumes, container=mounts)
    reader = pod("reader", "cat /data/x", volumes=volumes, container=mounts)
    host.apply(namespace, claim, writer)
    finished(host, namespace, "writer")
    host.apply(namespace, reader)
    assert finished(host, namespace, "reader") == "kept\n"
    volume = host.get("pvc", "data", "-n", namespace)["spec"]["volumeName"]
    path = host.get("pv", volume)["spec"]["hostPath"]["path"]
    assert not Path(path).exists()


def test_volume_is_for_any_user(host: Host, namespace: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "shared"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    container = {
        "securityContext": {"runAsUser": 999, "runAsNonRoot": True},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "shared"}}
    host.apply(
        namespace, claim, pod("writer", "id -u > /data/f; cat /data/f", container=container, volumes=[volume])
    )
    assert finished(host, namespace, "writer") == "999\n"


def test_python_image_is_a_whole_python(host: Host, namespace: str) -> None:
    tag = f"{sys.version_info.major}.{sys.version_info.minor}"
    modules = "asyncio, bz2, ctypes, hashlib, json, lzma, sqlite3, ssl, sys, zlib"
    script = f"import {modules}; print(sys.prefix, ssl.OPENSSL_VERSION)"
    container = {"image": f"python:{tag}-slim", "command": ["python", "-I", "-c", script]}
    host.apply(namespace, pod("py", "", container=container))
    assert finished(host, namespace, "py").startswith("/usr/local OpenSSL")


def test_address_that_leads_nowhere_is_refused_at_once(host: Host, namespace: str) -> None:
    host.apply(namespace, pod("out", "wget -q -O - http://203.0.113.1 2>&1; true"))
    assert "Connection refused" in finished(host, namespace, "out")  # and not, minutes later, timed out


@pytest.mark.skew
def test_loaded_image_runs(host: Host, namespace: str, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    image = Image(names=["example.test/greeter:1"], files={"/bin/sh": Path("/bin/busybox").resolve()})
    write_archive(image, archive)
    out = host.vcli("host", "load-image", str(archive), "--name", host.name, "-o", "json").stdout
    assert json.loads(out) == [{"name": "example.test/greeter:1"}]
    container = {"image": "example.test/greeter:1"}
    host.apply(namespace, pod("g", "echo hi", container=container))
    assert finished(host, namespace, "g") == "hi\n"


def test_killed_component_is_started_again_and_that_shows(host: Host) -> None:
    def component(name: str) -> dict[str, Any]:
        out = host.vcli("host", "status", "--name", host.name, "-o", "json", check=False).stdout
        return next(x for x in json.loads(out)["components"] if x["name"] == name)

    for name in ("kube-scheduler", "kube-apiserver"):
        before = component(name)
        os.kill(before["pid"], signal.SIGKILL)
        after = eventually(
            lambda n=name, b=before: (c := component(n)) and c["restarts"] > b["restarts"] and c
        )
        assert "SIGKILL" in after["lastExit"]
    eventually(lambda: host.kubectl("get", "--raw", "/readyz", check=False) == "ok", seconds=60)
    eventually(lambda: host.vcli("host", "status", "--name", host.name, check=False).returncode == 0)


@pytest.mark.skew
def test_version_that_it_does_not_run_is_refused_and_changes_nothing(host: Host) -> None:
    before = host.vcli("host", "status", "--name", host.name, "-o", "json").stdout
    other = next(x for x in KUBERNETES_RELEASES if x != HOST)
    done = host.vcli("host", "up", "--name", host.name, "--kubernetes", other, check=False)
    assert (done.returncode, done.stdout) == (5, "")
    assert f"host {host.name} is up already, with Kubernetes {HOST}" in done.stderr
    assert f"vcli host down --name {host.name}" in done.stderr
    for command in ("up", "build", "load-image"):
        done = host.vcli("host", command, "--kubernetes", "1.99", check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert ", ".join(KUBERNETES_RELEASES) in done.stderr
    assert host.vcli("host", "status", "--name", host.name, "-o", "json").stdout == before


@pytest.mark.skew
def test_up_again_with_its_version_or_none_finds_it(host: Host) -> None:
    for options in ([], ["--kubernetes", HOST], ["--kubernetes", HOST.rpartition(".")[0]]):
        done = host.vcli("host", "up", "--name", host.name, *options, "-o", "json")
        up = json.loads(done.stdout)
        assert (up["created"], up["version"]) == (False, HOST)
        assert f"is up already, with Kubernetes {HOST}" in done.stderr
    status = json.loads(host.vcli("host", "status", "--name", host.name, "-o", "json").stdout)
    assert status["version"] == HOST


# From here on with an instance of its own, which dies.


@pytest.fixture
def own(host: Host, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment, and the promise that instance OWN is gone before and after."""
    env = environment(tmp_path) | {"PATH": host.env["PATH"]}
    run([sys.executable, "-m", "vcli", "host", "down", "--name", OWN], env=env)
    yield env
    run([sys.executable, "-m", "vcli", "host", "down", "--name", OWN], env=env)


def vcli(env: dict[str, str], *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "vcli", "host", *args, "--name", OWN], env=env, check=check)


def test_down_leaves_nothing(own: dict[str, str]) -> None:
    before = machine(OWN)
    up = json.loads(vcli(own, "up", "--egress", "none", "--port", "0", "-o", "json").stdout)
    busy = pod("busy", "sleep 1000", container={"ports": [{"containerPort": 80, "hostPort": 8099}]})
    run(["kubectl", "apply", "-f", "-"], env=own, stdin=json.dumps(busy))
    run(["kubectl", "wait", "--for=condition=Ready", "pod/busy", "--timeout=60s"], env=own)
    assert machine(OWN)["cgroups"], "the test would not see a cgroup that stays"
    assert machine(OWN)["processes"], "the test would not see a process that stays"
    vcli(own, "down")
    assert machine(OWN) == before
    port = int(up["server"].rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert OWN not in Path(own["KUBECONFIG"]).read_text()
    again = vcli(own, "down", "-o", "json")
    assert json.loads(again.stdout) == {"name": OWN, "removed": False}


def test_port_that_is_taken_is_an_error_with_a_way_out(own: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = vcli(own, "up", "--egress", "none", "--port", str(taken.getsockname()[1]), check=False)
    assert done.returncode == 5
    assert "is taken" in done.stderr
    assert "--port" in done.stderr
    assert not Instance.of(OWN).root.exists()
    assert not Instance.of(OWN).run.exists()


def test_killed_host_is_noticed_and_booted_anew(own: dict[str, str]) -> None:
    vcli(own, "up", "--egress", "none", "--port", "0")
    status = json.loads(vcli(own, "status", "-o", "json").stdout)
    os.kill(status["pid"], signal.SIGKILL)
    eventually(lambda: vcli(own, "status", check=False).returncode == 3, seconds=60)
    again = json.loads(vcli(own, "up", "--egress", "none", "--port", "0", "-o", "json").stdout)
    assert again["created"] is True
    assert run(["kubectl", "get", "--raw", "/readyz"], env=own).stdout == "ok"


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_up_takes_all_back(own: dict[str, str], signum: signal.Signals, code: int) -> None:
    before = machine(OWN)
    argv = [sys.executable, "-m", "vcli", "host", "up", "--name", OWN, "--egress", "none", "--port", "0"]
    with Program(argv, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        eventually(Instance.of(OWN).identity.exists, seconds=60)
        process.send_signal(signum)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert machine(OWN) == before


@pytest.mark.skipif(not shutil.which("slirp4netns"), reason="the way out takes slirp4netns")
def test_way_out_leads_to_the_machine_and_back(own: dict[str, str]) -> None:
    address = next(
        y["local"]
        for x in json.loads(output("ip", "-4", "-j", "address"))
        if x["ifname"] != "lo"
        for y in x["addr_info"]
    )
    vcli(own, "up", "--port", "0", "--egress", "all")
    with socket.socket() as server:
        server.bind((address, 0))
        server.listen()
        server.settimeout(60)
        url = f"http://{address}:{server.getsockname()[1]}"
        client = pod("client", f"wget -q -O - {url}")
        run(["kubectl", "apply", "-f", "-"], env=own, stdin=json.dumps(client))
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    log = ["kubectl", "logs", "client"]
    eventually(lambda: run(log, env=own, check=False).stdout == "hello", seconds=60)
