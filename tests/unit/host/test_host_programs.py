"""Our own two programs, built by the real Go as users get them."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vcli.host.go_source import GoSource
from vcli.host.products import PRODUCTS


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("cache") / "bin"
    into.mkdir()
    source = GoSource()
    for product in PRODUCTS:
        if product.name in {"pause", "relay"}:
            source.fetch(product, list(product.packages), into, lambda _: None)
    return into


@pytest.fixture
def upstream() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


@pytest.fixture
def relay(programs: Path, upstream: socket.socket) -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = upstream.getsockname()
        # As the node does: the socket arrives as file descriptor 3.
        move = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"
        program = [str(programs / "relay"), f"{host}:{port}"]
        argv = [sys.executable, "-c", move, str(listener.fileno()), *program]
        with subprocess.Popen(argv, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL) as process:
            yield listener.getsockname()
            process.kill()


def test_relay_carries_both_directions_and_a_half_closed_end(
    relay: tuple[str, int], upstream: socket.socket
) -> None:
    payload = os.urandom(3 << 20)
    with socket.create_connection(relay, timeout=10) as client:
        server, _ = upstream.accept()
        with server:
            sender = threading.Thread(
                target=lambda: (client.sendall(payload), client.shutdown(socket.SHUT_WR))
            )
            sender.start()
            assert b"".join(iter(lambda: server.recv(1 << 16), b"")) == payload
            sender.join()
            server.sendall(b"answer after the request's end")
        assert b"".join(iter(lambda: client.recv(1 << 16), b"")) == b"answer after the request's end"


def test_relay_tells_the_server_when_the_client_is_gone(
    relay: tuple[str, int], upstream: socket.socket
) -> None:
    client = socket.create_connection(relay, timeout=10)
    server, _ = upstream.accept()
    with server:
        client.close()
        server.settimeout(5)
        assert server.recv(1) == b""


def test_relay_resets_when_nobody_listens_behind_it(relay: tuple[str, int], upstream: socket.socket) -> None:
    upstream.close()
    with socket.create_connection(relay, timeout=5) as client, pytest.raises(ConnectionResetError):
        client.recv(1)


def test_relay_serves_many_at_once(relay: tuple[str, int], upstream: socket.socket) -> None:
    pairs = []
    for number in range(200):
        client = socket.create_connection(relay, timeout=10)
        server, _ = upstream.accept()
        client.sendall(number.to_bytes(2, "big"))
        pairs.append((client, server))
    for number, (client, server) in enumerate(pairs):
        assert server.recv(2) == number.to_bytes(2, "big")
        server.close()
        assert client.recv(1) == b""
        client.close()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_pause_ends_at_once_when_asked(programs: Path, signum: signal.Signals) -> None:
    with subprocess.Popen([programs / "pause"]) as process:
        time.sleep(0.1)
        assert process.poll() is None
        process.send_signal(signum)
        assert process.wait(5) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="subreapers are Linux's")
def test_pause_reaps_what_it_inherits(programs: Path) -> None:
    """With a subreaper's mark it inherits orphans as PID 1 of a pod with a shared PID namespace does."""
    script = (
        "import ctypes, os, sys\n"
        "ctypes.CDLL(None).prctl(36, 1)\n"  # PR_SET_CHILD_SUBREAPER; kept over exec
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        import time; time.sleep(0.5); os._exit(0)\n"
        "    os._exit(0)\n"
        "os.execv(sys.argv[1], ['pause'])\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(programs / "pause")]) as process:
        time.sleep(0.2)
        assert children(process.pid) != []
        deadline = time.monotonic() + 5
        while children(process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.terminate()


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
