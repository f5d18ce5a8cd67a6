"""``vcli list`` and ``describe`` on a real host: exit code, stdout and stderr together."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded import Host
from polling import eventually

Object = dict[str, Any]


def workload(name: str, *, ours: bool, image: str = "registry.k8s.io/kube-apiserver:v1.36.3") -> Object:
    """What the host knows of a control plane; nothing has to run for it to be listed."""
    labels = {"app": "vcluster", "release": name}
    container = {"name": "kube-apiserver", "image": image}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "labels": labels | ({"vcli.dev/cluster": name} if ours else {})},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@pytest.fixture
def clusters(host: Host, namespace: str) -> Iterator[str]:
    host.apply(namespace, workload("ours", ours=True))
    host.apply(namespace, workload("theirs", ours=False, image="rancher/k3s:v1.35.1-k3s1"))
    host.apply(namespace, workload("asleep", ours=True) | {})
    host.kubectl("annotate", "-n", namespace, "statefulset/asleep", "loft.sh/paused=true")
    yield namespace
    host.kubectl("delete", "statefulset", "-n", namespace, "--all")


def test_an_empty_list_is_an_empty_list(host: Host, namespace: str) -> None:
    done = host.vcli("list", "-n", namespace, "-o", "json")
    assert json.loads(done.stdout) == []
    create = f"vcli create NAME -n {namespace}"
    said = f"no virtual clusters in namespace {namespace}; {create} creates one"
    assert json.loads(done.stderr) == {"level": "info", "message": said}
    for output in ("table", "wide", "name"):
        done = host.vcli("list", "-n", namespace, "-o", output, "-q")
        assert (done.stdout, done.stderr) == ("", "")


def test_all_that_is_there(host: Host, clusters: str) -> None:
    done = host.vcli("list", "-o", "json")
    assert done.stderr == ""
    found = {row["name"]: row for row in json.loads(done.stdout) if row["namespace"] == clusters}
    assert {
        name: (row["status"], row["version"], row["distro"], row["managedBy"]) for name, row in found.items()
    } == {
        "ours": ("Starting", "v1.36.3", "k8s", "vcli"),
        "theirs": ("Starting", "v1.35.1+k3s1", "k3s", "loft-sh"),
        "asleep": ("Paused", "v1.36.3", "k8s", "vcli"),
    }
    assert not any(row["connected"] for row in found.values())
    assert all(row["age"].endswith("s") for row in found.values())
    asked = host.vcli("list", "-A", "-n", "elsewhere", "-o", "json")  # as kubectl takes it
    assert found.keys() <= {row["name"] for row in json.loads(asked.stdout)}


def test_formats(host: Host, clusters: str) -> None:
    assert host.vcli("ls", "-n", clusters, "-o", "name").stdout == "asleep\nours\ntheirs\n"
    assert [row["name"] for row in yaml.safe_load(host.vcli("ls", "-n", clusters, "-o", "yaml").stdout)] == [
        "asleep",
        "ours",
        "theirs",
    ]
    lines = host.vcli("-n", clusters, "ls").stdout.splitlines()
    assert lines[0].split() == ["NAME", "NAMESPACE", "STATUS", "VERSION", "DISTRO", "CONNECTED", "AGE"]
    assert lines[2].split()[:6] == ["ours", clusters, "Starting", "v1.36.3", "k8s", "no"]
    assert "MANAGED BY" in host.vcli("ls", "-n", clusters, "-o", "wide").stdout


def kubeconfig(host: Host, folder: Path, **change: str) -> str:
    """The host's kubeconfig with another cluster, as a file."""
    config = yaml.safe_load(host.kubeconfig.read_text())
    current = next(each for each in config["contexts"] if each["name"] == config["current-context"])[
        "context"
    ]
    cluster = next(each for each in config["clusters"] if each["name"] == current["cluster"])["cluster"]
    cluster |= change
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def test_a_host_that_is_down(host: Host, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = f"https://127.0.0.1:{unused.getsockname()[1]}"
        path = kubeconfig(host, tmp_path, server=server)
        done = host.vcli("list", "--kubeconfig", path, check=False)
        assert (done.returncode, done.stdout) == (6, "")
        assert done.stderr.startswith("error: ")
        assert server.removeprefix("https://") in done.stderr
        done = host.vcli("list", "--kubeconfig", path, "-o", "json", check=False)
        assert (done.returncode, done.stdout) == (6, "")
        assert json.loads(done.stderr)["error"]["code"] == "Unreachable"


def test_a_host_that_never_answers(host: Host, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = kubeconfig(host, tmp_path, server=f"https://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        done = host.vcli("list", "--kubeconfig", path, "--timeout", "1s", check=False)
        assert (done.returncode, done.stdout) == (6, "")
        assert time.monotonic() - started < 9  # without --timeout it is ten


def test_completion_of_names(host: Host, clusters: str, tmp_path: Path) -> None:
    def complete(words: str, **env: str) -> tuple[int, list[str], str]:
        shell = {"_VCLI_COMPLETE": "bash", "_VCLI_LINE": words}
        done = Host(name=host.name, kubeconfig=host.kubeconfig, env=host.env | shell | env).vcli()
        return done.returncode, done.stdout.split(), done.stderr

    def completes(words: str, *names: str) -> bool:
        return complete(words) == (0, [*names], "")

    # What the host does not say within a second is left out, and a busy machine may take longer.
    eventually(lambda: completes(f"vcli -n {clusters} describe ", "asleep", "ours", "theirs"))
    eventually(lambda: completes(f"vcli describe -n {clusters} o", "ours"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = kubeconfig(host, tmp_path, server=f"https://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        assert complete("vcli describe ", KUBECONFIG=path) == (0, [], "")
        # The cap is a second; without it the request alone would take ten.
        assert time.monotonic() - started < 8
    assert complete("vcli describe ", KUBECONFIG=str(tmp_path / "absent")) == (0, [], "")


def test_describe(host: Host, clusters: str) -> None:
    done = host.vcli("describe", "ours", "-n", clusters, "-o", "json")
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert (found["name"], found["namespace"], found["version"]) == ("ours", clusters, "v1.36.3")
    assert found["workload"] == {"kind": "StatefulSet", "replicas": 0, "ready": 0}
    assert found["certificates"] is None  # there is no such Secret
    text = host.vcli("describe", "ours", "-n", clusters).stdout
    assert text.splitlines()[0].split() == ["Name:", "ours"]
    done = host.vcli("describe", "our", "-n", clusters, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(
        f"error: there is no virtual cluster 'our' in namespace '{clusters}'\nhint: "
    )


def test_logs_of_what_does_not_run(host: Host, clusters: str) -> None:
    done = host.vcli("logs", "asleep", "-n", clusters, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "paused" in done.stderr
