"""exec, attach, logs, port-forward and cp in a virtual cluster, as people use them: by kubectl.

``VCLI_E2E_CLUSTER=NAMESPACE/NAME`` uses a virtual cluster that is there already, and leaves it there.
"""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from embedded import SECONDS, Host
from polling import eventually
from space import virtual_cluster
from terminal import Terminal

IMAGE = "docker.io/library/busybox:1.36"
FOLLOWERS = 8  # of a log at once: more than other connections come and go meanwhile
# kubectl speaks SPDY to the virtual API server when it is told to; by default WebSocket.
SPDY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A virtual cluster, and kubectl in it.

    Attributes:
        kubeconfig: of a connection that is open; empty where each kubectl has one of its own.
    """

    host: Host
    name: str
    namespace: str
    kubeconfig: str

    def argv(self, *args: str) -> list[str]:
        if self.kubeconfig:
            return ["kubectl", f"--kubeconfig={self.kubeconfig}", *args]
        connect = [sys.executable, "-m", "vcli", "connect", self.name, "--namespace", self.namespace]
        return [*connect, "--", "kubectl", *args]

    def run(
        self, *args: str, check: bool = True, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            self.argv(*args),
            env=self.host.env | (env or {}),
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        if check and done.returncode != 0:
            pytest.fail(f"{args}: exit {done.returncode}\n{done.stdout!r}\n{done.stderr!r}", pytrace=True)
        return done

    def kubectl(self, *args: str) -> str:
        return self.run(*args).stdout.decode()

    def start(self, *args: str, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        """Run kubectl in the background; the caller ends it."""
        return subprocess.Popen(
            self.argv(*args),
            env=self.host.env | (env or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pod(self, name: str, script: str, *, wait: str = "condition=Ready", **fields: Any) -> str:
        """Make a pod that runs a shell script; give its name."""
        container = {
            "name": "main",
            "image": IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", script],
            **fields.pop("container", {}),
        }
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, **fields},
        }
        self.run("apply", "-f", "-", stdin=json.dumps(pod).encode())
        if wait:
            self.kubectl("wait", f"pod/{name}", f"--for={wait}", "--timeout=100s")
        return name


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[Cluster]:
    with virtual_cluster(host, "streams", dns=False) as made:
        yield Cluster(host=host, name=made.name, namespace=made.namespace, kubeconfig=str(made.kubeconfig))


@pytest.fixture
def unconnected(cluster: Cluster) -> Cluster:
    """Each kubectl by ``vcli connect NAME --``."""
    return replace(cluster, kubeconfig="")


@pytest.fixture(scope="module")
def box(cluster: Cluster) -> str:
    """A pod to look around in, with a small web server on port 8080."""
    return cluster.pod("box", "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www")


@pytest.fixture
def name() -> str:
    return f"p{uuid.uuid4().hex[:8]}"


@contextlib.contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """End a background kubectl, and what vcli connect started for it."""
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


# --- exec


@pytest.mark.parametrize("env", [{}, SPDY], ids=["websocket", "spdy"])
@pytest.mark.skew
def test_exec_pipes_stdin_keeps_outputs_apart_and_gives_the_exit_code(
    unconnected: Cluster, box: str, env: dict[str, str]
) -> None:
    script = "cat; echo problem >&2; exit 7"
    done = unconnected.run(
        "exec", "-i", box, "--", "sh", "-c", script, stdin=b"some\0bytes\xff\n", check=False, env=env
    )
    assert done.returncode == 7
    assert done.stdout == b"some\0bytes\xff\n"
    assert done.stderr.splitlines()[0] == b"problem"


def test_exec_passes_any_argument(cluster: Cluster, box: str) -> None:
    words = ["a b", "c&d=e", "100%", "+", "", "'\"", "line\nbreak", "über/日本", "#?"]
    done = cluster.run(
        "exec", box, "--", "sh", "-c", 'for word; do printf "%s\\0" "$word"; done', "-", *words
    )
    assert done.stdout.decode().split("\0")[:-1] == words


@pytest.mark.parametrize("env", [{}, SPDY], ids=["websocket", "spdy"])
@pytest.mark.skew
def test_exec_carries_much_data_both_ways(cluster: Cluster, box: str, env: dict[str, str]) -> None:
    data = os.urandom(1024) * (16 * 1024)
    done = cluster.run("exec", "-i", box, "--", "cat", stdin=data, env=env)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


@pytest.mark.parametrize("env", [{}, SPDY], ids=["websocket", "spdy"])
@pytest.mark.skew
def test_a_terminal_and_its_size(unconnected: Cluster, box: str, env: dict[str, str]) -> None:
    argv = unconnected.argv("exec", "-it", box, "--", "sh")
    with Terminal(argv, env=unconnected.host.env | env, rows=30, columns=100) as terminal:
        terminal.wait_for("# ")
        terminal.type("stty size; tty\n")
        terminal.wait_for("30 100")
        terminal.wait_for("/dev/pts/")
        terminal.resize(51, 123)
        # The resize travels on a stream of its own: it may come after what is typed next.
        terminal.type("until stty size | grep '51 123'; do sleep 0.2; done\n")
        terminal.wait_for("\r\n51 123\r\n")
        terminal.type("exit 3\n")
        assert terminal.exit_code() == 3


def test_exec_says_what_is_wrong(cluster: Cluster, box: str) -> None:
    missing = cluster.run("exec", box, "--", "/no/such/program", check=False)
    assert missing.returncode == 1
    assert b"no such file or directory" in missing.stderr
    assert cluster.namespace.encode() not in missing.stderr
    container = cluster.run("exec", box, "-c", "other", "--", "true", check=False)
    assert b"container other is not valid for pod box" in container.stderr


def test_many_at_once(cluster: Cluster, box: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda i: cluster.kubectl("exec", box, "--", "echo", str(i)), range(16)))
    assert done == [f"{i}\n" for i in range(16)]


# --- attach


@pytest.mark.skew
def test_attach_talks_to_the_process_of_the_container(
    cluster: Cluster, unconnected: Cluster, name: str
) -> None:
    cluster.pod(name, "while read line; do echo got $line; done", container={"stdin": True})
    with ended(unconnected.start("attach", "-i", name)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for word in ("one", "two"):
            process.stdin.write(f"{word}\n")
            process.stdin.flush()
            assert process.stdout.readline() == f"got {word}\n"
    assert cluster.kubectl("logs", name) == "got one\ngot two\n"


# --- logs


@pytest.mark.skew
def test_logs_tail_since_limit_and_timestamps(cluster: Cluster, name: str) -> None:
    cluster.pod(name, "for i in 1 2 3 4 5; do echo line $i; done; sleep 1000")
    assert cluster.kubectl("logs", name) == "".join(f"line {i}\n" for i in range(1, 6))
    assert cluster.kubectl("logs", name, "--tail=2") == "line 4\nline 5\n"
    assert cluster.kubectl("logs", name, "--limit-bytes=4") == "line"
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z line 1\n", cluster.kubectl("logs", name, "--timestamps"))
    time.sleep(2)
    assert cluster.kubectl("logs", name, "--since=1s") == ""


@pytest.mark.skew
def test_following_ends_with_the_container(cluster: Cluster, name: str) -> None:
    cluster.pod(name, "for i in 1 2 3; do echo $i; sleep 1; done", wait="", restartPolicy="Never")
    eventually(lambda: cluster.run("logs", name, check=False).returncode == 0, seconds=60)
    assert cluster.kubectl("logs", "-f", name) == "1\n2\n3\n"


def test_lines_come_as_they_are_written(cluster: Cluster, name: str) -> None:
    cluster.pod(name, "i=0; while true; do i=$((i+1)); echo $i; sleep 0.3; done")
    with ended(cluster.start("logs", "-f", "--tail=1", name)) as process:
        assert process.stdout is not None
        first = int(process.stdout.readline())
        started = time.monotonic()
        assert [int(process.stdout.readline()) for _ in range(5)] == [first + i for i in range(1, 6)]
        assert time.monotonic() - started < 10


def test_the_host_is_told_at_once_when_nobody_reads_any_more(cluster: Cluster, name: str) -> None:
    """A silent container: there is no write that would fail."""
    cluster.pod(name, "echo only line; sleep 1000")
    before = descriptors_at_rest(cluster)
    with contextlib.ExitStack() as stack:
        for _ in range(FOLLOWERS):
            process = stack.enter_context(ended(cluster.start("logs", "-f", name)))
            assert process.stdout is not None
            assert process.stdout.readline() == "only line\n"
        eventually(lambda: descriptors(cluster) > before + FOLLOWERS // 2, seconds=10)
    eventually(lambda: descriptors(cluster) <= before, seconds=10)


def descriptors(cluster: Cluster) -> int:
    """How many files and connections the syncer has open."""
    pod = f"{cluster.name}-0"
    listing = ["exec", "-n", cluster.namespace, pod, "-c", "syncer", "--", "ls", "/proc/1/fd"]
    return len(cluster.host.kubectl(*listing).split())


def descriptors_at_rest(cluster: Cluster) -> int:
    """How many when connections of what ran before are closed: three times the same."""
    found: list[int] = []

    def at_rest() -> bool:
        found.append(descriptors(cluster))
        return len(found) > 2 and len(set(found[-3:])) == 1

    eventually(at_rest, pause=1)
    return found[-1]


@pytest.mark.skew
def test_logs_of_the_container_before(cluster: Cluster, name: str) -> None:
    cluster.pod(
        name,
        "test -e /state/ran && { echo second; sleep 1000; }; touch /state/ran; echo first; exit 1",
        container={"volumeMounts": [{"name": "state", "mountPath": "/state"}]},
        volumes=[{"name": "state", "emptyDir": {}}],
        wait="",
    )
    eventually(lambda: cluster.run("logs", name, check=False).stdout == b"second\n", seconds=60)
    assert cluster.kubectl("logs", "--previous", name) == "first\n"


def test_logs_of_a_container_that_waits_name_the_virtual_pod(cluster: Cluster, name: str) -> None:
    cluster.pod(name, "true", container={"image": "registry.invalid/none:1"}, wait="")
    eventually(lambda: b"waiting to start" in cluster.run("logs", name, check=False).stderr, seconds=60)
    message = cluster.run("logs", name, check=False).stderr.decode()
    assert f'container "main" in pod "{name}" is waiting to start' in message
    assert cluster.namespace not in message
    assert "-x-" not in message


# --- port-forward


@pytest.mark.parametrize("env", [{}, SPDY], ids=["websocket", "spdy"])
@pytest.mark.skew
def test_port_forward(cluster: Cluster, box: str, env: dict[str, str]) -> None:
    with ended(cluster.start("port-forward", f"pod/{box}", ":8080", env=env)) as process:
        assert process.stdout is not None
        port = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert port is not None
        url = f"http://127.0.0.1:{port[1]}/"
        for _ in range(5):
            with urllib.request.urlopen(url, timeout=30) as answer:
                assert answer.read() == b"hello\n"
        with ThreadPoolExecutor(5) as pool:
            assert set(pool.map(lambda _: fetch(url), range(10))) == {b"hello\n"}


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
        body: bytes = answer.read()
        return body


def test_port_forward_to_a_port_where_nobody_listens(cluster: Cluster, box: str) -> None:
    with ended(cluster.start("port-forward", f"pod/{box}", ":9")) as process:
        assert process.stdout is not None
        port = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert port is not None
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            fetch(f"http://127.0.0.1:{port[1]}/")


# --- cp


@pytest.mark.skew
def test_cp_both_ways(cluster: Cluster, box: str, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    (there / "sub").mkdir(parents=True)
    (there / "random").write_bytes(os.urandom(3_000_000))
    (there / "sub" / "text").write_text("über\n")
    cluster.kubectl("cp", str(there), f"{box}:/tmp/copied")
    cluster.kubectl("cp", f"{box}:/tmp/copied", str(back))
    for file in ("random", "sub/text"):
        assert (back / file).read_bytes() == (there / file).read_bytes()


# --- the node


@pytest.mark.skew
def test_the_node_answers_by_its_proxy_and_tells_nothing_of_the_host(cluster: Cluster, box: str) -> None:
    node = cluster.kubectl("get", "pod", box, "-o", "jsonpath={.spec.nodeName}")
    proxy = f"/api/v1/nodes/{node}/proxy"
    assert cluster.kubectl("get", "--raw", f"{proxy}/healthz") == "ok"
    pods = cluster.kubectl("get", "--raw", f"{proxy}/pods")
    assert box in {pod["metadata"]["name"] for pod in json.loads(pods)["items"]}
    assert cluster.namespace not in pods
    assert cluster.namespace not in cluster.kubectl("get", "nodes", "-o", "yaml")


def usage_of(summary: bytes, pod: str) -> Any:
    """What a node reports of a pod's usage."""
    return {each["podRef"]["name"]: each for each in json.loads(summary)["pods"]}[pod]


def test_usage_is_told_where_the_host_lets_us_ask_for_it(cluster: Cluster, box: str) -> None:
    node = cluster.kubectl("get", "pod", box, "-o", "jsonpath={.spec.nodeName}")
    proxy = f"/api/v1/nodes/{node}/proxy"

    def ask(path: str) -> "subprocess.CompletedProcess[bytes]":
        return cluster.run("get", "--raw", f"{proxy}{path}", check=False)

    right = f"usage-{uuid.uuid4().hex[:8]}"
    account = f"--serviceaccount={cluster.namespace}:vc-{cluster.name}"
    cluster.host.kubectl("create", "clusterrole", right, "--verb=get", "--resource=nodes/proxy")
    try:
        cluster.host.kubectl("create", "clusterrolebinding", right, f"--clusterrole={right}", account)
        # It may have asked in vain a minute ago.
        eventually(lambda: ask("/stats/summary").returncode == 0, seconds=90)
        # A node measures its pods now and then: one that is new is in the next answer.
        summary = eventually(lambda: (said := ask("/stats/summary").stdout) and usage_of(said, box) and said)
        assert usage_of(summary, box)["podRef"]["namespace"] == "default"
        labels = f'{{container="main",namespace="default",pod="{box}"}}'.encode()
        resource = eventually(lambda: labels in (said := ask("/metrics/resource").stdout) and said)
        for answer in (summary, resource, ask("/metrics/cadvisor").stdout, ask("/metrics/probes").stdout):
            assert cluster.namespace.encode() not in answer
            assert f"{cluster.name}-0".encode() not in answer
    finally:
        cluster.host.kubectl("delete", "clusterrole,clusterrolebinding", right)
    # The default: no rights on the host's nodes, and honest about it.
    refused = eventually(lambda: (done := ask("/stats/summary")).returncode != 0 and done)
    assert b"does not let this virtual cluster read the usage of its nodes" in refused.stderr
