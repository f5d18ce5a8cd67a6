"""What kubectl gets from ``vcli token``, with a real API server for a host (without pods)."""

import asyncio
import base64
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_tunnel_process import accepts, eventually, kubeconfig_of

from vcli.errors import NotFoundError, UnreachableError
from vcli.kube.resources import SECRETS, SERVICES
from vcli.operations import quick
from vcli.operations.credential_cache import fingerprint
from vcli.operations.healing import MovedError
from vcli.operations.token import credential, plugin
from vcli.portforward import background, process
from vcli.portforward.listener import listen
from vcli.portforward.spawning import StaleError
from vcli.portforward.state import TunnelSpec


@pytest.fixture
def kubeconfig(access, tmp_path) -> Path:
    """The user's kubeconfig."""
    file: Path = tmp_path / "kubeconfig"
    file.write_text(kubeconfig_of(access))
    return file


@pytest.fixture(autouse=True)
def nothing_left(kubeconfig, tmp_path, monkeypatch) -> Iterator[None]:
    monkeypatch.setenv("VCLI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    yield
    for state in background.list():
        background.stop(state)


def secret(authority: bytes, access) -> dict[str, Any]:
    data = {
        "certificate-authority": authority,
        "client-certificate": access.client_certificate,
        "client-key": access.client_key,
    }
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    return {"metadata": {"name": "vc-demo"}, "data": encoded}


@pytest.fixture
async def spec(client, namespace, access, kubeconfig) -> TunnelSpec:
    """A virtual cluster of which the Service and the credentials exist."""
    await make(client, namespace, access, access.ca)
    return TunnelSpec(
        server=access.server,
        kubeconfig=str(kubeconfig),
        context="host",
        namespace=namespace,
        name="demo",
        selector="app=vcluster,release=demo",
    )


async def make(client, namespace: str, access, authority: bytes) -> None:
    service = {"metadata": {"name": "demo"}, "spec": {"ports": [{"port": 443}]}}
    await client.create(SERVICES, service, namespace=namespace)
    await client.create(SECRETS, secret(authority, access), namespace=namespace)


async def remove(client, namespace: str) -> None:
    await client.delete(SERVICES, "demo", namespace=namespace)
    await client.delete(SECRETS, "vc-demo", namespace=namespace)


@pytest.fixture
def port() -> int:
    """One that is free."""
    with listen("127.0.0.1", [0]) as listener:
        return int(listener.getsockname()[1])


async def ask(spec: TunnelSpec, **more: Any) -> dict[str, Any]:
    where = {"namespace": spec.namespace, "kubeconfig": spec.kubeconfig, "context": spec.context}
    return await credential("demo", **where, environ={}, **more)


def asked_again(spec: TunnelSpec, authority: bytes, tunnel: str | None = None) -> str | None:
    """As kubectl does it, from what is kept."""
    args = plugin(spec, authority=authority, tunnel=tunnel)["exec"]["args"]
    return quick.run(args[args.index("token") + 1 :], {})


async def test_the_host_is_asked_once(spec, access, client):
    assert await asyncio.to_thread(asked_again, spec, access.ca) is None
    answer = await ask(spec)
    assert answer["status"]["clientCertificateData"] == access.client_certificate.decode()
    assert background.records() == []  # no tunnel where none was named
    await remove(client, spec.namespace)
    again = json.loads(await asyncio.to_thread(asked_again, spec, access.ca) or "")
    for each in (answer, again):
        del each["status"]["expirationTimestamp"]
    assert again == answer


async def test_a_tunnel_is_started_where_it_was(spec, access, port):
    await ask(spec, tunnel=f"127.0.0.1:{port}")
    (state,) = background.list()
    assert (state.port, accepts(port)) == (port, True)
    os.kill(state.pid, signal.SIGKILL)
    await asyncio.to_thread(eventually, lambda: not state.alive)
    process.reap(state.pid)
    assert await asyncio.to_thread(asked_again, spec, access.ca, f"127.0.0.1:{port}")
    (again,) = background.list()
    assert again.pid != state.pid
    assert accepts(port)
    assert await asyncio.to_thread(asked_again, spec, access.ca, f"127.0.0.1:{port}")
    assert background.list() == [again]


async def test_one_that_was_created_again_is_another_one(spec, access, client, port):
    tunnel = f"127.0.0.1:{port}"
    await ask(spec, tunnel=tunnel, authority=fingerprint(access.ca))
    (state,) = background.list()
    await remove(client, spec.namespace)
    await make(client, spec.namespace, access, access.client_certificate)  # any other PEM

    def ended() -> bool:
        accepts(port)  # there is no pod: the connection fails, which makes it look
        return not state.alive

    await asyncio.to_thread(eventually, ended, 20)
    process.reap(state.pid)
    # What was kept is forgotten, and the host knows better.
    assert await asyncio.to_thread(asked_again, spec, access.ca, tunnel) is None
    with pytest.raises(StaleError, match="was created again") as caught:
        await ask(spec, tunnel=tunnel, authority=fingerprint(access.ca))
    assert caught.value.hint == f"write it again: vcli connect demo -n {spec.namespace}"
    assert background.list() == []


async def test_no_tunnel_is_started_to_another_one(spec, access, client, port):
    """It was created again while no tunnel ran, so nothing has noticed."""
    await ask(spec)
    await remove(client, spec.namespace)
    await make(client, spec.namespace, access, access.client_certificate)
    assert await asyncio.to_thread(asked_again, spec, access.ca, f"127.0.0.1:{port}") is None
    assert background.records() == []


async def test_one_that_is_gone(spec, access, client, port):
    await ask(spec)
    await remove(client, spec.namespace)
    assert await asyncio.to_thread(asked_again, spec, access.ca, f"127.0.0.1:{port}") is None
    with pytest.raises(NotFoundError, match="there is no virtual cluster 'demo'"):
        await ask(spec, tunnel=f"127.0.0.1:{port}")
    assert background.records() == []


async def test_a_host_that_is_away_is_needed_for_a_tunnel_only(spec, access, api_server, monkeypatch, port):
    answer = await ask(spec)
    await asyncio.to_thread(api_server.stop)
    try:
        now = time.time()
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: now + 2 * 3600)
            assert await asyncio.to_thread(asked_again, spec, access.ca) is None  # too old
            kept = await ask(spec)
            with pytest.raises(UnreachableError):
                await ask(spec, tunnel=f"127.0.0.1:{port}")
    finally:
        await asyncio.to_thread(api_server.start)
    for each in (answer, kept):
        del each["status"]["expirationTimestamp"]
    assert kept == answer


async def test_a_port_of_another_program(spec, access):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        tunnel = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(MovedError, match="no kubeconfig is known that uses it") as caught:
            await ask(spec, tunnel=tunnel)
        assert caught.value.exit_code == 5
        assert caught.value.hint is not None
        assert caught.value.hint.startswith("vcli connect demo")
