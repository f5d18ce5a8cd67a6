"""Background tunnels: the real process, with a real API server for a host (without pods)."""

import asyncio
import base64
import dataclasses
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vcli.errors import ConflictError, VcliError
from vcli.kube.access import Access
from vcli.kube.resources import SERVICES
from vcli.portforward import background, process
from vcli.portforward.state import TunnelSpec, TunnelState, folder


def kubeconfig_of(access: Access) -> str:
    def encoded(data: bytes | None) -> str:
        return base64.b64encode(data or b"").decode()

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "host",
                    "cluster": {
                        "server": access.server,
                        "certificate-authority-data": encoded(access.ca),
                    },
                }
            ],
            "users": [
                {
                    "name": "admin",
                    "user": {
                        "client-certificate-data": encoded(access.client_certificate),
                        "client-key-data": encoded(access.client_key),
                    },
                }
            ],
            "contexts": [{"name": "host", "context": {"cluster": "host", "user": "admin"}}],
            "current-context": "host",
        }
    )


@pytest.fixture
def kubeconfig(access, tmp_path) -> Path:
    """The user's kubeconfig."""
    file: Path = tmp_path / "kubeconfig"
    file.write_text(kubeconfig_of(access))
    return file


@pytest.fixture
async def spec(client, namespace, access, kubeconfig) -> TunnelSpec:
    """A tunnel to a virtual cluster of which the Service exists."""
    service = {"metadata": {"name": "demo"}, "spec": {"ports": [{"port": 443}]}}
    await client.create(SERVICES, service, namespace=namespace)
    return TunnelSpec(
        server=access.server,
        kubeconfig=str(kubeconfig),
        context="host",
        namespace=namespace,
        name="demo",
        selector="app=vcluster,release=demo",
    )


@pytest.fixture(autouse=True)
def nothing_left(tmp_path, monkeypatch) -> Iterator[None]:
    monkeypatch.setenv("VCLI_STATE_DIR", str(tmp_path / "state"))
    yield
    for state in background.list():
        background.stop(state)
    assert list(folder().iterdir()) == []


def eventually(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.05)


def log_of(state: TunnelState) -> str:
    return Path(state.log).read_text()


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def test_start_returns_when_it_listens_and_again_with_the_same(spec):
    state = background.start(spec)
    assert accepts(state.port)
    assert state.alive
    assert background.start(spec) == state
    assert background.list() == [state]
    assert background.find(server=spec.server, namespace=spec.namespace, name="demo") == state
    # A session of its own: closing the terminal doesn't end it.
    assert os.getsid(state.pid) == state.pid
    assert Path(f"/proc/{state.pid}/cwd").readlink() == Path("/")
    assert Path(f"/proc/{state.pid}/fd/0").readlink() == Path("/dev/null")
    background.stop(state)
    assert not accepts(state.port)
    assert not state.alive


def test_two_starters_at_once_get_one_tunnel(spec):
    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(background.start, [spec] * 4))
    assert len({state.pid for state in states}) == 1


def test_one_that_was_started_in_vain_ends(spec):
    def fail() -> None:
        with background.held(spec) as state:
            assert accepts(state.port)
            ports.append(state.port)
            raise ZeroDivisionError

    ports: list[int] = []
    with pytest.raises(ZeroDivisionError):
        fail()
    assert not accepts(*ports)
    assert list(folder().iterdir()) == []


def test_nothing_but_the_log_stays_open_for_whoever_waits_for_our_output(spec):
    """A tunnel that kept a pipe of ours would hang ``$(vcli connect ...)``, or a CI runner's step."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    state = background.start(spec)
    targets = [str(path.readlink()) for path in Path(f"/proc/{state.pid}/fd").iterdir()]
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)
    assert [target for target in targets if target.startswith("pipe:")] == []
    assert targets.count(state.log) == 2


def test_a_taken_port_is_named(spec):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConflictError, match=f"local port {port} of 127.0.0.1 is taken") as caught:
            background.start(dataclasses.replace(spec, local_port=port))
    assert caught.value.hint is not None
    assert "--local-port" in caught.value.hint
    state = background.start(dataclasses.replace(spec, local_port=port))
    assert state.port == port
    # And who doesn't mind the port takes that one.
    assert background.start(spec) == state


@pytest.mark.parametrize(
    ("change", "message"),
    [({"context": "nowhere"}, "nowhere"), ({"kubeconfig": "/does/not/exist"}, "/does/not/exist")],
)
def test_why_it_can_not_start_is_told(spec, change, message):
    with pytest.raises(VcliError, match=message):
        background.start(dataclasses.replace(spec, **change))
    assert background.list() == []
    assert list(folder().iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_traces(spec, number):
    state = background.start(spec)
    os.kill(state.pid, number)
    eventually(lambda: not state.alive)
    process.reap(state.pid)
    assert list(folder().iterdir()) == []


def test_a_closed_terminal_does_not(spec):
    state = background.start(spec)
    os.kill(state.pid, signal.SIGHUP)
    time.sleep(0.3)
    assert accepts(state.port)


def test_after_a_crash_the_next_start_takes_over(spec):
    state = background.start(spec)
    os.kill(state.pid, signal.SIGKILL)
    eventually(lambda: not state.alive)
    process.reap(state.pid)
    assert state.path.exists()
    second = background.start(spec)
    assert second.pid != state.pid
    assert accepts(second.port)


def test_it_ends_when_its_state_file_is_removed(spec):
    state = background.start(spec)
    state.path.unlink()
    eventually(lambda: not state.alive)
    process.reap(state.pid)
    Path(state.log).unlink()


async def test_it_ends_when_its_cluster_is_deleted(spec, client):
    state = await asyncio.to_thread(background.start, spec)
    await client.delete(SERVICES, "demo", namespace=spec.namespace)
    # A failing connection makes it look; it may have looked, and ended, before.
    await asyncio.to_thread(accepts, state.port)
    await asyncio.to_thread(eventually, lambda: not state.alive)
    process.reap(state.pid)
    assert list(folder().iterdir()) == []


async def test_it_stays_while_the_host_is_away(spec, api_server):
    state = await asyncio.to_thread(background.start, spec)
    await asyncio.to_thread(api_server.stop)
    try:
        assert await asyncio.to_thread(accepts, state.port)
        await asyncio.sleep(3)
        assert state.alive
    finally:
        await asyncio.to_thread(api_server.start)
    assert "can't reach the API server" in log_of(state)


async def test_it_reads_the_kubeconfig_again_after_a_new_login(spec, access, client, kubeconfig):
    """Its credentials are worth nothing any more; the user logs in again; it must not stay locked out."""
    config = json.loads(kubeconfig_of(access))
    config["users"][0]["user"] = {"token": "worthless"}
    kubeconfig.write_text(json.dumps(config))
    state = await asyncio.to_thread(background.start, spec)
    await asyncio.to_thread(accepts, state.port)
    await asyncio.to_thread(eventually, lambda: "kubeconfig again" in log_of(state))
    kubeconfig.write_text(kubeconfig_of(access))
    await client.delete(SERVICES, "demo", namespace=spec.namespace)

    def noticed() -> bool:
        accepts(state.port)
        time.sleep(0.5)
        return not state.alive

    await asyncio.to_thread(eventually, noticed, 20)
    process.reap(state.pid)
